import test from 'ava';
import { passes, reader, spansOf } from '../../../panel/logs/lines.ts';
import { ago, appSaid, bytes, took } from '../../../panel/middleware/words.ts';

const AT = '2026-11-20T10:00:00.123Z';

test('colours become classes, and every other escape or control character goes', t => {
  t.deepEqual(spansOf('a\u001b[1;31mred\u001b[0m b'), [
    { text: 'a', c: '' },
    { text: 'red', c: 'b c1' },
    { text: ' b', c: '' },
  ]);
  t.deepEqual(spansOf('\u001b]0;title\u0007x\u001b[2Jy\u0000\u0085'), [
    { text: 'x', c: '' },
    { text: 'y', c: '' },
  ]);
  t.deepEqual(spansOf('\u001b[38;5;2mg\u001b[38;2;1;2;3mr'), [
    { text: 'g', c: 'c2' },
    { text: 'r', c: '' },
  ]);
  t.true(spansOf('x'.repeat(20_000)).at(-1)!.text.includes('cut'));
});

test('a traceback is an error from its first line to its last', t => {
  const read = reader('app');
  const kinds = [
    'E Traceback (most recent call last):',
    'E   File "x.py", line 1',
    'E ModuleNotFoundError: no',
    'E INFO: fine',
    'B woke in 31 ms',
  ].map(text => read(`${AT} ${text}`)!.kind);
  t.deepEqual(kinds, ['output error', 'output error', 'output error', 'output', 'berth']);
});

test('a visit says its status, what was asked and how long it took', t => {
  const line = reader('access')(`${AT} 203.0.113.9 "GET /x HTTP/1.1" 404 5120 0.031 "-" "curl"`)!;
  t.is(line.spans.map(span => span.text).join(''), '404 GET /x · 31 ms · 5 kB · 203.0.113.9');
  t.true(passes(line, { stream: 'all', level: 'error', q: '' }));
  t.false(passes(line, { stream: 'all', level: '', q: 'nothing' }));
  t.is(reader('access')('no time here'), null);
});

test('figures and times read as people say them', t => {
  t.is(bytes(42 * 1_048_576), '42 MB');
  t.is(bytes(1.44 * 1_073_741_824), '1.4 GB');
  t.is(took(31.4), '31 ms');
  t.is(took(125_000), '2 min 5 s');
  t.is(ago(1000, 182_000), '3 minutes ago');
  t.is(ago(null), 'never');
  t.is(appSaid({ state: 'running', memoryBytes: 42 * 1_048_576, memoryMb: 512 }).fact, '42 MB of 512 MB');
  t.is(appSaid({ state: 'failed', reason: 'ModuleNotFoundError: requests' }).fact, 'ModuleNotFoundError: requests');
});
