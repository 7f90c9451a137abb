import { readdir, readFile } from 'node:fs/promises';
import { djangoLogin } from '../ask.ts';
import { until } from '../customer.ts';
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

/** The agent killed while it builds and while apps serve. */
export function killedJourney(test: Tell, story: () => Story): void {
  test.serial('killed with SIGKILL as each step of a Wagtail build begins, the agent ends it whole', async t => {
    const { berth } = story();
    const run = berth.env.BERTH_RUN ?? '';
    const body = { name: 'second', source: { type: 'recipe', recipe: 'wagtail' }, database: true };
    const added = await berth.api('POST', '/accounts/ada/apps', body);
    t.is(added.status, 201, added.text);
    const { job: id, url, owner } = added.json();
    const killedAt = new Set<string>();
    let visitsLost = 0;
    let visits = 0;
    await until('the build has ended', 400, async () => {
      const job = (await berth.api('GET', `/jobs/${id}`)).json();
      const current = job.steps.find((step: { state: string }) => step.state === 'running');
      if (current && !killedAt.has(current.why)) {
        killedAt.add(current.why);
        const pid = await agentPid(run);
        process.kill(pid, 'SIGKILL');
        await until('another agent is there', 30, async () => ![0, pid].includes(await agentPid(run)));
      }
      visits++;
      const visit = await berth.visit(story().wagtail.host).catch(() => null);
      if (visit?.status !== 200) visitsLost++;
      return job.state === 'done' || job.state === 'failed';
    });
    const job = (await berth.api('GET', `/jobs/${id}`)).json();
    t.is(job.state, 'done', JSON.stringify(job.steps.filter((step: { state: string }) => step.state !== 'done')));
    t.log(`killed at ${killedAt.size} steps: ${[...killedAt].join('; ')}`);
    t.true(killedAt.size >= 5);
    for (const step of job.steps) t.is(step.state, 'done', step.why);
    t.is(visitsLost, 0, `${visitsLost} of ${visits} visits to the neighbour were lost`);
    const host = new URL(url).hostname;
    t.regex((await berth.visit(host)).text, /content="Wagtail"/);
    t.like(await djangoLogin(berth.sitesPort, host, '/admin/login/', owner.user, owner.password), { status: 302 });
    t.deepEqual((await berth.api('GET', '/hosts/local')).json().drift ?? [], []);
  });

  test.serial('an app is deleted with its database, and its neighbour is not', async t => {
    const { berth } = story();
    const gone = await berth.api('DELETE', '/accounts/ada/apps/second', { confirm: 'second', database: true });
    t.is(gone.status, 202, gone.text);
    t.like(await berth.job(gone.json().job), { state: 'done' });
    t.is((await berth.visit('second-ada.localhost')).status, 404);
    t.is((await berth.visit(story().wagtail.host)).status, 200);
  });
}
