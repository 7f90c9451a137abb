import { change, select } from '../../../panel/db/pool.ts';
import { limitsInput } from '../../../panel/plans/schema.ts';
import { diskMet, metOf } from '../../../panel/resources/met.ts';
import { onStage } from '../panel.ts';

const { it, stage } = onStage();
const MB = 1_048_576;
const limits = limitsInput.parse({ memoryMb: 128, cpuPercent: 100, ioMbps: 20, diskMb: 100, inodes: 1000 });

it('each limit has a sentence that says what happened and one that says what to do', t => {
  const hits = { memory: 3, processes: 12, cpu: 125, io: 1, openFiles: 2, log: 4 };
  const met = metOf({ step: 300, points: [], hits }, limits, 'in the last 24 hours');
  t.deepEqual(
    met.map(one => one.sentence),
    [
      'Your app used all of its 128 MB of memory 3 times in the last 24 hours and was ended. It starts again at the next visit.',
      'Your app wanted more than its 50 processes and threads in the last 24 hours; 12 new ones were refused.',
      'Your app wanted more than its 100 % of a processor core and was slowed down for 12 seconds in the last 24 hours.',
      'Your app read or wrote as fast as its 20 MB a second allow once in the last 24 hours and had to wait.',
      'Your app had as many files and connections open as it may 2 times in the last 24 hours; it could open no more.',
      'Your app printed more than 1 MB a second 4 times in the last 24 hours and had to wait. Old lines of the log are gone.',
    ],
  );
  t.true(met.every(one => /\w+ .*\.$/.test(one.next)));
  t.deepEqual(metOf({ step: 300, points: [], hits: { cpu: 3 } }, limits, ''), [], 'a start that took a moment is no news');
  t.deepEqual(metOf({ step: 300, points: [] }, limits, ''), []);
});

it('what an account holds beyond its plan is said, and nothing is threatened', t => {
  const say = (megabytes: number, inodes: number) => diskMet({ diskBytes: megabytes * MB, inodes }, limits)[0]?.sentence;
  t.is(say(50, 500), undefined);
  t.is(say(97, 500), 'Your account holds 97 MB of the 100 MB of its plan.');
  t.is(say(150, 500), 'Your account holds 150 MB; its plan has 100 MB.');
  t.is(say(50, 1200), 'Your account holds 1\u202f200 files; its plan has 1\u202f000 files.'.replaceAll('\u202f', ' '));
  t.deepEqual(diskMet(null, limits), []);
});

it('an app’s own page says in plain words which limit was met', async t => {
  const { api, raw, job, account, agent } = stage();
  await account('ada');
  const made = await api('POST', '/accounts/ada/apps', { name: 'blog', source: { type: 'recipe', recipe: 'flask' } });
  t.is((await job(made.json.job)).state, 'done');
  const link = await api('POST', '/accounts/ada/login-links');
  const entered = await raw('GET', new URL(link.json.url).pathname);
  const Cookie = /__Host-berth=[^;]+/.exec(entered.headers.get('set-cookie') ?? '')?.[0] ?? '';
  for (const path of ['/apps/blog', '/apps/blog/resources?range=24h']) {
    agent.series = { step: 300, points: [] };
    t.notRegex((await raw('GET', path, { Cookie })).text, /data-met/);
    agent.series = { step: 300, points: [], hits: { memory: 3 } };
    const { status, text } = await raw('GET', path, { Cookie });
    t.is(status, 200);
    t.regex(text, /Your app used all of its 512 MB of memory 3 times in the last 24 hours and was ended\./);
    t.regex(text, /A limit was met/);
  }
  const [{ id } = { id: 0 }] = await select<{ id: number }>(`SELECT id FROM accounts WHERE username = 'ada'`);
  await change(
    `INSERT INTO usages (account_id, disk_bytes, inodes, month, measured) VALUES (?, ?, 5, '2026-11', 1)
    ON DUPLICATE KEY UPDATE disk_bytes = VALUES(disk_bytes), measured = 1`,
    [id, 6000 * MB],
  );
  t.regex((await raw('GET', '/apps/blog', { Cookie })).text, /Your account holds 5\.9 GB; its plan has 4\.9 GB\./);
});
