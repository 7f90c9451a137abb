import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Manifest } from '../../../provisioning/manifest.ts';
import type { SlotStatus } from '../../../provisioning/slot/spec.ts';
import { seriesOf } from './series.ts';

const MB = 1_048_576;
const BROKEN = 'pip could not reach the package index for 60 seconds.';
const FACTS = {
  ...{ hostname: 'pretend', os: 'Debian GNU/Linux 12', kernel: '6.1.0', cores: 2, load: [0.3, 0.2, 0.2], cpuPercent: 12 },
  ...{ memoryBytes: 8192 * MB, memoryUsedBytes: 3100 * MB, diskBytes: 100_000 * MB, diskUsedBytes: 61_000 * MB, uptimeSeconds: 777_777 },
  versions: { python: '3.11.2', nginx: '1.22.1', mariadb: '10.11.6', berth: '0.1.0' },
  ...{ stacks: ['django-5.2'], slots: { total: 3, awake: 1 }, accounts: 1 },
};
const USAGE = {
  diskBytes: 1200 * MB,
  inodes: 18_120,
  cpuSeconds: 4210,
  memoryPeakBytes: 400 * MB,
  requests: 12_400,
  bandwidthBytes: 900 * MB,
  since: 1,
};

type Step = { id: string; resource: string; why: string };

function stepsOf(manifest: Manifest, before: Manifest | undefined): Step[] {
  const had = new Set(before?.runtimes.map(runtime => runtime.app));
  const steps = before ? [] : [`Make the unix user ${manifest.account.name}`, 'Make the home'];
  for (const { app } of manifest.runtimes.filter(runtime => !had.has(runtime.app))) {
    const config = manifest.configs.find(config => config.app === app)!;
    if (config.database) steps.push(`Create the database ${config.database}`);
    steps.push(`Copy the files of ${app}`, `Install the Python packages of ${app}`, `Start the slot of ${app}`, `Serve ${config.hosts[0]}`);
  }
  if (before && steps.length === 0) steps.push(`Bring ${manifest.account.name} up to date`);
  return steps.map((why, i) => ({ id: `${manifest.generation}-${i}`, resource: 'pretend', why }));
}

function slotsOf(manifest: Manifest | undefined): SlotStatus[] {
  const since = Date.now() - 60_000;
  const hits = { memory: 0, processes: 0, cpu: 0, io: 0, openFiles: 0, log: 0 };
  return (manifest?.slots ?? []).map(({ app, process, role, generation }) => ({
    ...{
      name: process === 'web' ? `${manifest!.account.name}.${app}` : `${manifest!.account.name}.${app}.${process}`,
      process,
      role,
      digest: '',
      generation,
      state: 'running' as const,
      reason: null,
      pids: [7],
      workers: [{ pid: 7, generation, since, requests: 12 }],
      since,
      processes: 2,
    },
    ...{ memoryBytes: 42 * MB, memoryPeakBytes: 60 * MB, cpuUsec: 9e5, requests: 12, wakes: 3, lastWakeMs: 31, limitHits: hits },
  }));
}

async function bodyOf(request: IncomingMessage): Promise<Manifest> {
  const parts: Buffer[] = [];
  for await (const part of request) parts.push(part as Buffer);
  return JSON.parse(Buffer.concat(parts).toString('utf8')) as Manifest;
}

/** An agent that answers like the real one and does nothing: for looking at pages without a host. */
export class PretendAgent {
  readonly #known = new Map<string, Manifest>();
  readonly #readers = new Map<string, Set<ServerResponse>>();
  readonly #server = createServer((request, response) => void this.#answer(request, response));
  readonly #pace: number;
  #failing = false;

  /** `pace` is how long each step takes, in ms. */
  constructor(pace = 120) {
    this.#pace = pace;
  }

  listen(socket: string): Promise<void> {
    return new Promise(resolve => this.#server.listen(socket, resolve));
  }

  /** Lets the next build fail at its second step. */
  failNext(): void {
    this.#failing = true;
  }

  /** Writes a line to a log that is being followed. */
  write(stream: string, line: string): void {
    for (const reader of this.#readers.get(stream) ?? []) reader.write(`data: ${new Date().toISOString()} ${line}\n\n`);
  }

  close(): Promise<void> {
    this.#server.closeAllConnections();
    return new Promise(resolve => this.#server.close(() => resolve()));
  }

  async #apply(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const manifest = await bodyOf(request);
    const { name } = manifest.account;
    const removal = request.method === 'DELETE';
    const steps = removal
      ? [{ id: 'gone', resource: 'pretend', why: `Delete everything of ${name}` }]
      : stepsOf(manifest, this.#known.get(name));
    const say = (event: object) => response.write(`${JSON.stringify(event)}\n`);
    const end = (ok: boolean) =>
      response.end(`${JSON.stringify({ type: 'end', ok, generation: manifest.generation, ...(ok ? {} : { error: BROKEN }) })}\n`);
    say({ type: 'plan', steps });
    for (const [i, { id, why }] of steps.entries()) {
      say({ type: 'step', id, state: 'running', at: Date.now() });
      say({ type: 'output', id, text: `working on: ${why}\n` });
      await sleep(this.#pace);
      const fails = this.#failing && i === 1;
      say({
        type: 'step',
        id,
        state: fails ? 'failed' : 'done',
        at: Date.now(),
        ms: this.#pace,
        ...(fails ? { error: BROKEN, help: 'Ask whether the host may reach it.' } : {}),
      });
      if (!fails) continue;
      this.#failing = false;
      end(false);
      return;
    }
    if (removal) this.#known.delete(name);
    else this.#known.set(name, manifest);
    end(true);
  }

  #logs(url: URL, response: ServerResponse): void {
    const stream = url.searchParams.get('stream') ?? 'app';
    if (!url.searchParams.get('follow')) {
      const line = stream === 'access' ? '203.0.113.9 "GET /old HTTP/1.1" 200 512 0.012 "-" "-"' : 'O ready';
      response.end(`${new Date(Date.now() - 5000).toISOString()} ${line}\n`);
      return;
    }
    response.writeHead(200, { 'Content-Type': 'text/event-stream' });
    response.write(':\n\n');
    const readers = this.#readers.get(stream) ?? new Set();
    this.#readers.set(stream, readers.add(response));
    response.on('close', () => readers.delete(response));
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<unknown> {
    const url = new URL(request.url ?? '/', 'http://agent');
    const [, , name = '', kind, , leaf] = url.pathname.split('/');
    const json = (value: unknown) => response.end(JSON.stringify(value));
    if (url.pathname === '/host') return json(FACTS);
    if (url.pathname === '/usage') return json({ accounts: {} });
    if (url.pathname === '/host/series') return json(seriesOf(true));
    if (url.pathname === '/slots') return json({ slots: [...this.#known.values()].flatMap(slotsOf) });
    if (kind === 'slots') return json({ slots: slotsOf(this.#known.get(name)) });
    if (kind === 'usage') return json(USAGE);
    if (leaf === 'logs') return this.#logs(url, response);
    if (leaf === 'series') return json(seriesOf(false));
    if (kind === 'plan') {
      const manifest = await bodyOf(request);
      const removal = [{ id: 'x', resource: 'home', why: `Delete the home of ${name}` }];
      return json({ steps: url.searchParams.has('remove') ? removal : stepsOf(manifest, this.#known.get(name)) });
    }
    return this.#apply(request, response);
  }
}
