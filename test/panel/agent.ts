import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { ApplyEvent, Manifest, PlannedStep } from '../../provisioning/manifest.ts';

/** One request that reached the fake agent. */
export interface Heard {
  method: string;
  path: string;
  manifest: Manifest | null;
}

/** What a fake agent does with a manifest: tells events; `break` cuts the line. */
export type Script = (tell: (event: ApplyEvent) => void, manifest: Manifest, cut: () => void) => void | Promise<void>;

/** An agent that only listens and tells what it is told to: for the panel's side of the line. */
export interface FakeAgent {
  heard: Heard[];
  /** What the next deliveries do, first come first served; then everything succeeds in two steps. */
  scripts: Script[];
  slots: unknown[];
  /** What accounts have used, by name. */
  usages: Record<string, unknown>;
  /** What it tells of an app over time. */
  series: object;
  stop(): Promise<void>;
}

const FACTS = {
  ...{
    hostname: 'fake',
    os: 'Debian 12',
    kernel: '6.1',
    cores: 2,
    memoryBytes: 4e9,
    memoryUsedBytes: 1e9,
    diskBytes: 1e11,
    diskUsedBytes: 2e10,
  },
  ...{ load: [0, 0, 0], cpuPercent: 3, uptimeSeconds: 60, versions: {}, stacks: [], slots: { total: 0, awake: 0 }, accounts: 0 },
};
const USAGE = {
  ...{ diskBytes: 5, inodes: 1, cpuSeconds: 0.5, memoryPeakBytes: 7, requests: 3, bandwidthBytes: 9, slotSeconds: 20 },
  since: '2026-11-20T10:00:00.000Z',
};

/** Two steps that are planned and done. */
export const twoSteps: PlannedStep[] = [
  { id: 's1', resource: 'account', why: 'Create the unix user' },
  { id: 's2', resource: 'account', why: 'Make the home' },
];

const well: Script = (tell, manifest) => {
  tell({ type: 'plan', steps: twoSteps });
  for (const { id } of twoSteps) {
    tell({ type: 'step', id, state: 'running', at: Date.now() });
    tell({ type: 'step', id, state: 'done', at: Date.now(), ms: 3 });
  }
  tell({ type: 'end', ok: true, generation: manifest.generation });
};

async function bodyOf(request: IncomingMessage): Promise<Manifest | null> {
  const parts: Buffer[] = [];
  for await (const part of request) parts.push(part as Buffer);
  return parts.length ? (JSON.parse(Buffer.concat(parts).toString('utf8')) as Manifest) : null;
}

function json(response: ServerResponse, body: unknown): void {
  response.setHeader('Content-Type', 'application/json');
  response.end(JSON.stringify(body));
}

/** Starts a fake agent on a unix socket. */
export async function startAgent(socket: string): Promise<FakeAgent> {
  const agent: FakeAgent = { heard: [], scripts: [], slots: [], usages: {}, series: { step: 60, points: [] }, stop: async () => {} };
  const server = createServer(async (request, response) => {
    const { method = '', url: path = '' } = request;
    const manifest = await bodyOf(request);
    agent.heard.push({ method, path, manifest });
    if (path === '/host') return json(response, FACTS);
    if (path === '/usage') return json(response, { accounts: agent.usages });
    if (path.endsWith('/usage')) return json(response, USAGE);
    if (path.includes('/plan'))
      return json(response, { steps: [...twoSteps, { id: 's3', resource: 'site', why: `Serve ${manifest?.sites[0]?.hosts[0]}` }] });
    if (path.endsWith('/slots')) return json(response, { slots: agent.slots });
    if (path.includes('series')) return json(response, agent.series);
    if (path.includes('/logs')) return void response.end('2026-11-20T10:00:00.000Z O hello\n');
    if (!manifest) return json(response, {});
    response.setHeader('Content-Type', 'application/x-ndjson');
    const tell = (event: ApplyEvent) => void response.write(`${JSON.stringify(event)}\n`);
    const cut = () => void request.socket.destroy();
    await (agent.scripts.shift() ?? well)(tell, manifest, cut);
    if (!response.destroyed) response.end();
  });
  await new Promise<void>(resolve => server.listen(socket, resolve));
  agent.stop = () =>
    new Promise(resolve => {
      server.close(() => resolve());
      server.closeAllConnections();
    });
  return agent;
}
