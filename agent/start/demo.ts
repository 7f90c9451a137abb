import { setTimeout as pause } from 'node:timers/promises';
import { z } from 'zod';
import { Failed } from '../../provisioning/errors.ts';
import { ask } from './ready.ts';
import { say, seconds } from './report.ts';

/** The panel's REST API with an administrator's token. */
export interface Api {
  port: number;
  token: string;
}

const jobSchema = z.object({
  state: z.enum(['queued', 'running', 'done', 'failed']),
  steps: z.array(z.object({ why: z.string(), state: z.string(), ms: z.number().nullish(), error: z.string().nullish() })).default([]),
});

const LIMITS = {
  memoryMb: 1024,
  cpuPercent: 200,
  processes: 100,
  diskMb: 2048,
  inodes: 200_000,
  databases: 5,
  apps: 5,
  slots: 5,
  bandwidthMb: 100_000,
  idleSeconds: 300,
};

async function call(api: Api, method: string, path: string, body?: object): Promise<{ status: number; json: Record<string, unknown> }> {
  const text = body ? JSON.stringify(body) : undefined;
  const headers: Record<string, string> = {
    Host: `localhost:${api.port}`,
    Authorization: `Bearer ${api.token}`,
    Accept: 'application/json',
  };
  if (text !== undefined) Object.assign(headers, { 'Content-Type': 'application/json', 'Content-Length': String(Buffer.byteLength(text)) });
  // The same key at every try: a start cut short and repeated makes nothing twice.
  if (method === 'POST') headers['Idempotency-Key'] = `first-start${path.replaceAll('/', '-')}`;
  const answer = await ask({ host: '127.0.0.1', port: api.port, method, path: `/api/v1${path}`, headers }, text);
  try {
    return { status: answer.status, json: answer.body ? (JSON.parse(answer.body) as Record<string, unknown>) : {} };
  } catch {
    throw new Failed(`The panel's answer to ${method} ${path} (${answer.status}) could not be read.`, {
      lastLines: answer.body.slice(0, 500),
    });
  }
}

function refusal(what: string, status: number, json: Record<string, unknown>): Failed {
  return new Failed(`${what} could not be made: the panel answered ${status}, ${json.detail ?? json.title ?? 'without a reason'}.`);
}

/** Whether the token opens the API: false when the panel's database had an administrator before. */
export async function accepted(api: Api): Promise<boolean> {
  const { status } = await call(api, 'GET', '/plans');
  return status === 200;
}

/** Follows a job to its end, a line for each step that is done. Throws Failed with the step that failed. */
async function follow(api: Api, id: string): Promise<void> {
  const told = new Set<number>();
  const deadline = Date.now() + 15 * 60_000;
  while (Date.now() < deadline) {
    const { status, json } = await call(api, 'GET', `/jobs/${encodeURIComponent(id)}`);
    if (status !== 200) throw refusal('The demo', status, json);
    const job = jobSchema.parse(json);
    for (const [index, step] of job.steps.entries()) {
      if (step.state !== 'done' || told.has(index)) continue;
      told.add(index);
      say((step.ms ?? 0) > 1000 ? `  ✓ ${step.why} (${seconds(step.ms ?? 0)})` : `  ✓ ${step.why}`);
    }
    if (job.state === 'done') return;
    if (job.state === 'failed') {
      const step = job.steps.find(one => one.state === 'failed');
      throw new Failed(`The demo could not be built: ${step?.why ?? 'a step'} failed.`, { lastLines: step?.error ?? '' });
    }
    await pause(250);
  }
  throw new Failed('The demo was not built within 15 minutes.');
}

async function make(api: Api, what: string, list: string, name: string, body: object): Promise<Record<string, unknown>> {
  const found = await call(api, 'GET', `${list}/${name}`);
  const made = found.status === 200 ? found : await call(api, 'POST', list, body);
  if (![200, 201, 202].includes(made.status)) throw refusal(what, made.status, made.json);
  const { job, state } = made.json;
  if (job && (made !== found || state === 'building'))
    await follow(api, typeof job === 'object' ? String((job as { id: unknown }).id) : String(job));
  return made.json;
}

/** Makes the demo plan, account and app unless they are there, and tells the app's address. */
export async function makeDemo(api: Api, account: string): Promise<string> {
  await make(api, 'The demo plan', '/plans', 'demo', { name: 'demo', limits: LIMITS });
  await make(api, 'The demo account', '/accounts', account, { username: account, email: 'demo@example.org', plan: 'demo' });
  const source = { type: 'recipe', recipe: 'flask' };
  const app = await make(api, 'The demo app', `/accounts/${account}/apps`, 'hello', { name: 'hello', source, database: true });
  return String(app.url ?? '');
}
