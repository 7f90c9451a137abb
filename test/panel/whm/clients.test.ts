import { ADMIN_TOKEN, onStage } from '../panel.ts';
import { form, raw, whm } from './talk.ts';

const { it, stage } = onStage();
const post = (fn: string, fields: Record<string, string> = {}, more: object = {}) =>
  whm(stage().whmPort(), `/json-api/${fn}`, { method: 'POST', body: form(fields), ...more });
const get = (fn: string, query = '') => whm(stage().whmPort(), `/json-api/${fn}${query ? `?${query}` : ''}`);

it('who has no valid key is denied in words that every client knows', async t => {
  for (const authorization of [null, 'whm root:wrong', 'Bearer x', 'Basic cm9vdDp3cm9uZw==', 'whm', `whm somebody:${ADMIN_TOKEN}`]) {
    const said = await whm(stage().whmPort(), '/json-api/version', { authorization });
    t.is(said.status, 403);
    t.is(said.json.cpanelresult.error, 'Access denied');
    t.is(said.json.cpanelresult.data.result, '0');
  }
});

it('every spelling of the key is taken', async t => {
  const spellings = [
    `WHM root:${ADMIN_TOKEN}`,
    `whm root:${ADMIN_TOKEN.slice(0, 6)}\r\n ${ADMIN_TOKEN.slice(6)}`.replace('\r\n', ''),
    `WHM admin:${ADMIN_TOKEN}`,
  ];
  for (const authorization of spellings) t.is((await whm(stage().whmPort(), '/json-api/version', { authorization })).status, 200);
  const basic = `Basic ${Buffer.from('admin:a password for the tests').toString('base64')}`;
  t.is((await whm(stage().whmPort(), '/json-api/version', { authorization: basic })).status, 200);
  t.is((await whm(stage().whmPort(), '/json-api/version', { authorization: 'Basic admin:a password for the tests' })).status, 200);
});

