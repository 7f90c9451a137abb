import { lstat, readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { pins } from '../../provisioning/catalog/recipe.ts';
import type { Host } from '../../provisioning/host.ts';
import { inspectStanding } from '../../provisioning/stacks/facts.ts';
import type { StackSpec, StackStatus, ZygoteStatus } from '../../provisioning/stacks/spec.ts';

/** Bytes on disk below one of root's own folders. */
async function bytesBelow(folder: string): Promise<number> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true }).catch(() => []);
  const sizes = await Promise.all(
    entries.map(entry =>
      lstat(join(entry.parentPath, entry.name)).then(
        found => found.blocks * 512,
        () => 0,
      ),
    ),
  );
  return sizes.reduce((sum, size) => sum + size, 0);
}

const changedAt = (path: string) =>
  stat(path).then(
    found => Math.round(found.mtimeMs),
    () => null,
  );

/** The slots that name a stack in their specs, by stack. */
export async function slotsByStack(host: Host): Promise<Record<string, string[]>> {
  const { slotSpecs } = host.layout;
  const found: Record<string, string[]> = {};
  for (const file of await host.list(slotSpecs)) {
    if (!file.endsWith('.json') || file.startsWith('.')) continue;
    const { name, stack } = JSON.parse((await host.text(`${slotSpecs}/${file}`)) ?? '{}') as { name?: string; stack?: string | null };
    if (!name || !stack) continue;
    found[stack] ??= [];
    found[stack].push(name);
  }
  return found;
}

/** Every stack that is wanted on a host, as the hoster sees it. */
export async function listStacks(host: Host, wanted: StackSpec[], zygotes: ZygoteStatus[]): Promise<StackStatus[]> {
  const at = host.layout;
  const [standing, apps] = [await inspectStanding(host), await slotsByStack(host)];
  return Promise.all(
    wanted.map(async ({ id, python, lock, origin }) => {
      const own = zygotes.filter(zygote => zygote.stack === id);
      const used = own.map(zygote => zygote.used);
      const folder = await changedAt(at.stack(id));
      return {
        id,
        python,
        packages: Object.fromEntries(pins(lock).map(pin => [pin.name, pin.version])),
        origin,
        state: standing.some(stack => stack.id === id) ? 'ready' : 'missing',
        apps: apps[id] ?? [],
        bytes: await bytesBelow(at.stack(id)),
        installedAt: await changedAt(`${at.stack(id)}/stack.json`),
        // slotd touches the folder whenever it starts a zygote from it.
        usedAt: Math.max(folder ?? 0, ...used) || null,
        zygote: own.length
          ? {
              state: own.some(zygote => zygote.state === 'ready') ? 'ready' : 'starting',
              memoryBytes: own.reduce((sum, zygote) => sum + zygote.memoryBytes, 0),
            }
          : null,
      };
    }),
  );
}
