import { ago, bytes, count, type Said, span } from '../middleware/words.ts';
import type { LiveHost } from './actions.ts';

/** One share of a host, such as its memory in use. */
export interface Share {
  words: string;
  part: number;
  whole: number;
}

/** A host as pages show it. */
export interface HostView {
  name: string;
  said: Said;
  system: string;
  cpu: Share | null;
  memory: Share | null;
  disk: Share | null;
  accounts: number;
  awake: string;
}

const NAMES: Record<string, string> = { node: 'Node.js', python: 'Python', nginx: 'nginx', mariadb: 'MariaDB', berth: 'Berth' };

/** Two sizes as one phrase that names the unit once: `3.1 of 8 GB`. */
function sizes(part: number, whole: number): string {
  const [a, b] = [bytes(part).split(' '), bytes(whole).split(' ')];
  return a[1] === b[1] ? `${a[0]} of ${b.join(' ')}` : `${a.join(' ')} of ${b.join(' ')}`;
}

/** Puts a host into the shape of its pages; what is not known while it is away stays null. */
export function hostView(host: LiveHost): HostView {
  const { name, online, facts, seenAt, accounts } = host;
  const now = online ? facts : null;
  return {
    name,
    accounts,
    said: online
      ? { tone: 'good', word: 'Online', fact: '' }
      : { tone: 'bad', word: 'Away', fact: seenAt ? `last seen ${ago(seenAt)}` : 'never seen' },
    system: facts ? `${facts.os} · ${count(facts.cores)} ${facts.cores === 1 ? 'core' : 'cores'}` : 'not known yet',
    cpu: now && { words: `${Math.round(now.cpuPercent)} %`, part: now.cpuPercent, whole: 100 },
    memory: now && { words: sizes(now.memoryUsedBytes, now.memoryBytes), part: now.memoryUsedBytes, whole: now.memoryBytes },
    disk: now && { words: sizes(now.diskUsedBytes, now.diskBytes), part: now.diskUsedBytes, whole: now.diskBytes },
    awake: now ? `${count(now.slots.awake)} of ${count(now.slots.total)}` : '–',
  };
}

/** The figures and versions of one host's own page. */
export function hostFigures(host: LiveHost): { figures: object[] | null; versions: string[][] } {
  const facts = host.online ? host.facts : null;
  if (!facts) return { figures: null, versions: [] };
  const [, memory] = bytes(facts.memoryUsedBytes).split(' ');
  const figures = [
    {
      name: 'CPU',
      value: `${Math.round(facts.cpuPercent)} %`,
      sub: `load ${facts.load.map(load => load.toFixed(1)).join(' · ')}`,
      part: facts.cpuPercent,
      whole: 100,
    },
    {
      name: 'Memory',
      value: memory ? bytes(facts.memoryUsedBytes) : '–',
      sub: `of ${bytes(facts.memoryBytes)}`,
      part: facts.memoryUsedBytes,
      whole: facts.memoryBytes,
    },
    {
      name: 'Disk',
      value: bytes(facts.diskUsedBytes),
      sub: `of ${bytes(facts.diskBytes)}`,
      part: facts.diskUsedBytes,
      whole: facts.diskBytes,
    },
    { name: 'Apps awake', value: count(facts.slots.awake), sub: `of ${count(facts.slots.total)}` },
    { name: 'Accounts', value: count(host.accounts), sub: '' },
    { name: 'Up for', value: span(facts.uptimeSeconds), sub: '' },
  ];
  const versions = [
    ['System', facts.os],
    ['Kernel', facts.kernel],
    ...Object.entries(facts.versions).map(([key, value]) => [NAMES[key] ?? key, value]),
    ['Stacks', facts.stacks.join(', ') || 'none'],
  ];
  return { figures, versions };
}
