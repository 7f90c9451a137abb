import test from 'ava';
import { enter } from '../../../provisioning/machine/enter.ts';
import { held, live } from '../slotd/held.ts';

const serial = live(test);

const FLOOD = 'import sys\nfor _ in range(96): sys.stdout.write("x" * 65536)\n';

serial('what a customer’s code prints in a build without end does not fill the agent', async t => {
  const server = await held(t);
  const { account, uid, home } = server.make('eve', 'app', {});
  const who = { name: account, uid, gid: uid, home };
  let kept = 0;
  let last = '';
  const request = { argv: ['/usr/bin/python3', '-c', FLOOD], cwd: home, env: {} };
  const code = await enter(server.at).run(who, request, 30, text => {
    kept += text.length;
    last = text;
  });
  t.is(code, 0, 'it is slowed down, not ended');
  t.true(kept < 4.1 * 1024 * 1024, `${kept} characters were kept`);
  t.regex(last, /prints too much/);
});

serial('a build is as confined as an app', async t => {
  const server = await held(t);
  const { account, uid, home } = server.make('eve', 'app', {});
  let said = '';
  const request = { argv: ['/bin/grep', '-E', '^(Seccomp|NoNewPrivs):', '/proc/self/status'], cwd: home, env: {} };
  await enter(server.at).run({ name: account, uid, gid: uid, home }, request, 30, text => {
    said += text;
  });
  t.regex(said, /^NoNewPrivs:\s1\nSeccomp:\s2$/m);
});
