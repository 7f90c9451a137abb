import { readdir, readFile } from 'node:fs/promises';
import { djangoLogin } from '../ask.ts';
import { until } from '../customer.ts';
import type { Instance } from '../instance.ts';
import type { Story, Tell } from './story.ts';

/** The process id of this instance's agent, or 0 while there is none. */
async function agentPid(run: string): Promise<number> {
  for (const pid of await readdir('/proc')) {
    if (!/^\d+$/.test(pid)) continue;
    const line = await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '');
    if (!line.includes('\0agent/main.ts')) continue;
    if ((await readFile(`/proc/${pid}/environ`, 'utf8').catch(() => '')).split('\0').includes(`BERTH_RUN=${run}`)) return Number(pid);
  }
  return 0;
}

/** Kills the agent with SIGKILL and waits until the launcher has brought another. */
async function killAgent(run: string): Promise<void> {
  const pid = await agentPid(run);
  if (pid) process.kill(pid, 'SIGKILL');
  await until('another agent is there', 30, async () => ![0, pid].includes(await agentPid(run)));
}

/** Kills the agent whenever it has just left a mark (so as the next step begins), and 2.5 s into every long step, until told to stop. */
async function killAtEveryMark(berth: Instance, app: string, stopped: () => boolean): Promise<string[]> {
  const folder = `${berth.env.BERTH_STATE}/marks/adatest`;
  const killedAfter: string[] = [];
  let since = Date.now();
  let early = false;
  while (!stopped()) {
    const marks = (await readdir(folder).catch(() => [])).filter(name => name.startsWith(`${app}.1.`));
    const fresh = marks.find(name => !killedAfter.includes(name));
    if (fresh || (!early && killedAfter.length && Date.now() - since > 2500)) {
      early = !fresh;
      if (fresh) killedAfter.push(fresh);
      since = Date.now();
      await killAgent(berth.env.BERTH_RUN ?? '');
    }
    await new Promise(go => setTimeout(go, 10));
  }
  return killedAfter;
}

/** Visits a neighbour all the while; answers how many visits there were and how many were lost. */
async function visitAllTheWhile(berth: Instance, host: string, stopped: () => boolean): Promise<{ visits: number; lost: number }> {
  const count = { visits: 0, lost: 0 };
  while (!stopped()) {
    count.visits++;
    const visit = await berth.visit(host).catch(() => null);
    if (visit?.status !== 200) count.lost++;
    await new Promise(go => setTimeout(go, 150));
  }
  return count;
}

/** The agent killed while it builds and while apps serve. */
export function killedJourney(test: Tell, story: () => Story): void {
  test.serial('killed with SIGKILL after every mark of a Wagtail build and amid its long steps, the agent ends it whole', async t => {
    const { berth, wagtail } = story();
    const body = { name: 'second', source: { type: 'recipe', recipe: 'wagtail' }, database: true };
    const added = await berth.api('POST', '/accounts/adatest/apps', body);
    t.is(added.status, 201, added.text);
    const { job: id, url, owner } = added.json();
    let ended = false;
    const stopped = () => ended;
    const watching = Promise.all([killAtEveryMark(berth, 'second', stopped), visitAllTheWhile(berth, wagtail.host, stopped)]);
    const job = await berth.job(id, 400).finally(() => {
      ended = true;
    });
    const [killedAfter, { visits, lost }] = await watching;
    t.is(job.state, 'done', JSON.stringify([job.error, job.steps.filter((step: { state: string }) => step.state !== 'done')]));
    t.log(`killed after ${killedAfter.join(', ')}; ${visits} visits to the neighbour meanwhile`);
    t.true(killedAfter.length >= 8, killedAfter.join(', '));
    for (const step of job.steps) t.is(step.state, 'done', step.why);
    t.is(lost, 0);
    const host = new URL(url).hostname;
    t.regex((await berth.visit(host)).text, /content="Wagtail"/);
    t.like(await djangoLogin(berth.sitesPort, host, '/admin/login/', owner.user, owner.password), { status: 302 });
    t.deepEqual((await berth.api('GET', '/hosts/local')).json().drift ?? [], []);
  });

  test.serial('an app is deleted with its database, and its neighbour is not', async t => {
    const { berth } = story();
    const gone = await berth.api('DELETE', '/accounts/adatest/apps/second', { confirm: 'second', database: true });
    t.is(gone.status, 202, gone.text);
    t.like(await berth.job(gone.json().job), { state: 'done' });
    t.is((await berth.visit('second-adatest.localhost')).status, 404);
    t.is((await berth.visit(story().wagtail.host)).status, 200);
  });
}
