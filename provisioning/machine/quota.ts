import { spawn } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { Failed } from '../errors.ts';
import type { DiskQuota } from '../host.ts';
import type { Layout } from '../layout.ts';

const SECONDS = 10;
const figure = z.int().min(0);
const answer = z.discriminatedUnion('ok', [
  z.object({
    ok: z.literal(true),
    quota: z.object({ bytes: figure, inodes: figure, mostBytes: figure, mostInodes: figure }).nullable(),
  }),
  z.object({ ok: z.literal(false), error: z.string() }),
]);

/** The options a mount has when it enforces user quotas: ext4's and XFS's. */
const ENFORCED = /(^|,)(usrquota|usrjquota=[^,]+|uquota|quota|usrquota_block_hardlimit=[^,]+)(,|$)/;

/** Whether the file system a path stands on enforces user quotas, by /proc/mounts. Pure. */
export function enforced(mounts: string, path: string): boolean {
  let best = { point: '', options: '' };
  for (const line of mounts.split('\n')) {
    const [, point = '', , options = ''] = line.split(' ');
    const inside = `${path}/`.startsWith(point === '/' ? '/' : `${point}/`);
    if (point && inside && point.length >= best.point.length) best = { point, options };
  }
  return ENFORCED.test(best.options);
}

/** Disk quotas of the file system that homes stand on. */
export function quotas(at: Layout) {
  function ask(request: object): Promise<DiskQuota | null> {
    return new Promise((done, fail) => {
      const argv = ['-I', '-S', join(at.slotdFolder, 'quota.py')];
      const env = { PATH: '/usr/bin:/bin', LANG: 'C.UTF-8' };
      const child = spawn('/usr/bin/python3', argv, { env, cwd: '/', stdio: ['pipe', 'pipe', 'ignore'], timeout: SECONDS * 1000 });
      let out = '';
      child.stdout.setEncoding('utf8').on('data', piece => {
        out += piece;
      });
      child.on('error', fail);
      child.stdin.on('error', () => {});
      child.stdin.end(`${JSON.stringify({ path: at.homes, ...request })}\n`);
      child.on('close', () => {
        const said = answer.safeParse(parse(out));
        if (said.success && said.data.ok) return done(said.data.quota);
        const why = said.success && !said.data.ok ? said.data.error : 'no answer';
        fail(new Failed(`The disk quota could not be read or set: ${why}.`, { help: `Look at the file system below ${at.homes}.` }));
      });
    });
  }

  return {
    /** What a uid holds and may hold; null where the file system enforces nothing. */
    of: async (uid: number): Promise<DiskQuota | null> => {
      const mounts = await readFile('/proc/mounts', 'utf8').catch(() => '');
      return enforced(mounts, at.homes) ? ask({ uid }) : null;
    },
    set: async (uid: number, mostBytes: number, mostInodes: number): Promise<void> => {
      await ask({ uid, mostBytes, mostInodes });
    },
  };
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
