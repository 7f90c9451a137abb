import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The top of the checkout. */
export const ROOT = fileURLToPath(new URL('../../', import.meta.url));

const ROOMS = ['agent', 'panel', 'provisioning', 'views', 'test'];
const MADE = new Set(['node_modules', '__pycache__', '.venv', 'public']);

function walk(folder: string): string[] {
  return readdirSync(join(ROOT, folder), { withFileTypes: true }).flatMap(entry => {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) return MADE.has(entry.name) && !path.startsWith('provisioning/catalog/') ? [] : walk(path);
    return entry.isFile() ? [path] : [];
  });
}

/** What a recipe lays down is an app of its own, not a part of Berth. */
export function isRecipeFile(path: string): boolean {
  return /^provisioning\/catalog\/[^/]+\/files\//.test(path);
}

/** Every source file below the five rooms, as a path from the top. */
export const FILES = ROOMS.filter(room => existsSync(join(ROOT, room)))
  .flatMap(walk)
  .filter(path => !isRecipeFile(path));

/** The files with one of these endings. */
export function ending(...endings: string[]): string[] {
  return FILES.filter(path => endings.some(end => path.endsWith(end)));
}

/** The text of a file. */
export function read(path: string): string {
  return readFileSync(join(ROOT, path), 'utf8');
}

/** A file's text without comments; good enough to look for calls. */
export function code(path: string): string {
  return read(path)
    .replace(/\/\*[\s\S]*?\*\//g, '')
    .replace(/(^|[\s;{}])\/\/[^\n]*/g, '$1');
}

/** One import: whence, whither (a path from the top, or a package's name), and whether it vanishes at run time. */
export interface Import {
  from: string;
  to: string;
  typeOnly: boolean;
}

const IMPORT =
  /^\s*(?:import|export)\s+(type\s)?[^'";]*?from\s+['"]([^'"]+)['"]|^\s*import\s+['"]([^'"]+)['"]|\bimport\(\s*['"]([^'"]+)['"]\s*\)/gm;

/** The imports of a TypeScript or plain script file. */
export function imports(path: string): Import[] {
  return [...code(path).matchAll(IMPORT)].map(([, type, from, bare, dynamic]) => {
    const name = from ?? bare ?? dynamic ?? '';
    const to = name.startsWith('.') ? normalize(join(dirname(path), name)) : name.replace(/^node:/, '');
    return { from: path, to, typeOnly: Boolean(type) };
  });
}

/** What stands at the top of the checkout, without what .gitignore names. */
export function topLevel(): string[] {
  const ignored = read('.gitignore')
    .split('\n')
    .map(line => line.replaceAll('/', ''));
  return readdirSync(ROOT).filter(name => !ignored.includes(name));
}
