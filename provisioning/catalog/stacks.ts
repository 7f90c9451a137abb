import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type Pin, pins } from './recipe.ts';

const STACKS = fileURLToPath(new URL('stacks/', import.meta.url));
const SERVERS = fileURLToPath(new URL('servers/', import.meta.url));

/** A set of exact packages that a host keeps loaded once for all apps that need just these. */
export interface Stack {
  id: string;
  packages: Pin[];
  /** The lock as pip reads it with --require-hashes. */
  lock: string;
}

/** Every stack Berth knows, from stacks/<id>.lock. */
export function stacks(): Stack[] {
  return locked(STACKS);
}

/** Packages that serve an app which does not bring them itself, from servers/<id>.lock: the same for every interpreter. */
export function servers(): Stack[] {
  return locked(SERVERS);
}

function locked(folder: string): Stack[] {
  return readdirSync(folder)
    .filter(file => file.endsWith('.lock'))
    .sort()
    .map(file => {
      const lock = readFileSync(join(folder, file), 'utf8');
      return { id: file.slice(0, -'.lock'.length), packages: pins(lock), lock };
    });
}
