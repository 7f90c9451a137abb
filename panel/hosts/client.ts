import { Agent as HttpAgent, request as httpRequest, type IncomingMessage, type RequestOptions } from 'node:http';
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https';
import { Failed, Refused } from '../../provisioning/errors.ts';
import type { ApplyEvent, Manifest, PlannedStep } from '../../provisioning/manifest.ts';
import type { SlotStatus } from '../../provisioning/slot/spec.ts';

/** Where an agent answers: `unix:/path`, or `https://…` with its token. */
export interface Endpoint {
  name: string;
  endpoint: string;
  token: string | null;
}

/** What a host says of itself. */
export interface HostFacts {
  hostname: string;
  os: string;
  kernel: string;
  cores: number;
  memoryBytes: number;
  memoryUsedBytes: number;
  diskBytes: number;
  diskUsedBytes: number;
  load: [number, number, number];
  cpuPercent: number;
  uptimeSeconds: number;
  versions: Record<string, string>;
  stacks: string[];
  slots: { total: number; awake: number };
  accounts: number;
}

/** A series of figures, oldest first; `step` in seconds. */
export interface Series {
  step: number;
  points: Record<string, number | boolean | null>[];
  /** How often each limit was met within the range, where any was. */
  hits?: Record<string, number>;
}

/** What an account has used since `since`. */
export interface Usage {
  diskBytes: number;
  inodes: number;
  cpuSeconds: number;
  memoryPeakBytes: number;
  requests: number;
  bandwidthBytes: number;
  /** Seconds in which a slot had a process; absent from hosts with an older Berth. */
  slotSeconds?: number;
  since: number | string;
}

/** The agent did not answer, or the line broke: nothing is known of what it did, and asking again is right. */
export class HostAway extends Failed {
  constructor(host: string, cause: unknown) {
    const why = cause instanceof Error ? cause.message : String(cause);
    super(`The host ${host} did not answer (${why}).`, {
      help: 'Sites on it go on. Check that its agent runs; the panel tries again by itself.',
    });
    this.name = 'HostAway';
    this.cause = cause;
  }
}

const local = new HttpAgent({ keepAlive: false });
const remote = new HttpsAgent({ keepAlive: true, maxSockets: 20 });

interface Ask {
  method?: string;
  path: string;
  body?: unknown;
  accept?: string;
  /** How long to wait for the first byte, and between bytes; 0 waits as long as the line stands. */
  timeoutMs?: number;
  silenceMs?: number;
  signal?: AbortSignal;
}

/** Asks an agent; resolves when the headers are there. Every call to a host goes through here. */
function ask(
  host: Endpoint,
  { method = 'GET', path, body, accept = 'application/json', timeoutMs = 5000, silenceMs, signal }: Ask,
): Promise<IncomingMessage> {
  const text = body === undefined ? null : JSON.stringify(body);
  const headers: Record<string, string> = { Accept: accept, Host: 'agent' };
  if (text !== null) Object.assign(headers, { 'Content-Type': 'application/json', 'Content-Length': String(Buffer.byteLength(text)) });
  if (host.token) headers.Authorization = `Bearer ${host.token}`;
  const unix = host.endpoint.startsWith('unix:');
  const shared: RequestOptions = { method, headers, signal };
  return new Promise((resolve, reject) => {
    const fail = (cause: unknown) => reject(new HostAway(host.name, cause));
    const sent = unix
      ? httpRequest({ ...shared, socketPath: host.endpoint.slice(5), path, agent: local })
      : httpsRequest(new URL(path, host.endpoint), { ...shared, agent: remote });
    const timer = timeoutMs
      ? setTimeout(() => sent.destroy(new Error(`no answer in ${Math.round(timeoutMs / 1000)} seconds`)), timeoutMs)
      : null;
    sent.on('error', fail);
    sent.on('close', () => timer && clearTimeout(timer));
    sent.on('response', response => {
      if (timer) clearTimeout(timer);
      if (silenceMs !== undefined || timeoutMs)
        sent.setTimeout(silenceMs ?? timeoutMs, () => sent.destroy(new Error('the answer broke off')));
      resolve(response);
    });
    sent.end(text ?? undefined);
  });
}

async function textOf(host: Endpoint, response: IncomingMessage): Promise<string> {
  const parts: Buffer[] = [];
  try {
    for await (const part of response) parts.push(part as Buffer);
  } catch (error) {
    throw new HostAway(host.name, error);
  }
  return Buffer.concat(parts).toString('utf8');
}

/** Throws what a refusing agent said, in its own words. */
async function mustBeOk(host: Endpoint, response: IncomingMessage): Promise<IncomingMessage> {
  const status = response.statusCode ?? 0;
  if (status >= 200 && status < 300) return response;
  const text = await textOf(host, response);
  let said: { code?: string; detail?: string; help?: string } = {};
  try {
    said = JSON.parse(text) as typeof said;
  } catch {}
  const sentence = said.detail || `The host ${host.name} answered ${status}.`;
  if (status === 404) throw new Refused(said.code ?? 'not-on-host', sentence, said.help ?? '', { status: 404 });
  if (status === 409) throw new Refused(said.code ?? 'host-conflict', sentence, said.help ?? '', { status: 409 });
  if (status === 503) throw new HostAway(host.name, new Error(sentence));
  throw new Failed(sentence, { exit: status, help: said.help || 'The log of the agent on that host says more.' });
}

