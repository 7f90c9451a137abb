import test from 'ava';
import { addressRange, isWithin } from '../../panel/tokens/addresses.ts';
import { onStage } from './panel.ts';
import { whm } from './whm/talk.ts';

const { it, stage } = onStage();

test('ranges of addresses hold what they say', t => {
  t.true(isWithin('203.0.113.7', []));
  t.true(isWithin('203.0.113.7', ['203.0.113.0/24']));
  t.true(isWithin('::ffff:203.0.113.7', ['203.0.113.7']));
  t.false(isWithin('203.0.114.7', ['203.0.113.0/24', '2001:db8::/48']));
  t.true(isWithin('2001:db8::5', ['2001:db8::/48']));
  t.false(isWithin('', ['0.0.0.0/0']));
  for (const wrong of ['nonsense', '1.2.3', '1.2.3.4/33', '::/129', '1.2.3.4/x', '1.2.3.4/8/8'])
    t.false(addressRange.safeParse(wrong).success, wrong);
});

it('a token works only from where it may', async t => {
  const made = await stage().api('POST', '/tokens', { name: 'elsewhere', addresses: ['203.0.113.0/24'] });
  t.is(made.status, 201, made.text);
  t.is((await stage().raw('GET', '/api/v1/plans', { Authorization: `Bearer ${made.json.token}` })).status, 401);
  t.is((await whm(stage().whmPort(), '/json-api/version', { authorization: `whm root:${made.json.token}` })).status, 403);
  const here = await stage().api('POST', '/tokens', { name: 'here', addresses: ['127.0.0.0/8', '::1'] });
  t.is((await stage().raw('GET', '/api/v1/plans', { Authorization: `Bearer ${here.json.token}` })).status, 200);
  t.is((await stage().api('POST', '/tokens', { name: 'x', addresses: ['nowhere'] })).json.errors[0].field, 'addresses.0');
});

it('a token may ask that failures are told by the status too', async t => {
  const made = await stage().api('POST', '/tokens', { name: 'strict', failByStatus: true });
  const authorization = `whm root:${made.json.token}`;
  const said = await whm(stage().whmPort(), '/json-api/createacct?api.version=1&username=x&domain=y', { authorization });
  t.is(said.status, 422);
  t.is(said.json.metadata.result, 0);
  t.is((await whm(stage().whmPort(), '/json-api/version', { authorization })).status, 200);
});

it('a token that may only read changes nothing on either port', async t => {
  const made = await stage().api('POST', '/tokens', { name: 'reader', scopes: ['accounts:read', 'plans:read'] });
  const said = await whm(stage().whmPort(), '/json-api/addpkg?api.version=1&name=sly', { authorization: `whm root:${made.json.token}` });
  t.regex(said.json.metadata.reason, /plans:write/);
});
