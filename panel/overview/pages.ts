import { accountCounts } from '../accounts/queries.ts';
import { everySlot, hostsOf, type LiveHost } from '../hosts/actions.ts';
import { hostView } from '../hosts/view.ts';
import { jobsOf } from '../jobs/actions.ts';
import type { Job } from '../jobs/queries.ts';
import { render } from '../middleware/page.ts';
import { page, type Route } from '../middleware/route.ts';
import { bytes, count, many, type Tone } from '../middleware/words.ts';
import { busiestOf, medianWake } from './busiest.ts';

/** A failure older than this has been seen, or has been mended by a later job. */
const NEWS_MS = 3 * 86_400_000;
const FULL = 0.9;

/** Something a person should look at first. */
interface Attention {
  word: string;
  tone?: Tone;
  title: string;
  sentence: string;
  url: string;
  at: Date | null;
}

function attentionOf(hosts: LiveHost[], failed: Job[]): Attention[] {
  const away = hosts
    .filter(host => !host.online)
    .map(host => ({
      word: 'Away',
      title: host.name,
      sentence: 'It does not answer. Its sites go on; changes wait until it does.',
      url: `/admin/hosts/${host.name}`,
      at: host.seenAt,
    }));
  const full = hosts.flatMap(({ name, online, facts }) =>
    online && facts && facts.diskUsedBytes > facts.diskBytes * FULL
      ? [
          {
            word: 'Nearly full',
            tone: 'busy' as const,
            title: `Disk of ${name}`,
            sentence: `${bytes(facts.diskUsedBytes)} of ${bytes(facts.diskBytes)} are used.`,
            url: `/admin/hosts/${name}`,
            at: null,
          },
        ]
      : [],
  );
  const jobs = failed
    .filter(job => job.finishedAt && Date.now() - job.finishedAt.getTime() < NEWS_MS)
    .map(job => ({
      word: 'Failed',
      title: `${job.title} (${job.account})`,
      sentence: job.error,
      url: `/admin/jobs/${job.id}`,
      at: job.finishedAt,
    }));
  return [...away, ...jobs, ...full];
}

function figuresOf(hosts: LiveHost[], counts: Record<string, number>, waiting: number, wake: number | null): object[] {
  const accounts = Object.entries(counts).reduce((sum, [state, n]) => (state === 'terminated' ? sum : sum + Number(n)), 0);
  const up = hosts.filter(host => host.online && host.facts);
  const awake = up.reduce((sum, host) => sum + host.facts!.slots.awake, 0);
  const total = up.reduce((sum, host) => sum + host.facts!.slots.total, 0);
  return [
    { name: 'Accounts', value: count(accounts), sub: counts.suspended ? `${count(counts.suspended)} suspended` : 'none suspended' },
    { name: 'Apps awake', value: count(awake), sub: `of ${count(total)}` },
    { name: 'Apps asleep', value: count(total - awake), sub: 'they wake at a visit' },
    ...(wake === null ? [] : [{ name: 'Median wake', value: `${Math.round(wake)} ms`, sub: 'the last wake of each app' }]),
    {
      name: 'Hosts',
      value: `${up.length} of ${hosts.length}`,
      sub: up.length === hosts.length ? 'all answer' : `${many(hosts.length - up.length, 'host')} away`,
    },
    { name: 'Jobs at work', value: count(waiting), sub: waiting ? '' : 'nothing waits' },
  ];
}

/** What the hoster sees first. */
export const routes: Route[] = [
  page({
    method: 'GET',
    path: '/admin',
    policy: 'admin',
    async run(ctx, actor) {
      const [hosts, slots, counts, failed, running, queued] = await Promise.all([
        hostsOf(actor),
        everySlot(actor),
        accountCounts(actor),
        jobsOf(actor, { state: 'failed', limit: 8 }),
        jobsOf(actor, { state: 'running', limit: 100 }),
        jobsOf(actor, { state: 'queued', limit: 100 }),
      ]);
      render(ctx, 'overview/overview', {
        title: 'Overview',
        here: 'overview',
        attention: attentionOf(hosts, failed.jobs),
        figures: figuresOf(hosts, counts, running.jobs.length + queued.jobs.length, medianWake(slots)),
        hosts: hosts.map(hostView),
        busiest: busiestOf(slots),
      });
    },
  }),
];
