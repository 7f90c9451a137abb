import { randomBytes } from 'node:crypto';
import { readFile, rename, writeFile } from 'node:fs/promises';
import { z } from 'zod';
import type { Places } from './places.ts';
import type { Settings } from './settings.ts';

const progressSchema = z.discriminatedUnion('stage', [
  z.object({ stage: z.literal('new'), password: z.string(), token: z.string() }),
  z.object({ stage: z.literal('done'), site: z.string().nullable() }),
]);

/** How far the first start came. Until it is done, the administrator's sign-in is kept, readable by root only, so that a start cut short can go on. */
export type Progress = z.infer<typeof progressSchema>;

async function write(its: Places, progress: Progress): Promise<void> {
  await writeFile(`${its.progress}.new`, `${JSON.stringify(progress)}\n`, { mode: 0o600, flush: true });
  await rename(`${its.progress}.new`, its.progress);
}

/** Reads how far the first start came; makes up the administrator's sign-in when there is none. */
export async function readProgress(settings: Settings, its: Places): Promise<Progress> {
  const text = await readFile(its.progress, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return null;
    throw error;
  });
  if (text !== null) return progressSchema.parse(JSON.parse(text));
  const progress: Progress = {
    stage: 'new',
    password: settings.BERTH_ADMIN_PASSWORD ?? randomBytes(15).toString('base64url'),
    token: settings.BERTH_ADMIN_TOKEN ?? `berth_${randomBytes(30).toString('base64url')}`,
  };
  await write(its, progress);
  return progress;
}

/** Forgets the sign-in: from now on only the panel knows it, and only as a hash. */
export async function finish(its: Places, site: string | null): Promise<void> {
  await write(its, { stage: 'done', site });
}
