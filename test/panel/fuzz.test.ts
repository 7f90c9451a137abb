import { findRoutes } from '../../panel/app.ts';
import { ADMIN_TOKEN, onStage } from './panel.ts';

const { it, stage } = onStage();

/** A small generator that gives the same values at every run. */
function dice(seed: number) {
  let state = seed;
  const next = () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
  const pick = <T>(from: readonly T[]): T => from[Math.floor(next() * from.length)]!;
  return { next, pick };
}

const ODD = [
  '',
  ' ',
  '\u0000',
  '\n',
  "' OR 1=1 --",
  '../../etc',
  '%00',
  '💥',
  'a'.repeat(5000),
  '__proto__',
  'constructor',
  'ada',
  'small',
  '1',
  '-1',
  'null',
];
const KEYS = [
  'name',
  'username',
  'email',
  'plan',
  'source',
  'type',
  'limits',
  'env',
  'confirm',
  'database',
  'domain',
  'app',
  'reason',
  'scopes',
  '__proto__',
  'toString',
];

function value({ next, pick }: ReturnType<typeof dice>, depth = 0): unknown {
  const kind = next();
  if (kind < 0.4 || depth > 3) return pick(ODD);
  if (kind < 0.5) return pick([0, -1, 1e308, 2 ** 53, 0.5]);
  if (kind < 0.6) return pick([null, true, false]);
  if (kind < 0.7) return Array.from({ length: 3 }, () => value({ next, pick }, depth + 1));
  return Object.fromEntries(Array.from({ length: 4 }, () => [pick(KEYS), value({ next, pick }, depth + 1)]));
}

it('whatever is sent to whatever route, the panel does not break', async t => {
  const { raw, account } = stage();
  await account('ada');
  const routes = (await findRoutes()).filter(route => route.kind === 'api' && !route.path.endsWith('/events'));
  const chance = dice(42);
  const strange: string[] = [];
  for (let round = 0; round < 1200; round++) {
    const route = chance.pick(routes);
    const part = () => encodeURIComponent(chance.pick(ODD).slice(0, 300)) || 'x';
    const path = route.path.replaceAll(/:\w+/g, () => (chance.next() < 0.5 ? 'ada' : part()));
    const query = chance.next() < 0.3 ? `?${chance.pick(['limit', 'after', 'range', 'state', 'reveal', 'lines'])}=${part()}` : '';
    const headers: Record<string, string> = { Authorization: `Bearer ${ADMIN_TOKEN}` };
    const body = route.method === 'GET' ? undefined : JSON.stringify(value(chance));
    if (body !== undefined) headers['Content-Type'] = 'application/json';
    const answer = await raw(route.method, path + query, headers, body);
    if (answer.status >= 500 && answer.json?.code !== 'host-away') strange.push(`${route.method} ${path}${query} ${body} → ${answer.text}`);
  }
  t.deepEqual(strange, []);
});

it('paths, headers and bodies that are not even HTTP as it should be are refused, not bugs', async t => {
  const { raw } = stage();
  const auth = { Authorization: `Bearer ${ADMIN_TOKEN}`, 'Content-Type': 'application/json' };
  for (const path of [
    '/api/v1/accounts/%E0%A4%A',
    '/%',
    '/api/v1/plans?limit=%ff',
    '/api/v1/plans?limit=1&limit=2',
    '//api/v1/plans',
    '/api/v1/plans/',
  ]) {
    const { status } = await raw('GET', path, auth);
    t.true(status < 500, `${path} answered ${status}`);
  }
  for (const body of ['', '0', '"x"', '[', 'null', '{"a":1}{"b":2}', '\u0000', '{"name":"\\ud800"}', '['.repeat(20_000)]) {
    const { status } = await raw('POST', '/api/v1/plans', auth, body);
    t.true(status >= 400 && status < 500, `${body.slice(0, 20)} answered ${status}`);
  }
  t.is((await raw('POST', '/api/v1/plans', auth, JSON.stringify({ name: 'x'.repeat(1_100_000) }))).status, 413);
  t.is((await raw('POST', '/api/v1/plans', { ...auth, 'Content-Encoding': 'br' }, 'xx')).status, 400);
  t.true((await raw('POST', '/api/v1/plans', { ...auth, 'Idempotency-Key': 'x y' }, '{"name":"p"}')).status === 400);
  t.is((await raw('GET', '/api/v1/plans', { Authorization: 'Basic YTpi' })).status, 401);
  t.is((await raw('GET', '/api/v1/plans', { Cookie: '__Host-berth=../../x' })).status, 401);
});
