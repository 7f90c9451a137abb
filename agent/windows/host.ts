import { readdir, readFile } from 'node:fs/promises';
import { loadavg } from 'node:os';
import si from 'systeminformation';
import type { Layout } from '../../provisioning/layout.ts';

/** One moment of the host's load. `at` is ms since the epoch, `load` the one-minute average. */
export interface HostPoint {
  at: number;
  cpuPercent: number;
  memoryBytes: number;
  load: number;
}

/** The host's load right now. */
export async function hostPoint(): Promise<HostPoint> {
  const [load, memory] = await Promise.all([si.currentLoad(), si.mem()]);
  return { at: Date.now(), cpuPercent: Math.round(load.currentLoad * 10) / 10, memoryBytes: memory.active, load: load.avgLoad };
}

let fixed: Promise<{ os: string; kernel: string; hostname: string; cores: number; versions: Record<string, string> }> | null = null;

async function facts() {
  const [os, cpu, nginx, mariadb] = await Promise.all([
    si.osInfo(),
    si.cpu(),
    packageVersion('nginx'),
    packageVersion('mariadb-server-core'),
  ]);
  const python = await readdir('/usr/lib').then(
    names =>
      names
        .filter(name => /^python3\.\d+$/.test(name))
        .sort()
        .pop()
        ?.slice('python'.length) ?? '',
    () => '',
  );
  const versions = { node: process.versions.node, python, nginx, mariadb };
  return { os: `${os.distro} ${os.release}`.trim(), kernel: os.kernel, hostname: os.hostname, cores: cpu.cores, versions };
}

/** What dpkg says of a package's version, without the distribution's epoch and revision. */
async function packageVersion(name: string): Promise<string> {
  const status = await readFile('/var/lib/dpkg/status', 'utf8').catch(() => '');
  const found = new RegExp(`^Package: ${name}\\n(?:.+\\n)*?Version: (.+)$`, 'm').exec(status)?.[1] ?? '';
  return found.replace(/^\d+:/, '').replace(/[-+].*$/, '');
}

/** Everything the panel shows of a host but its slots. */
export async function hostFacts(at: Layout, version: string) {
  fixed ??= facts();
  const [known, point, memory, disks, stacks] = await Promise.all([
    fixed,
    hostPoint(),
    si.mem(),
    si.fsSize(),
    readdir(at.stacks).catch(() => []),
  ]);
  const disk = disks.filter(entry => at.homes.startsWith(entry.mount)).sort((a, b) => b.mount.length - a.mount.length)[0];
  const time = si.time();
  return {
    hostname: known.hostname,
    os: known.os,
    kernel: known.kernel,
    cores: known.cores,
    memoryBytes: memory.total,
    memoryUsedBytes: memory.active,
    diskBytes: disk?.size ?? 0,
    diskUsedBytes: disk?.used ?? 0,
    load: loadavg(),
    cpuPercent: point.cpuPercent,
    uptimeSeconds: Math.round(Number(time.uptime)),
    versions: { ...known.versions, berth: version },
    stacks: stacks.filter(name => !name.startsWith('.')),
  };
}
