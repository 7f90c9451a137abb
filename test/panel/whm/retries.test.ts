import { request } from 'node:https';
import { setTimeout as pause } from 'node:timers/promises';
import { ADMIN_TOKEN, onStage } from '../panel.ts';
import { form, whm } from './talk.ts';

const { it, stage } = onStage();
const fields = { 'api.version': '1', username: 'patient', domain: 'patient.example', contactemail: 'p@b.example', plan: 'small' };

/** Asks and hangs up after a second. */
function cutOff(query: string): Promise<void> {
  return new Promise(done => {
    const headers = { Authorization: `whm root:${ADMIN_TOKEN}` };
    const asked = request({
      host: '127.0.0.1',
      port: stage().whmPort(),
      path: `/json-api/createacct?${query}`,
      headers,
      rejectUnauthorized: false,
    });
    asked.on('error', () => done());
    asked.end();
    setTimeout(() => asked.destroy(), 1000);
  });
}

it('a client that is cut off and asks again has one account, whose password is the last one sent', async t => {
  t.timeout(30_000);
  await stage().api('POST', '/plans', { name: 'small' });
  stage().agent.scripts.push(async (tell, manifest) => {
    await pause(2500);
    tell({ type: 'end', ok: true, generation: manifest.generation });
  });
  await cutOff(form({ ...fields, password: 'the-first-password' }));
  const again = await whm(stage().whmPort(), `/json-api/createacct?${form({ ...fields, password: 'the-second-password' })}`);
  t.is(again.json.metadata.result, 1, again.text);
  const listed = await whm(stage().whmPort(), '/json-api/listaccts?searchtype=user&search=patient');
  t.is(listed.json.acct.length, 1);
  const third = await whm(stage().whmPort(), `/json-api/createacct?${form({ ...fields, password: 'the-third-password' })}`);
  t.regex(third.json.metadata.reason, /already has an account/, 'the second answer was read, so this is somebody else');
});

it('another plan, domain or address is another account, also for a client that was cut off', async t => {
  t.timeout(30_000);
  await stage().api('POST', '/plans', { name: 'large' });
  const first = { ...fields, username: 'hasty', domain: 'hasty.example' };
  stage().agent.scripts.push(async (tell, manifest) => {
    await pause(2000);
    tell({ type: 'end', ok: true, generation: manifest.generation });
  });
  await cutOff(form(first));
  for (const change of [{ plan: 'large' }, { domain: 'hasty2.example' }, { contactemail: 'x@b.example' }]) {
    const said = await whm(stage().whmPort(), `/json-api/createacct?${form({ ...first, ...change })}`);
    t.is(said.json.metadata.result, 0, said.text);
  }
});

it('what the host cannot make leaves no account behind, and the name is free again', async t => {
  t.timeout(30_000);
  const wanted = { ...fields, username: 'unlucky', domain: 'unlucky.example' };
  stage().agent.scripts.push((tell, manifest) =>
    tell({ type: 'end', ok: false, generation: manifest.generation, error: 'The disk is full.' }),
  );
  const failed = await whm(stage().whmPort(), `/json-api/createacct?${form(wanted)}`);
  t.regex(failed.json.metadata.reason, /The disk is full/);
  for (let tries = 0; tries < 50; tries++) {
    if ((await stage().api('GET', '/accounts/unlucky')).status === 404) break;
    await pause(100);
  }
  t.is((await whm(stage().whmPort(), '/json-api/listaccts?searchtype=user&search=unlucky')).json.acct.length, 0);
  const again = await whm(stage().whmPort(), `/json-api/createacct?${form(wanted)}`);
  t.is(again.json.metadata.result, 1, again.text);
});

it('fifty at once for one name make one account', async t => {
  t.timeout(60_000);
  const wanted = { ...fields, username: 'crowded' };
  const said = await Promise.all(
    Array.from({ length: 50 }, (_, n) => whm(stage().whmPort(), `/json-api/createacct?${form({ ...wanted, domain: `c${n}.example` })}`)),
  );
  t.is(said.filter(({ json }) => json.metadata.result === 1).length, 1);
});
