import { constants, type Stats } from 'node:fs';
import * as fs from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { Failed } from '../errors.ts';
import type { Entry } from '../host.ts';
import type { Layout } from '../layout.ts';

const MAX_TEXT = 8 * 1024 * 1024;

function missing(error: unknown): boolean {
  const code = (error as NodeJS.ErrnoException).code;
  return code === 'ENOENT' || code === 'ENOTDIR';
}

function kindOf(stats: Stats): Entry['kind'] {
  if (stats.isSymbolicLink()) return 'link';
  if (stats.isDirectory()) return 'folder';
  return stats.isFile() ? 'file' : 'other';
}

/** Throws when a path lies below a home: root never touches what a customer can rearrange. A home itself passes. */
export function guard(path: string, at: Layout): void {
  const clean = resolve(path);
  if (clean !== path) throw new Error(`path is not in plain form: ${path}`);
  const above = dirname(clean);
  if (above !== at.homes && clean.startsWith(`${at.homes}/`)) throw new Error(`root does not touch ${path}: it lies below a home`);
  if (above !== at.tmps && clean.startsWith(`${at.tmps}/`)) throw new Error(`root does not touch ${path}: it belongs to a customer`);
}

/** What stands at one of root's own paths, or null. */
export async function entry(path: string): Promise<Entry | null> {
  try {
    const stats = await fs.lstat(path);
    const kind = kindOf(stats);
    const found: Entry = { kind, mode: stats.mode & 0o7777, uid: stats.uid, gid: stats.gid };
    return kind === 'link' ? { ...found, target: await fs.readlink(path) } : found;
  } catch (error) {
    if (missing(error)) return null;
    throw error;
  }
}

/** The text of one of root's own regular files (at most 8 MiB), or null. */
export async function text(path: string): Promise<string | null> {
  let file: fs.FileHandle;
  try {
    file = await fs.open(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  } catch (error) {
    if (missing(error)) return null;
    throw error;
  }
  try {
    const stats = await file.stat();
    if (!stats.isFile() || stats.size > MAX_TEXT) throw new Failed(`${path} is not a file Berth could have written.`);
    return await file.readFile('utf8');
  } finally {
    await file.close();
  }
}

/** The names in one of root's own folders, sorted; none when it is missing. */
export async function list(path: string): Promise<string[]> {
  try {
    return (await fs.readdir(path)).sort();
  } catch (error) {
    if (missing(error)) return [];
    throw error;
  }
}

async function syncFolder(path: string): Promise<void> {
  const folder = await fs.open(path, constants.O_RDONLY | constants.O_DIRECTORY);
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}

/** Writes a file whole: temporary file, owner and mode, fsync, rename, fsync of the folder. A full disk leaves the old one. */
export async function write(path: string, content: string, mode: number, uid: number, gid: number): Promise<void> {
  const temporary = join(dirname(path), `.${process.pid}.${Date.now()}.new`);
  const file = await fs.open(temporary, constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | constants.O_NOFOLLOW, 0o600);
  try {
    await file.writeFile(content);
    await file.chown(uid, gid);
    await file.chmod(mode);
    await file.sync();
  } catch (error) {
    await fs.rm(temporary, { force: true });
    throw error;
  } finally {
    await file.close();
  }
  await fs.rename(temporary, path);
  await syncFolder(dirname(path));
}

/** Makes a folder with its owner and mode, or mends those of one that stands. Parents of root's own are made as needed. */
export async function folder(path: string, mode: number, uid: number, gid: number): Promise<void> {
  await fs.mkdir(dirname(path), { recursive: true, mode: 0o755 });
  try {
    await fs.mkdir(path, { mode: 0o700 });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  }
  const opened = await fs.open(path, constants.O_RDONLY | constants.O_DIRECTORY | constants.O_NOFOLLOW);
  try {
    await opened.chown(uid, gid);
    await opened.chmod(mode);
  } finally {
    await opened.close();
  }
}

/** Makes or replaces a link in one rename, so that nginx never sees it missing. */
export async function link(path: string, target: string): Promise<void> {
  const temporary = join(dirname(path), `.${process.pid}.${Date.now()}.link`);
  await fs.symlink(target, temporary);
  await fs.rename(temporary, path);
}

/** Deletes one of root's own files, links or trees; a folder a customer owns only when it is empty. Absent is fine. */
export async function remove(path: string, at: Layout): Promise<void> {
  const found = await entry(path);
  if (!found) return;
  const theirs = dirname(path) === at.homes || dirname(path) === at.tmps;
  if (found.kind === 'folder' && theirs) return fs.rmdir(path);
  if (found.kind === 'folder') return fs.rm(path, { recursive: true });
  return fs.unlink(path);
}
