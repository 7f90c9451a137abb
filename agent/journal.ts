import { mkdir, open, readdir, readFile, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Layout } from '../provisioning/layout.ts';
import type { Manifest } from '../provisioning/manifest.ts';

/** What the agent has been told to do and has not finished. */
export interface Intent {
  account: string;
  generation: number;
  kind: 'apply' | 'remove';
}

/** What the agent keeps of an account: the last manifest, and the generation that was made true. */
export interface Kept {
  manifest: Manifest;
  applied: number | null;
}

let writes = 0;

async function writeDurably(folder: string, name: string, value: unknown): Promise<void> {
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const temporary = join(folder, `.${name}.${process.pid}.${++writes}.new`);
  const file = await open(temporary, 'w', 0o600);
  try {
    await file.writeFile(JSON.stringify(value));
    await file.sync();
  } finally {
    await file.close();
  }
  await rename(temporary, join(folder, name));
  const directory = await open(folder, 'r');
  try {
    await directory.sync();
  } finally {
    await directory.close();
  }
}

async function readJson<T>(path: string): Promise<T | null> {
  const text = await readFile(path, 'utf8').catch(() => null);
  return text ? (JSON.parse(text) as T) : null;
}

async function names(folder: string): Promise<string[]> {
  const found = await readdir(folder).catch(() => []);
  return found.filter(name => name.endsWith('.json') && !name.startsWith('.')).map(name => name.slice(0, -'.json'.length));
}

/**
 * The agent's memory across its own death: one file for each unfinished intent, one for each account's last manifest, both on disk
 * before anything is done. What stands on the machine is the truth; these only say what to look at.
 */
export function journal(at: Layout) {
  const kept = (account: string) => readJson<Kept>(at.manifest(account));
  const keep = (value: Kept) => writeDurably(at.manifests, `${value.manifest.account.name}.json`, value);
  const intentPath = (account: string) => join(at.journal, `${account}.json`);

  /** Notes what is about to be done. From here on a crash leads to `open` naming it. */
  async function begin(intent: Intent, manifest: Manifest): Promise<void> {
    const before = await kept(intent.account);
    await keep({ manifest, applied: before?.applied ?? null });
    await writeDurably(at.journal, `${intent.account}.json`, intent);
  }

  /** Notes how it ended. A newer intent or manifest that has come in meanwhile stays. */
  async function end(intent: Intent, ok: boolean): Promise<void> {
    const { account, generation, kind } = intent;
    const now = await kept(account);
    const newest = now?.manifest.generation === generation;
    if (ok && kind === 'remove' && newest) await rm(at.manifest(account), { force: true });
    else if (ok && now) await keep({ ...now, applied: generation });
    const standing = await readJson<Intent>(intentPath(account));
    if (standing?.generation === generation && standing.kind === kind) await rm(intentPath(account), { force: true });
  }

  let last: Promise<unknown> = Promise.resolve();
  /** One change of the memory at a time, so that reading and writing belong together. */
  function alone<T>(change: () => Promise<T>): Promise<T> {
    const done = last.then(change, change);
    last = done.catch(() => {});
    return done;
  }

  return {
    begin: (intent: Intent, manifest: Manifest) => alone(() => begin(intent, manifest)),
    end: (intent: Intent, ok: boolean) => alone(() => end(intent, ok)),
    kept,
    accounts: () => names(at.manifests),
    open: async (): Promise<Intent[]> => {
      const intents = await Promise.all((await names(at.journal)).map(name => readJson<Intent>(intentPath(name))));
      return intents.filter(intent => intent !== null);
    },
  };
}

export type Journal = ReturnType<typeof journal>;
