import { spawn } from 'node:child_process';
import { connect, type NetConnectOpts } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import { CLEAN } from './process.ts';

/** Milliseconds from the opening of a connection to the first byte of a good answer. */
export function firstByte(where: NetConnectOpts, host: string): Promise<number> {
  return new Promise((done, fail) => {
    const began = process.hrtime.bigint();
    const line = connect(where);
    let first = 0;
    let text = '';
    line.on('connect', () => line.write(`GET / HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n\r\n`));
    line.on('data', piece => {
      first ||= Number(process.hrtime.bigint() - began) / 1e6;
      text += piece;
    });
    line.on('error', fail);
    line.on('close', () => {
      if (/^HTTP\/1\.[01] 200 /.test(text)) done(first);
      else fail(new Error(`${host} answered ${JSON.stringify(text.slice(0, 200))}`));
    });
    line.setTimeout(60_000, () => line.destroy(new Error(`${host} did not answer in 60 s`)));
  });
}

/** The same for a server that is only being started: tries again until its socket accepts. */
export async function firstByteOfSocket(path: string, host: string): Promise<void> {
  for (const end = Date.now() + 20_000; ; await pause(1)) {
    try {
      await firstByte({ path }, host);
      return;
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      if ((code !== 'ENOENT' && code !== 'ECONNREFUSED') || Date.now() > end) throw error;
    }
  }
}

/** Milliseconds until the last of several sites that are asked at the same moment has answered. */
export async function lastOf(port: number, hosts: string[]): Promise<number> {
  const began = process.hrtime.bigint();
  await Promise.all(hosts.map(host => firstByte({ host: '127.0.0.1', port }, host)));
  return Number(process.hrtime.bigint() - began) / 1e6;
}

/** Requests a second and the 99th percentile in ms, of eight visitors who never pause. */
export async function load(port: number, host: string, seconds: number): Promise<{ rate: number; p99: number }> {
  const argv = ['-t1', '-c8', `-d${seconds}s`, '--latency', '-H', `Host: ${host}`, `http://127.0.0.1:${port}/`];
  const child = spawn('/usr/bin/wrk', argv, { env: CLEAN, stdio: ['ignore', 'pipe', 'inherit'] });
  let said = '';
  for await (const piece of child.stdout) said += piece;
  const rate = Number(/Requests\/sec:\s+([\d.]+)/.exec(said)?.[1]);
  const [, figure, unit] = /99%\s+([\d.]+)(us|ms|s)/.exec(said) ?? [];
  if (!rate || !unit || /Non-2xx/.test(said)) throw new Error(`wrk said: ${said}`);
  return { rate, p99: Number(figure) * { us: 0.001, ms: 1, s: 1000 }[unit as 'us' | 'ms' | 's'] };
}