async function json<T>(host: Endpoint, options: Ask): Promise<T> {
  const text = await textOf(host, await mustBeOk(host, await ask(host, options)));
  try {
    return JSON.parse(text) as T;
  } catch (error) {
    throw new HostAway(host.name, error);
  }
}

const at = (account: string) => `/accounts/${encodeURIComponent(account)}`;

/** Reads lines of JSON as they come; a line that breaks off before the end is the host being away. */
async function* events(host: Endpoint, response: IncomingMessage): AsyncGenerator<ApplyEvent> {
  let rest = '';
  let ended = false;
  response.setEncoding('utf8');
  try {
    for await (const part of response) {
      const lines = (rest + part).split('\n');
      rest = lines.pop() ?? '';
      for (const line of lines.filter(Boolean)) {
        const event = JSON.parse(line) as ApplyEvent;
        ended ||= event.type === 'end';
        yield event;
      }
    }
  } catch (error) {
    throw new HostAway(host.name, error);
  }
  if (!ended) throw new HostAway(host.name, new Error('the line broke off in the middle of the work'));
}

// The agent may be silent while it builds; a dead unix peer closes its socket, and TLS peers are given a quarter of an hour.
const WORK = { timeoutMs: 30_000, silenceMs: 900_000, accept: 'application/x-ndjson' };

/** Makes a manifest true; what happens comes as events until `end`. */
export async function apply(host: Endpoint, manifest: Manifest, signal?: AbortSignal): Promise<AsyncGenerator<ApplyEvent>> {
  const options = { ...WORK, method: 'PUT', path: at(manifest.account.name), body: manifest, signal };
  return events(host, await mustBeOk(host, await ask(host, options)));
}

/** Removes everything of an account. */
export async function remove(host: Endpoint, manifest: Manifest, signal?: AbortSignal): Promise<AsyncGenerator<ApplyEvent>> {
  const options = { ...WORK, method: 'DELETE', path: at(manifest.account.name), body: manifest, signal };
  return events(host, await mustBeOk(host, await ask(host, options)));
}

/** Ends what is being built for an account, so that what waits behind it need not wait for a package index. */
export async function interrupt(host: Endpoint, account: string): Promise<void> {
  await json<object>(host, { method: 'POST', path: `${at(account)}/interrupt`, timeoutMs: 15_000 });
}

/** What would be done for a manifest, or for its removal; changes nothing. */
export async function plan(host: Endpoint, manifest: Manifest, removal = false): Promise<PlannedStep[]> {
  const path = `${at(manifest.account.name)}/plan${removal ? '?remove=1' : ''}`;
  return (await json<{ steps: PlannedStep[] }>(host, { method: 'POST', path, body: manifest, timeoutMs: 15_000 })).steps;
}

/** The slots of an account as they are now. */
export async function slots(host: Endpoint, account: string): Promise<SlotStatus[]> {
  return (await json<{ slots: SlotStatus[] }>(host, { path: `${at(account)}/slots`, timeoutMs: 2000 })).slots;
}

/** Every slot the host holds. */
export async function allSlots(host: Endpoint): Promise<SlotStatus[]> {
  return (await json<{ slots: SlotStatus[] }>(host, { path: '/slots', timeoutMs: 3000 })).slots;
}

/** What the host says of itself. */
export function facts(host: Endpoint): Promise<HostFacts> {
  return json<HostFacts>(host, { path: '/host', timeoutMs: 3000 });
}

/** The host's figures over time. */
export function hostSeries(host: Endpoint, range: string): Promise<Series> {
  return json<Series>(host, { path: `/host/series?range=${encodeURIComponent(range)}` });
}

/** An app's figures over time. */
export function appSeries(host: Endpoint, account: string, app: string, range: string): Promise<Series> {
  return json<Series>(host, { path: `${at(account)}/apps/${encodeURIComponent(app)}/series?range=${encodeURIComponent(range)}` });
}

/** What an account has used. */
export function usage(host: Endpoint, account: string): Promise<Usage> {
  return json<Usage>(host, { path: `${at(account)}/usage`, timeoutMs: 12_000 });
}

/** What every account of a host has used, as the host last counted; `measured` says whether its home has been measured yet. */
export async function usages(host: Endpoint): Promise<Record<string, Usage & { measured: boolean }>> {
  return (
    (await json<{ accounts?: Record<string, Usage & { measured: boolean }> }>(host, { path: '/usage', timeoutMs: 30_000 })).accounts ?? {}
  );
}

/** An app's log as a stream of bytes: text lines, or server-sent events that go on. Destroy it when nobody reads. */
export async function logs(
  host: Endpoint,
  target: { account: string; app: string; stream: string; lines: number; follow: boolean },
  signal?: AbortSignal,
): Promise<IncomingMessage> {
  const query = new URLSearchParams({ stream: target.stream, lines: String(target.lines), ...(target.follow ? { follow: '1' } : {}) });
  const path = `${at(target.account)}/apps/${encodeURIComponent(target.app)}/logs?${query}`;
  const options = { path, accept: target.follow ? 'text/event-stream' : 'text/plain', silenceMs: target.follow ? 0 : 10_000, signal };
  return mustBeOk(host, await ask(host, options));
}
