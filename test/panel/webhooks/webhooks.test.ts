import { createHmac } from 'node:crypto';
import { createServer, type IncomingHttpHeaders } from 'node:http';
import { setTimeout as pause } from 'node:timers/promises';
import { onStage } from '../panel.ts';

const { it, stage } = onStage();

interface Got {
  headers: IncomingHttpHeaders;
  body: string;
}

/** A billing system that listens; `answers` are the statuses it gives, the last one for ever. */
async function receiver(...answers: number[]) {
  const got: Got[] = [];
  const server = createServer((request, response) => {
    let body = '';
    request.setEncoding('utf8').on('data', piece => {
      body += piece;
    });
    request.on('end', () => {
      got.push({ headers: request.headers, body });
      response.writeHead(answers[Math.min(got.length, answers.length) - 1] ?? 200).end();
    });
  });
  await new Promise<void>(done => server.listen(0, '127.0.0.1', done));
  const url = `http://127.0.0.1:${(server.address() as { port: number }).port}/hook`;
  return { url, got, close: () => new Promise(done => server.close(done)) };
}

async function until(right: () => boolean | Promise<boolean>, seconds = 15): Promise<void> {
  for (const end = Date.now() + seconds * 1000; !(await right()); await pause(50))
    if (Date.now() > end) throw new Error('it did not come to it');
}

it('messages are signed as Standard Webhooks say, and tell what happened', async t => {
  const billing = await receiver(200);
  const added = await stage().api('POST', '/webhooks', { url: billing.url, events: ['account.created', 'account.suspended'] });
  t.is(added.status, 201, added.text);
  t.regex(added.json.secret, /^whsec_/);
  await stage().account('hooked');
  const suspended = await stage().api('POST', '/accounts/hooked/suspend', { reason: 'unpaid' });
  await stage().job(suspended.json.job);
  await until(() => billing.got.length === 2);
  const told = billing.got.map(({ body }) => JSON.parse(body));
  t.deepEqual(
    told.map(({ type }) => type),
    ['account.created', 'account.suspended'],
  );
  t.like(told[1].data, { account: 'hooked', job: suspended.json.job });
  const { headers, body } = billing.got[0]!;
  const key = Buffer.from(added.json.secret.slice('whsec_'.length), 'base64');
  const wanted = createHmac('sha256', key).update(`${headers['webhook-id']}.${headers['webhook-timestamp']}.${body}`).digest('base64');
  t.is(headers['webhook-signature'], `v1,${wanted}`);
  t.true(Math.abs(Date.now() / 1000 - Number(headers['webhook-timestamp'])) < 60);
  const listed = await stage().api('GET', '/webhooks');
  t.false(listed.text.includes('whsec_'));
  await stage().api('DELETE', `/webhooks/${added.json.id}`);
  await billing.close();
});

it('what was refused is tried again, the log tells it, and a message can be sent anew with the id it had', async t => {
  t.timeout(40_000);
  const billing = await receiver(500, 200);
  const added = await stage().api('POST', '/webhooks', { url: billing.url });
  const path = `/webhooks/${added.json.id}`;
  t.is((await stage().api('POST', `${path}/test`)).status, 202);
  await until(() => billing.got.length === 2, 20);
  t.is(billing.got[0]!.headers['webhook-id'], billing.got[1]!.headers['webhook-id']);
  const log = async () => (await stage().api('GET', `${path}/deliveries`)).json.items;
  await until(async () => (await log())[0].state === 'sent');
  t.like((await log())[0], { event: 'webhook.test', attempts: 2, status: 200 });
  t.is((await stage().api('POST', `${path}/deliveries/${(await log())[0].id}/replay`)).status, 202);
  await until(() => billing.got.length === 3);
  t.is(billing.got[2]!.headers['webhook-id'], billing.got[0]!.headers['webhook-id']);
  t.is((await stage().api('POST', `${path}/deliveries/999999/replay`)).status, 404);
  await stage().api('DELETE', path);
  await billing.close();
});

it('addresses that would leak are refused, and customers have no webhooks', async t => {
  for (const url of [
    'http://example.org/x',
    'https://user:pass@example.org/',
    'ftp://example.org/',
    'nonsense',
    'https://example.org/#x',
  ]) {
    const said = await stage().api('POST', '/webhooks', { url });
    t.is(said.status, 422, url);
    t.is(said.json.errors[0].field, 'url');
  }
  await stage().account('someone');
  const token = await stage().customerToken('someone');
  t.is((await stage().raw('GET', '/api/v1/webhooks', { Authorization: `Bearer ${token}` })).status, 403);
});
