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

async function writeDurably(folder: string, name: string, value: unknown): Promise<void> {
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const temporary = join(folder, `.${name}.new`);
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
  return {
    begin: (intent: Intent) => writeDurably(at.journal, `${intent.account}.json`, intent),
    end: (account: string) => rm(join(at.journal, `${account}.json`), { force: true }),
    open: async (): Promise<Intent[]> => {
      const intents = await Promise.all((await names(at.journal)).map(name => readJson<Intent>(join(at.journal, `${name}.json`))));
      return intents.filter(intent => intent !== null);
    },
    keep: (kept: Kept) => writeDurably(at.manifests, `${kept.manifest.account.name}.json`, kept),
    kept: (account: string) => readJson<Kept>(at.manifest(account)),
    forget: (account: string) => rm(at.manifest(account), { force: true }),
    accounts: () => names(at.manifests),
  };
}

export type Journal = ReturnType<typeof journal>;
