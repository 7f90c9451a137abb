import { bytes, count, span } from '../middleware/words.ts';
import type { Actor } from '../people/actor.ts';
import { usageOf } from '../usage/actions.ts';
import type { Account } from './queries.ts';

/** One figure of an account's use, with the part of its ceiling where there is one. */
export interface UsageRow {
  name: string;
  words: string;
  part?: number;
  whole?: number;
}

const MB = 1_048_576;

/** What an account used, in words; nothing when its host does not answer. */
export async function usageRows(actor: Actor, account: Account): Promise<{ rows: UsageRow[]; since: number | string | null }> {
  const used = await usageOf(actor, account.username).catch(() => null);
  const limits = account.limits;
  if (!used || !limits) return { rows: [], since: null };
  const of = (name: string, part: number, whole: number, words: (value: number) => string): UsageRow => ({
    name,
    words: `${words(part)} of ${words(whole)}`,
    part,
    whole,
  });
  return {
    since: used.since,
    rows: [
      of('Disk', used.diskBytes, limits.diskMb * MB, bytes),
      of('Files', used.inodes, limits.inodes, count),
      of('Memory, at most', used.memoryPeakBytes, limits.memoryMb * MB, bytes),
      { name: 'Processor time', words: span(used.cpuSeconds) },
      { name: 'Requests', words: count(used.requests) },
      { name: 'Traffic', words: bytes(used.bandwidthBytes) },
      of('Databases', account.databases, limits.databases, count),
    ],
  };
}