it('a life as FOSSBilling leads it: API 0, urlencoded, package names of its own', async t => {
  t.truthy((await post('version')).json.version);
  t.deepEqual((await post('listpkgs')).json.package, []);
  const packed = await post('addpkg', {
    name: 'root_Gold Plan',
    quota: '1000',
    bwlimit: 'unlimited',
    maxsql: '5',
    maxaddon: '3',
    maxpop: '7',
    cgi: '1',
  });
  t.is(packed.json.result[0].status, 1, packed.text);
  const [gold] = (await post('listpkgs')).json.package;
  t.like(gold, { name: 'root_Gold Plan', QUOTA: '1000', BWLIMIT: 'unlimited', MAXSQL: '5', MAXADDON: '3', MAXPOP: '7' });
  t.is((await post('addpkg', { name: 'root_Gold Plan', quota: '1' })).json.result[0].status, 0);

  const fields = {
    username: 'a6588ng1',
    domain: 'fossil.example',
    password: 'a-good-password',
    contactemail: 'a@b.example',
    plan: 'root_Gold Plan',
    useregns: '0',
  };
  const made = await post('createacct', fields);
  t.is(made.json.result[0].status, 1, made.text);
  t.is(made.json.result[0].statusmsg, 'Account Creation Ok');
  t.regex(made.json.result[0].options.ip, /^[\d.]+$/);

  const summary = await post('accountsummary', { user: 'a6588ng1' });
  t.like(summary.json.acct[0], { user: 'a6588ng1', domain: 'fossil.example', suspended: 0, plan: 'root_Gold Plan', disklimit: '1000M' });
  t.is((await post('suspendacct', { user: 'a6588ng1', reason: 'unpaid' })).json.result[0].status, 1);
  t.is((await post('suspendacct', { user: 'a6588ng1', reason: 'unpaid' })).json.result[0].status, 1, 'done twice is done');
  t.like((await post('accountsummary', { user: 'a6588ng1' })).json.acct[0], { suspended: 1, suspendreason: 'unpaid' });
  t.is((await post('unsuspendacct', { user: 'a6588ng1' })).json.result[0].status, 1);
  t.is((await post('unsuspendacct', { user: 'a6588ng1' })).json.result[0].status, 1);
  const passed = await post('passwd', { user: 'a6588ng1', pass: 'another-good-one', db_pass_update: '1' });
  t.is(passed.json.passwd[0].status, 1, passed.text);
  const session = await post('create_user_session', { 'api.version': '2', user: 'a6588ng1', service: 'cpaneld' });
  t.regex(session.json.data.url, /\/login-links\//);
  await post('addpkg', { name: 'root_Silver', quota: '500', maxsql: '5', maxaddon: '3' });
  t.is((await post('changepackage', { user: 'a6588ng1', pkg: 'root_Silver' })).json.result[0].status, 1);
  t.is((await post('accountsummary', { user: 'a6588ng1' })).json.acct[0].plan, 'root_Silver');
  t.is((await post('createacct', { ...fields, username: 'bystander', domain: 'by.example' })).json.result[0].status, 1);
  t.is((await post('modifyacct', { user: 'a6588ng1', newuser: 'bystander' })).json.result[0].status, 0, 'somebody has that name');
  t.is((await post('modifyacct', { user: 'a6588ng1', newuser: 'fossil' })).json.result[0].status, 1);
  t.like((await post('accountsummary', { user: 'fossil' })).json.acct[0], { user: 'fossil', domain: 'fossil.example' });
  t.like(
    stage()
      .agent.heard.filter(({ method }) => method === 'PUT')
      .at(-1)?.manifest?.account,
    { name: 'a6588ng1', alias: 'fossil' },
  );
  t.is((await post('accountsummary', { user: 'a6588ng1' })).json.status, 0);
  const again = await post('createacct', { ...fields, domain: 'other.example' });
  t.regex(again.json.result[0].statusmsg, /already has an account/, 'its host still knows it by the first name');
  t.is((await post('modifyacct', { user: 'fossil', newuser: 'a6588ng1' })).json.result[0].status, 1, 'back again');
  t.is((await post('removeacct', { user: 'a6588ng1', keepdns: '0' })).json.result[0].status, 1);
  t.is((await post('removeacct', { user: 'a6588ng1', keepdns: '0' })).json.result[0].status, 1, 'removed lately');
  t.is((await post('removeacct', { user: 'neverwas' })).json.result[0].status, 0);
});

it('a life as Paymenter leads it: both versions, no password, capitals, JSON for the session', async t => {
  t.is((await get('listaccts')).status, 200);
  const query = form({
    'api.version': '1',
    username: 'AbCdEfGhIjKlMnOp',
    contactemail: 'p@b.example',
    domain: 'paying.example',
    plan: 'root_Silver',
  });
  const made = await get('createacct', query);
  t.is(made.json.metadata.result, 1, made.text);
  t.is(made.json.metadata.reason, 'Account Creation Ok');
  const user = 'abcdefghijklmnop';
  for (const [fn, more] of [
    ['suspendacct', ''],
    ['unsuspendacct', ''],
    ['modifyacct', '&plan=root_Gold+Plan'],
  ] as const) {
    const said = await get(fn, `api.version=1&user=${user}${more}`);
    t.is(said.json.metadata.result, 1, said.text);
  }
  const session = await whm(stage().whmPort(), '/json-api/create_user_session', {
    method: 'POST',
    type: 'application/json',
    body: JSON.stringify({ 'api.version': 1, user, service: 'cpaneld' }),
  });
  t.regex(session.json.data.url, /^http/);
  t.is((await get('removeacct', `api.version=1&user=${user}`)).json.metadata.result, 1);
});

it('what goes wrong is told with status 200, shortly, and without data', async t => {
  const nobody = await get('accountsummary', 'api.version=1&user=nobody1');
  t.is(nobody.status, 200);
  t.deepEqual(Object.keys(nobody.json), ['metadata']);
  t.is(nobody.json.metadata.result, 0);
  const cases: [string, Record<string, string>, RegExp][] = [
    ['createacct', { username: 'root', domain: 'x.example', plan: 'root_Silver' }, /name|root/i],
    ['createacct', { username: '1abc', domain: 'x.example', plan: 'root_Silver' }, /username/i],
    ['createacct', { username: 'fine', domain: 'x.example', plan: 'no such' }, /not a valid package/],
    ['createacct', { username: 'fine', plan: 'root_Silver' }, /domain/],
    ['setupreseller', { user: 'fine' }, /no resellers/],
    ['nosuchthing', {}, /Unknown app/],
  ];
  for (const [fn, fields, wanted] of cases) {
    const said = await post(fn, { 'api.version': '1', ...fields });
    t.is(said.status, 200);
    t.is(said.json.metadata.result, 0, said.text);
    t.regex(said.json.metadata.reason, wanted);
  }
  const twice = await whm(stage().whmPort(), '/json-api/removeacct?user=one', { method: 'POST', body: 'user=two' });
  t.regex(twice.text, /twice/);
});

it('a second try with another name for the same domain is told who has it', async t => {
  const first = await post('createacct', { username: 'holder1', domain: 'held.example', plan: 'root_Silver' });
  t.is(first.json.result[0].status, 1, first.text);
  const second = await post('createacct', { username: 'holder2', domain: 'held.example', plan: 'root_Silver' });
  t.regex(second.json.result[0].statusmsg, /already belongs to the account “holder1”/);
  t.deepEqual(
    (await post('listaccts', { searchtype: 'user', search: 'holder(.*)' })).json.acct.map((row: { user: string }) => row.user),
    ['holder1'],
  );
  const traffic = await post('showbw', { search: 'holder1', searchtype: 'user' });
  t.like(traffic.json.bandwidth[0].acct[0], { user: 'holder1', totalbytes: 0 });
});

it('the malformed request of cPanel’s own class is taken, alone on its connection', async t => {
  const body = 'user=holder1';
  const head = [
    'POST /json-api/accountsummary HTTP/1.1',
    'Host: h',
    'Accept: */*',
    'Transfer-Encoding: chunked',
    `Authorization: WHM root:${ADMIN_TOKEN}`,
  ];
  const sent = [
    ...head,
    'Content-Type: application/x-www-form-urlencoded',
    `Content-Length: ${body.length}`,
    '',
    body,
    'Content-Type: x',
    'Expect: 100-continue',
    '',
    '',
  ];
  const said = await raw(stage().whmPort(), sent.join('\r\n'));
  t.regex(said, /^HTTP\/1.1 200/);
  t.regex(said, /"user":"holder1"/);
  const smuggled = `${sent.join('\r\n')}POST /json-api/removeacct?user=holder1 HTTP/1.1\r\nHost: h\r\nAuthorization: WHM root:${ADMIN_TOKEN}\r\nContent-Length: 0\r\n\r\n`;
  t.is((await raw(stage().whmPort(), smuggled)).match(/HTTP\/1.1/g)?.length, 1);
  t.is((await post('accountsummary', { user: 'holder1' })).json.status, 1);
  const other = sent.map(line => (line.startsWith('Accept') ? 'X-Other: 1' : line)).filter(line => !line.startsWith('Authorization'));
  t.notRegex(await raw(stage().whmPort(), other.join('\r\n')), /^HTTP\/1.1 200/);
});
