import { createHash } from 'node:crypto';
import type { Way } from './layout.ts';
import type { PlannedStep } from './manifest.ts';
import type { Secret } from './names.ts';

/** The person a step acts as: always by number, so that no step asks the name service. */
export interface Who {
  name: string;
  uid: number;
  gid: number;
  home: string;
}

/** What a helper that already is the customer does inside the home. Paths are absolute; text is UTF-8. */
export type HomeOp =
  | { op: 'folder'; path: string; mode: number }
  | { op: 'file'; path: string; text: string; mode: number }
  | { op: 'link'; path: string; target: string }
  | { op: 'remove'; path: string }
  /** Removes everything inside a folder and keeps the folder. */
  | { op: 'empty'; path: string };

/** One statement on the customers' database server, rendered and quoted by the machine. */
export type SqlStatement =
  | { sql: 'create-database'; name: string }
  | { sql: 'create-user'; user: string; password: Secret; maxConnections: number }
  | { sql: 'grant'; user: string; database: string }
  | { sql: 'lock-user'; user: string }
  | { sql: 'unlock-user'; user: string }
  | { sql: 'kill-sessions'; user: string }
  | { sql: 'drop-user'; user: string }
  | { sql: 'drop-database'; name: string };

/** A trace that a step leaves when it is done, root's own, so that inspect can read it: `name` holds `digest`. */
export interface Mark {
  account: string;
  name: string;
  digest: string;
}

/** The closed list of things Berth may do to a host. */
export type Act =
  /** Writes root's own file whole (temporary file, fsync, rename). Never below a home. */
  | { do: 'write'; path: string; text: string; mode: number; uid: number; gid: number }
  /** Makes a folder, or sets the mode and owner of one, never below a home. */
  | { do: 'folder'; path: string; mode: number; uid: number; gid: number }
  /** Makes or replaces a symbolic link of root's own. */
  | { do: 'link'; path: string; target: string }
  /** Deletes root's own file, link or tree. Never below a home; a home itself only when empty. */
  | { do: 'delete'; path: string }
  /** Runs a program as root, from the foundation only. */
  | { do: 'run'; argv: string[]; env?: Record<string, string>; timeoutSeconds: number }
  /** Runs a program as the customer, in the build slot, its output in the app's build log. */
  | {
      do: 'run-as';
      who: Who;
      app: string;
      argv: string[];
      cwd: string;
      env: Record<string, string | Secret>;
      timeoutSeconds: number;
      mark: Mark;
    }
  /** Changes files inside a home, as the customer. `mark` when the change leaves no cheaper trace. */
  | { do: 'home'; who: Who; ops: HomeOp[]; mark?: Mark }
  | { do: 'sql'; statement: SqlStatement }
  /** Tells slotd to take up the spec on disk, to let go of a slot until no process is left, or to let all apps leave a stack. */
  | { do: 'slot'; verb: 'load' | 'unload' | 'drain'; name: string }
  /** Ends every process of a uid, verifies that none is alive, and removes the account's cgroups. */
  | { do: 'sweep'; account: string; uid: number }
  /** Sets what a uid may hold on the file system of the homes, which has quotas; 0 is no limit. */
  | { do: 'quota'; uid: number; mostBytes: number; mostInodes: number }
  /** Asks an app for a page through its own socket, as nginx would. */
  | {
      do: 'probe';
      socket: string;
      /** How nginx asks it, and where PHP's scripts are. */
      way: Way;
      documents: string;
      host: string;
      path: string;
      status: number;
      contains: string;
      timeoutSeconds: number;
      mark: Mark;
    }
  /** Forgets the marks whose names begin with `prefix` (an empty prefix: all of the account's). */
  | { do: 'unmark'; account: string; prefix: string };

/** A step: what is done, to which resource, and the sentence a person reads while it happens. */
export type Step = Act & { resource: string; why: string };

/** A name for a step that is the same whenever the same thing is planned. */
export function stepId(step: { resource: string; why: string }): string {
  return createHash('sha256').update(`${step.resource}\n${step.why}`).digest('hex').slice(0, 12);
}

/** What people see of a step. */
export function planned(step: Step): PlannedStep {
  return { id: stepId(step), resource: step.resource, why: step.why };
}
