import type { Layout } from '../layout.ts';
import type { Manifest } from '../manifest.ts';
import type { SlotSpec } from './spec.ts';

/** Descriptors an app may hold open; enough for a busy site, far from what the host could run out of. */
const OPEN_FILES = 1024;
const LOG_BYTES = 4 * 1024 * 1024;

/** The text of the spec file that slotd reads; every id in it is a number, so that no wake asks the name service. Pure. */
export function specText(manifest: Manifest, slot: SlotSpec, at: Layout): string {
  const { name: account, uid, gid, limits } = manifest.account;
  const root = at.current(account, slot.app);
  const spec = {
    version: 1,
    name: at.slotName(account, slot.app, slot.process),
    account,
    app: slot.app,
    process: slot.process,
    role: slot.role,
    uid,
    gid,
    generation: slot.generation,
    mode: slot.mode,
    kind: slot.kind,
    entry: slot.entry,
    argv: slot.argv?.map(word => word.replaceAll('{venv}', `${root}/.venv`).replaceAll('{root}', root)) ?? null,
    listen: slot.listen,
    protocol: slot.kind === 'php' ? 'fastcgi' : slot.protocol,
    schedule: slot.schedule,
    workers: slot.workers,
    threads: slot.threads,
    maxRequests: slot.maxRequests,
    python: slot.python,
    isolation: slot.isolation,
    home: at.home(account),
    root,
    venv: `${root}/.venv`,
    stack: slot.stack,
    socket: at.slotSocket(account, slot.app, slot.process),
    environment: at.userEnv(account, slot.app),
    tmp: at.tmp(account),
    log: at.log(account, slot.app, 'app'),
    logBytes: LOG_BYTES,
    idleSeconds: slot.idleSeconds,
    startSeconds: slot.startSeconds,
    limits: { memoryMb: slot.memoryMb, cpuPercent: slot.cpuPercent, processes: slot.processes, openFiles: OPEN_FILES, ioMbps: slot.ioMbps },
    account_limits: { memoryMb: limits.memoryMb, cpuPercent: limits.cpuPercent, processes: limits.processes, ioMbps: limits.ioMbps },
  };
  return `${JSON.stringify(spec, null, 2)}\n`;
}
