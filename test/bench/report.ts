import { writeFileSync } from 'node:fs';
import { cpus, release } from 'node:os';

/** One line of the table: the samples of Berth and of the peer that the goal names, round by round. */
export interface Row {
  figure: string;
  unit: string;
  berth: number[];
  peer?: { name: string; values: number[] };
  /** How the ratio is formed: how many times better Berth is, or what share of the peer's figure it needs. */
  ratio?: 'peer/berth' | 'berth/peer';
  goal: string;
  met: (ratio: number, berth: number) => boolean;
  /** Other peers' medians, for scale. */
  others?: Record<string, number[]>;
  note?: string;
}

/** The middle of some samples. */
export function median(values: number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 ? (sorted[middle] ?? Number.NaN) : ((sorted[middle - 1] ?? Number.NaN) + (sorted[middle] ?? 0)) / 2;
}

const short = (value: number) => (Math.abs(value) >= 100 ? value.toFixed(0) : value.toFixed(Math.abs(value) >= 10 ? 1 : 2));

/** The ratios of the single rounds, which were interleaved; their range is the spread. */
function ratios(row: Row): number[] {
  const { berth, peer, ratio = 'peer/berth' } = row;
  if (!peer) return [];
  const rounds = Math.min(berth.length, peer.values.length);
  return Array.from({ length: rounds }, (_, n) => {
    const [ours, theirs] = [berth[n] ?? 0, peer.values[n] ?? 0];
    return ratio === 'peer/berth' ? theirs / ours : ours / theirs;
  });
}

/** What one row comes to. */
export function sum(row: Row) {
  const berth = median(row.berth);
  const peer = row.peer ? median(row.peer.values) : null;
  const ratio = peer === null ? null : row.ratio === 'berth/peer' ? berth / peer : peer / berth;
  const all = ratios(row);
  const spread = all.length > 0 ? [Math.min(...all), Math.max(...all)] : [Math.min(...row.berth), Math.max(...row.berth)];
  return { berth, peer, ratio, spread, met: row.met(ratio ?? Number.NaN, berth) };
}

function line(row: Row): string[] {
  const { berth, peer, ratio, spread, met } = sum(row);
  return [
    row.figure,
    `${short(berth)} ${row.unit}`,
    row.peer && peer !== null ? `${row.peer.name} ${short(peer)}` : '–',
    ratio === null ? '–' : short(ratio),
    spread.map(short).join(' … '),
    row.goal,
    met ? 'yes' : 'NO',
  ];
}

/** The table for people, with what the other peers took below it. */
export function table(rows: Row[]): string {
  const head = ['figure', 'Berth', 'peer', 'ratio', 'spread', 'goal', 'met'];
  const lines = [head, ...rows.map(line)];
  const widths = head.map((_, column) => Math.max(...lines.map(cells => (cells[column] ?? '').length)));
  const text = lines.map(cells =>
    cells
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join('  ')
      .trimEnd(),
  );
  text.splice(1, 0, widths.map(width => '-'.repeat(width)).join('  '));
  const more = rows.flatMap(row => {
    const others = Object.entries(row.others ?? {}).map(([name, values]) => `${name} ${short(median(values))}`);
    const told = [...(others.length > 0 ? [`also ${others.join(', ')} ${row.unit}`] : []), ...(row.note ? [row.note] : [])];
    return told.length > 0 ? [`  ${row.figure}: ${told.join('; ')}`] : [];
  });
  return [...text, '', ...more].join('\n');
}

/** The same for programs: every sample of every row. */
export function writeJson(path: string, rows: Row[], quick: boolean): void {
  const machine = { cpus: cpus().length, model: cpus()[0]?.model, kernel: release() };
  const told = rows.map(({ met: _, ...row }) => ({ ...row, ...{ result: sum({ ...row, met: _ }) } }));
  writeFileSync(path, `${JSON.stringify({ at: new Date().toISOString(), quick, machine, rows: told }, null, 2)}\n`);
}
