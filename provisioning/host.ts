import type { Layout } from './layout.ts';
import type { SlotStatus } from './slot/spec.ts';
import type { Step, Who } from './steps.ts';

/** What stands at a path: text only for root's own small files. */
export interface Entry {
  kind: 'file' | 'folder' | 'link' | 'other';
  mode: number;
  uid: number;
  gid: number;
  /** Where a link leads, as written. */
  target?: string;
}

/** A database user as the server knows it. */
export interface DatabaseUser {
  /** mysql_native_password hash, `*` and 40 hex digits. */
  hash: string;
  locked: boolean;
  maxConnections: number;
  /** Exact database names it has all privileges on. */
  grants: string[];
  sessions: number;
}

/** Something found inside a home by a helper that is the customer. `digest` is sha256 of a small regular file. */
export interface HomeEntry {
  kind: 'file' | 'folder' | 'link' | 'other';
  mode: number;
  target?: string;
  digest?: string;
}

/** What an account holds on the disk and may hold at most, as the file system counts; 0 is no limit. */
export interface DiskQuota {
  bytes: number;
  inodes: number;
  mostBytes: number;
  mostInodes: number;
}

/** How resources look at a host. Looking changes nothing. */
export interface Sight {
  readonly layout: Layout;
  entry(path: string): Promise<Entry | null>;
  text(path: string): Promise<string | null>;
  list(path: string): Promise<string[]>;
  mark(account: string, name: string): Promise<string | null>;
  marks(account: string): Promise<Record<string, string>>;
  /** Looks at paths inside a home, as the customer; a missing home answers null for every path. */
  home(who: Who, paths: string[]): Promise<Record<string, HomeEntry | null>>;
  databases(prefix: string): Promise<string[]>;
  databaseUsers(prefix: string): Promise<Record<string, DatabaseUser>>;
  slots(account: string): Promise<SlotStatus[]>;
  /** The exact packages of virtual environments in a home, looked at as the customer; null where there is none. */
  environments(who: Who, venvs: string[]): Promise<Record<string, Record<string, string> | null>>;
  /** The number of live processes of a uid. */
  alive(uid: number): Promise<number>;
  /** The disk quota of a uid; null where the file system of the homes enforces none. */
  quota(uid: number): Promise<DiskQuota | null>;
}

/** A host: what resources look at, and the one place that acts. */
export interface Host extends Sight {
  /** Does one step. Throws Failed when the machine says no. `tell` gets output as it comes, free of secrets. */
  act(step: Step, tell: (text: string) => void): Promise<void>;
}
