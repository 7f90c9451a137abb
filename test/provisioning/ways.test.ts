import test from 'ava';
import { WAYS } from '../../provisioning/layout.ts';
import { packets, unpacked } from '../../provisioning/machine/packets.ts';
import type { Manifest } from '../../provisioning/manifest.ts';
import { blankPaper, paperHost } from '../../provisioning/paper/index.ts';
import { apply } from '../../provisioning/provisioner.ts';
import { slotSpec } from '../../provisioning/slot/spec.ts';
import { buildAppManifest, somewhere, suspended } from '../factories.ts';
import { stepsLeft } from './powercut.ts';

const app = buildAppManifest('flask');
const as = (changes: object, generation: number): Manifest => ({
  ...app,
  generation,
  slots: app.slots.map(slot => slotSpec.parse({ ...slot, entry: null, stack: null, generation, ...changes })),
});

test('a site has its link to the home in exactly one folder: that of the way it is served', async t => {
  const host = paperHost(somewhere, blankPaper());
  const at = host.layout;
  const found = () => WAYS.filter(way => host.paper.entries.has(at.siteHome('blog-ada.localhost', way)));
  const command = (protocol: string) => ({ kind: 'command', argv: ['serve'], protocol });
  const wanted = [
    [app, 'http'],
    [as({ kind: 'php' }, 2), 'php'],
    [as({ kind: 'cgi' }, 3), 'cgi'],
    [as(command('fastcgi'), 4), 'fastcgi'],
    [as(command('scgi'), 5), 'scgi'],
    [as(command('uwsgi'), 6), 'uwsgi'],
    [{ ...app, generation: 7 }, 'http'],
  ] as const;
  for (const [manifest, way] of wanted) {
    await apply(host, await stepsLeft(host, manifest), () => {});
    t.deepEqual(found(), [way]);
  }
  const php = as({ kind: 'php' }, 8);
  await apply(host, await stepsLeft(host, php), () => {});
  const closed = suspended(php);
  await apply(host, await stepsLeft(host, closed), () => {});
  t.deepEqual(found(), []);
});

test('only a command chooses its protocol', t => {
  t.throws(() => as({ kind: 'cgi', protocol: 'scgi' }, 2), { message: /only a command speaks another protocol/ });
});

test('a health check is written and read in every protocol', t => {
  t.is(packets('scgi', [['CONTENT_LENGTH', '0']]).toString('latin1'), '17:CONTENT_LENGTH\x000\x00,');
  t.is(packets('uwsgi', [['A', 'bc']]).toString('latin1'), '\0\x07\0\0\x01\0A\x02\0bc');
  const bytes = packets('fastcgi', [['A', 'b']]);
  t.is(bytes.length, 16 + 8 + 10 + 8 + 8);
  const stdout = (text: string) => Buffer.concat([Buffer.from([1, 6, 0, 1, 0, text.length, 2, 0]), Buffer.from(text), Buffer.alloc(2)]);
  const answer = Buffer.concat([stdout('Status: 404 No'), stdout('pe\r\n\r\nbo'), stdout('dy'), Buffer.from([1, 7, 0, 1, 0, 1, 0, 0, 33])]);
  t.deepEqual(unpacked('php', answer), { status: 404, body: 'body' });
  t.deepEqual(unpacked('scgi', Buffer.from('HTTP/1.1 204 Fine\r\nA: b\r\n\r\n')), { status: 204, body: '' });
  t.deepEqual(unpacked('uwsgi', Buffer.from('Location: /x\n\n')), { status: 302, body: '' });
  t.throws(() => unpacked('scgi', Buffer.from('nothing')), { message: /ended before/ });
});
