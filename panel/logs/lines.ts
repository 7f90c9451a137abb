import { bytes, took } from '../middleware/words.ts';

/** A run of text in one look; `c` names classes of the style sheet. */
export interface Span {
  text: string;
  c: string;
}

/** One line of a log as pages show it. */
export interface Line {
  iso: string;
  clock: string;
  /** Classes: what kind of line it is. */
  kind: string;
  /** Where it comes from, in a word. */
  where: string;
  spans: Span[];
}

export type Stream = 'app' | 'access' | 'build';

const LONGEST = 8000;
const STAMP = /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,6})?Z) ?/;
const VISIT = /^(\S+) "([^"]*)" (\d{3}) (\d+|-) ([\d.]+|-)/;
const BAD = /\b(ERROR|CRITICAL|FATAL|panic|Unhandled|[A-Z]\w*(Error|Exception)\b)/;
const BERTH_BAD = /failed|was ended|killed|no room|could not/;

/** Which classes a run of escape parameters leads to; unknown ones change nothing. */
function styled(state: Set<string>, parameters: string): void {
  const codes = parameters === '' ? [0] : parameters.split(/[;:]/).map(Number);
  const colour = (name: string | null) => {
    for (const old of [...state]) if (/^c\d$/.test(old)) state.delete(old);
    if (name) state.add(name);
  };
  for (let i = 0; i < codes.length; i++) {
    const code = codes[i]!;
    if (code === 0) state.clear();
    else if (code === 1) state.add('b');
    else if (code === 2) state.add('d');
    else if (code === 3) state.add('i');
    else if (code === 4) state.add('u');
    else if (code === 22) for (const name of ['b', 'd']) state.delete(name);
    else if (code === 23) state.delete('i');
    else if (code === 24) state.delete('u');
    else if ((code >= 30 && code <= 37) || (code >= 90 && code <= 97)) colour(`c${code % 10}`);
    else if (code === 39) colour(null);
    else if (code === 38 || code === 48) {
      const wide = codes[i + 1] === 2 ? 4 : 2;
      const index = codes[i + 2] ?? 16;
      if (code === 38) colour(wide === 2 && index < 16 ? `c${index % 8}` : null);
      i += wide;
    }
  }
}

/** Turns text with ANSI colours into spans. Every other escape sequence and control character is left out. */
export function spansOf(text: string): Span[] {
  const spans: Span[] = [];
  const state = new Set<string>();
  const clean = text.slice(0, LONGEST).replace(/\u001b\][^\u0007\u001b]*(?:\u0007|\u001b\\)?/g, '');
  for (const part of clean.split(/(\u001b\[[0-9;:?]*[ -/]*[@-~])/)) {
    const colours = /^\u001b\[([0-9;:]*)m$/.exec(part);
    if (colours) styled(state, colours[1]!);
    if (part.startsWith('\u001b[')) continue;
    const plain = part.replace(/[\u0000-\u0008\u000b-\u001f\u007f-\u009f]/g, '');
    if (plain) spans.push({ text: plain, c: [...state].sort().join(' ') });
  }
  return text.length > LONGEST ? [...spans, { text: ' … (cut here)', c: 'd' }] : spans;
}

/** Reads one stream's lines; remembers whether it stands inside a traceback. */
export function reader(stream: Stream): (text: string) => Line | null {
  let inTraceback = false;
  return text => {
    const stamp = STAMP.exec(text);
    if (!stamp) return null;
    const iso = stamp[1]!;
    const rest = text.slice(stamp[0].length);
    const line = { iso, clock: iso.slice(11, 19) };
    if (stream === 'access') return { ...line, ...visit(rest) };
    const [mark, said] = /^[OEB] /.test(rest) || /^[OEB]$/.test(rest) ? [rest[0]!, rest.slice(2)] : ['O', rest];
    if (mark === 'B') return { ...line, kind: BERTH_BAD.test(said) ? 'berth error' : 'berth', where: 'Berth', spans: spansOf(said) };
    const bare = said.replace(/\u001b\[[0-9;:?]*[ -/]*[@-~]/g, '');
    const begins = /^Traceback \(most recent call last\)/.test(bare);
    const error = begins || inTraceback || (mark === 'E' && BAD.test(bare));
    inTraceback = begins || (inTraceback && /^\s|^$/.test(bare));
    return {
      ...line,
      kind: error ? 'output error' : 'output',
      where: stream === 'build' ? 'build' : error ? 'error' : 'output',
      spans: spansOf(said),
    };
  };
}

function visit(rest: string): Omit<Line, 'iso' | 'clock'> {
  const parts = VISIT.exec(rest);
  if (!parts) return { kind: 'visit', where: 'visit', spans: spansOf(rest) };
  const [, peer, request, status, size, seconds] = parts as unknown as [string, string, string, string, string, string];
  const words = [request.replace(/ HTTP\/[\d.]+$/, ''), took(Number(seconds) * 1000), size === '-' ? '' : bytes(Number(size)), peer].filter(
    Boolean,
  );
  const spans = [{ text: status, c: 'b' }, { text: ' ', c: '' }, ...spansOf(words.join(' · '))];
  return { kind: Number(status) >= 400 ? 'visit bad-status' : 'visit', where: 'visit', spans };
}

/** What a log is narrowed to. */
export interface LogFilter {
  stream: 'all' | Stream;
  level: '' | 'error' | 'berth';
  q: string;
}

/** Whether a line passes a filter. */
export function passes(line: Line, { level, q }: LogFilter): boolean {
  if (level === 'error' && !/error|bad-status/.test(line.kind)) return false;
  if (level === 'berth' && !line.kind.startsWith('berth')) return false;
  if (!q) return true;
  return line.spans
    .map(span => span.text)
    .join('')
    .toLowerCase()
    .includes(q.toLowerCase());
}
