import { layout } from '../provisioning/layout.ts';
import { type Manifest, manifestSchema } from '../provisioning/manifest.ts';
import { slotSpec } from '../provisioning/slot/spec.ts';

/** The layout of a host that is never touched. */
export const somewhere = layout({ state: '/state', run: '/run/berth', homes: '/home', code: '/opt/berth', cgroup: 'berth' });

export const someLimits = {
  memoryMb: 512,
  cpuPercent: 100,
  processes: 50,
  diskMb: 1000,
  inodes: 100_000,
  databases: 3,
  apps: 3,
  slots: 3,
  bandwidthMb: 10_000,
  idleSeconds: 300,
};

/** The manifest of an account without apps. */
export function buildManifest(changes: Partial<Manifest> = {}): Manifest {
  return manifestSchema.parse({
    version: 1,
    generation: 1,
    account: { name: 'ada', uid: 200_001, gid: 200_001, state: 'active', reason: '', limits: someLimits },
    databases: [],
    configs: [],
    runtimes: [],
    slots: [],
    sites: [],
    gone: { databases: [], apps: [] },
    ...changes,
  });
}

/** The manifest of an account with one app of a recipe, with its database, slot and address. */
export function buildAppManifest(recipe: 'wagtail' | 'django' | 'flask', app = 'blog', changes: Partial<Manifest> = {}): Manifest {
  const host = `${app}-ada.localhost`;
  const entry = recipe === 'flask' ? 'app:app' : 'mysite.wsgi:application';
  const owner = recipe === 'flask' ? null : { user: 'owner', email: 'ada@example.org', password: 'a-password-for-the-owner' };
  return buildManifest({
    databases: [{ name: `ada_${app}`, password: 'Aa0_Aa0-Aa0_Aa0-Aa0_', maxConnections: 30 }],
    configs: [
      { app, url: `http://${host}:8080`, hosts: [host], secretKey: 'k'.repeat(50), database: `ada_${app}`, env: { GREETING: 'hello' } },
    ],
    runtimes: [{ app, release: 1, source: { type: 'recipe', recipe, answers: { site_name: "Ada's site" } }, owner }],
    slots: [
      slotSpec.parse({
        app,
        state: 'up',
        mode: 'on-demand',
        kind: 'wsgi',
        entry,
        stack: 'auto',
        generation: 1,
        idleSeconds: 300,
        startSeconds: 60,
        memoryMb: 512,
        cpuPercent: 100,
        processes: 50,
      }),
    ],
    sites: [{ app, hosts: [host], health: { path: '/', status: 200, contains: `<meta name="generator" content="` } }],
    ...changes,
  });
}

/** The same manifest with a worker and a scheduled process beside each web slot. */
export function withProcesses(manifest: Manifest, changes: Partial<Manifest> = {}): Manifest {
  const beside = (web: Manifest['slots'][number]) => {
    const common = { ...web, mode: 'always-on' as const, kind: 'command' as const, entry: null, stack: null };
    const queue = { ...common, process: 'queue', role: 'worker' as const, argv: ['/usr/bin/env', 'sleep', '86400'] };
    const nightly = { ...common, process: 'nightly', role: 'scheduled' as const, schedule: '0 3 * * *', argv: ['/usr/bin/env', 'true'] };
    return [web, ...[queue, nightly].map(slot => slotSpec.parse(slot))];
  };
  return { ...manifest, generation: manifest.generation + 1, slots: manifest.slots.flatMap(beside), ...changes };
}

/** The same manifest with the account suspended. */
export function suspended(manifest: Manifest): Manifest {
  return { ...manifest, generation: manifest.generation + 1, account: { ...manifest.account, state: 'suspended', reason: 'unpaid' } };
}

/** The same manifest with one app and its database named as gone. */
export function without(manifest: Manifest, app: string): Manifest {
  const other = (entry: { app: string }) => entry.app !== app;
  const database = manifest.configs.find(config => config.app === app)?.database;
  return {
    ...manifest,
    generation: manifest.generation + 1,
    databases: manifest.databases.filter(spec => spec.name !== database),
    configs: manifest.configs.filter(other),
    runtimes: manifest.runtimes.filter(other),
    slots: manifest.slots.filter(other),
    sites: manifest.sites.filter(other),
    gone: { apps: [app], databases: database ? [database] : [] },
  };
}
