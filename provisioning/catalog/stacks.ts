import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type Pin, pins } from './recipe.ts';

const FOLDER = fileURLToPath(new URL('stacks/', import.meta.url));

/** A set of exact packages that a host keeps loaded once for all apps that need just these. */
export interface Stack {
  id: string;
  packages: Pin[];
  /** The lock as pip reads it with --require-hashes. */
  lock: string;
}

/** Every stack Berth knows, from stacks/<id>.lock. */
export function stacks(): Stack[] {
  return readdirSync(FOLDER)
    .filter(file => file.endsWith('.lock'))
    .sort()
    .map(file => {
      const lock = readFileSync(join(FOLDER, file), 'utf8');
      return { id: file.slice(0, -'.lock'.length), packages: pins(lock), lock };
    });
}
