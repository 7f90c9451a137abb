import type { DiskQuota, Entry, HomeEntry } from '../host.ts';
import type { SlotStatus } from '../slot/spec.ts';

/** Everything a pretend host consists of; two hosts are equal when these are. */
export interface Paper {
  entries: Map<string, Entry & { text?: string }>;
  marks: Map<string, Map<string, string>>;
  home: Map<string, HomeEntry & { text?: string }>;
  databases: Set<string>;
  users: Map<string, { hash: string; locked: boolean; maxConnections: number; grants: string[]; sessions: number }>;
  slots: Map<string, SlotStatus>;
  alive: Map<number, number>;
  /** Disk quotas by uid; null on a host whose file system has none. */
  quotas: Map<number, DiskQuota> | null;
  /** Packages of virtual environments, by path. */
  environments: Map<string, Record<string, string>>;
}

/** A blank pretend host, with what every Linux has. */
export function blankPaper(): Paper {
  const file = (text: string) => ({ kind: 'file' as const, mode: 0o644, uid: 0, gid: 0, text });
  return {
    entries: new Map([
      ['/etc/passwd', file('root:x:0:0:root:/root:/bin/bash\nwww-data:x:33:33::/var/www:/usr/sbin/nologin\n')],
      ['/etc/group', file('root:x:0:\nwww-data:x:33:\n')],
    ]),
    marks: new Map(),
    home: new Map(),
    databases: new Set(),
    users: new Map(),
    slots: new Map(),
    alive: new Map(),
    quotas: new Map(),
    environments: new Map(),
  };
}
