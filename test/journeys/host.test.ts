import anyTest, { type TestFn } from 'ava';
import { discard, type Instance, instanceSettings, startInstance } from './instance.ts';
import { billingJourney } from './parts/billing.ts';
import { browserJourney } from './parts/browser.ts';
import { killedJourney } from './parts/killed.ts';
import { realJourney, restJourney } from './parts/rest.ts';
import { cyclesJourney, sleepJourney } from './parts/sleep.ts';
import { leavesNothing, startJourney, untouchedJourney } from './parts/start.ts';
import type { Story } from './parts/story.ts';
import { suspendJourney } from './parts/suspend.ts';
import { wrongJourney } from './parts/wrong.ts';

/** One host from the first `npm start` to Ctrl-C, told in order: every part goes on where the one before it ended. */
const test = anyTest as TestFn<Story>;
const told = { account: { name: '', uid: 0, home: '' }, wagtail: { host: '', owner: { user: '', password: '' } } } as Story;
const story = () => told;

test.before(t => {
  if (process.getuid?.() !== 0 || process.platform !== 'linux') t.fail('a journey needs root on Linux');
});

test.serial('npm start ends with "Berth is ready"', async t => {
  t.timeout(600_000);
  told.berth = await startInstance(await instanceSettings(), line => t.log(line));
  t.pass();
});

const began = Math.floor(Date.now() / 1000);
startJourney(test, story);
restJourney(test, story);
realJourney(test, story);
wrongJourney(test, story);
sleepJourney(test, story);
cyclesJourney(test, story);
killedJourney(test, story);
browserJourney(test, story);
billingJourney(test, story);
suspendJourney(test, story);
untouchedJourney(test, story, began);
leavesNothing(test, story);

test.after.always('no instance stays behind', async () => {
  const berth: Instance | undefined = told.berth;
  if (!berth) return;
  await berth.stop();
  await discard(berth.env);
});
