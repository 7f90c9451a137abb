import { createHash, randomBytes } from 'node:crypto';
import { processesOf, until, writeAs } from '../customer.ts';
import type { Story, Tell } from './story.ts';

/** What a customer might write over the starter: it answers the digest of what it was sent, and its own pid. */
const ECHO = `import hashlib, os
from flask import Flask, request
app = Flask(__name__)
@app.post("/digest")
def digest():
    return {"digest": hashlib.sha256(request.get_data()).hexdigest(), "pid": os.getpid()}
@app.get("/")
def front():
    return "echo"
`;
const APPS = 5;
const CYCLES = 40;
const hostOf = (index: number) => `echo${index}-adatest.localhost`;

/** Sleeping and waking, many at once and many times over, without losing a request. */
export function sleepJourney(test: Tell, story: () => Story): void {
  test.serial('five Flask apps are added and their code is changed in place', async t => {
    const { berth, account } = story();
    const jobs = [];
    for (let index = 0; index < APPS; index++) {
      const added = await berth.api('POST', '/accounts/adatest/apps', {
        name: `echo${index}`,
        source: { type: 'recipe', recipe: 'flask' },
      });
      t.is(added.status, 201, added.text);
      jobs.push(added.json().job);
    }
    for (const job of jobs) t.like(await berth.job(job), { state: 'done' });
    for (let index = 0; index < APPS; index++) {
      await writeAs('adatest', account.home, `${account.home}/apps/echo${index}/current/app.py`, ECHO);
      const restart = await berth.api('POST', `/accounts/adatest/apps/echo${index}/restart`);
      t.is(restart.status, 202, restart.text);
      t.like(await berth.job(restart.json().job), { state: 'done' });
    }
    for (let index = 0; index < APPS; index++) t.is((await berth.visit(hostOf(index))).text, 'echo');
  });

  test.serial('100 concurrent requests to a sleeping app are all answered', async t => {
    const { berth, account } = story();
    await until('every app of the account sleeps', 30, async () => (await processesOf(account.uid)).length === 0);
    const answers = await Promise.all(Array.from({ length: 100 }, () => berth.visit(hostOf(0))));
    t.deepEqual(
      answers
        .filter(answer => answer.status !== 200 || answer.text !== 'echo')
        .map(answer => `${answer.status} ${answer.text.slice(0, 100)}`),
      [],
    );
  });

  test.serial('per-request: edited code is live at the next visit, without a restart', async t => {
    const { berth, account } = story();
    const change = await berth.api('PATCH', '/accounts/adatest/apps/echo4', { mode: 'per-request' });
    t.true(change.status < 300, change.text);
    await berth.job(change.json().job ?? (await berth.api('GET', '/accounts/adatest/apps/echo4')).json().job);
    t.is((await berth.visit(hostOf(4))).text, 'echo');
    await writeAs('adatest', account.home, `${account.home}/apps/echo4/current/app.py`, ECHO.replace('return "echo"', 'return "changed"'));
    t.is((await berth.visit(hostOf(4))).text, 'changed');
    await berth.api('PATCH', '/accounts/adatest/apps/echo4', { mode: 'on-demand' });
    await until(
      'it serves from a worker again',
      30,
      async () => (await berth.api('GET', '/accounts/adatest/apps/echo4')).json().mode === 'on-demand',
    );
  });
}

/** Waking and falling asleep two hundred times, with bodies of 1 MiB. */
export function cyclesJourney(test: Tell, story: () => Story): void {
  test.serial('200 sleep and wake cycles with POST bodies of 1 MiB lose none', async t => {
    const { berth } = story();
    const body = randomBytes(1024 * 1024);
    const digest = createHash('sha256').update(body).digest('hex');
    let lost = 0;
    let wakes = 0;
    const post = async (index: number) => {
      const answer = await berth
        .visit(hostOf(index), '/digest', { method: 'POST', body })
        .catch((error: Error) => ({ status: 0, text: error.message, json: () => ({}) }));
      if (answer.status === 200 && answer.json().digest === digest) return Number(answer.json().pid);
      t.log(`lost: ${answer.status} ${answer.text.slice(0, 200)}`);
      lost++;
      return 0;
    };
    const loop = async (index: number) => {
      let pid = 0;
      for (let cycle = 0; cycle < CYCLES; cycle++) {
        // Right around the moment of falling asleep (2 s), where a request is lost if one ever is; then once well after it.
        if (cycle % 4 === 3) {
          await new Promise(go => setTimeout(go, 1975 + 10 * (cycle % 6)));
          pid = await post(index);
        }
        await new Promise(go => setTimeout(go, 2150));
        const next = await post(index);
        if (next !== pid) wakes++;
        pid = next;
      }
    };
    await Promise.all(Array.from({ length: APPS }, (_, index) => loop(index)));
    t.is(lost, 0);
    t.log(`${wakes} wakes`);
    t.true(wakes >= 200, `only ${wakes} wakes`);
  });
}
