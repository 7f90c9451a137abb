import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** Runs one call of a PHP client with the machine's own PHP; answers what the client read. Throws with its error. */
export async function php(program: 'clients' | 'modules', who: string, port: number | string, token: string, call: string, fields: object) {
  const argv = [join(import.meta.dirname, `${program}.php`), who, String(port), token, call, JSON.stringify(fields)];
  try {
    return JSON.parse((await run('/usr/bin/php', argv, { maxBuffer: 64 * 1024 * 1024 })).stdout);
  } catch (error) {
    const { stdout = '', stderr = '', message } = error as { stdout?: string; stderr?: string; message: string };
    throw new Error(stderr.trim() || stdout.trim() || message);
  }
}
