import { request } from 'node:http';
import test from 'ava';
import { startAgent } from './started.ts';

interface Answer {
  status: number;
  text: string;
}

function ask(socketPath: string, method: string, path: string, body = ''): Promise<Answer> {
  return new Promise((done, fail) => {
    const asked = request({ socketPath, method, path, headers: { 'Content-Length': Buffer.byteLength(body) } }, answer => {
      let text = '';
      answer.setEncoding('utf8').on('data', chunk => {
        text += chunk;
      });
      answer.on('end', () => done({ status: answer.statusCode ?? 0, text }));
    });
    asked.on('error', fail);
    asked.end(body);
  });
}

const lines = ({ text }: Answer) =>
  text
    .trim()
    .split('\n')
    .map(line => JSON.parse(line));
const file = { kind: 'file' as const, mode: 0o755, uid: 0, gid: 0, text: '' };

test('stacks are added, told, kept while apps use them, and removed', async t => {
  const agent = await startAgent();
  t.teardown(agent.stop);
  const { entries } = agent.paper;
  entries.set('/usr/bin/python3', { ...file, kind: 'link', target: 'python3.11' });
  entries.set('/usr/bin/python3.11', file);
  entries.set('/usr/share/python-wheels/pip-23.0.1-py3-none-any.whl', file);
  const added = lines(await ask(agent.socket, 'POST', '/stacks', JSON.stringify({ requirements: ['Django==5.1.4', 'PyMySQL'] })));
  t.like(added.at(-1), { type: 'end', ok: true });
  t.regex(added[0].steps[0].why, /stack django-5\.1 is wanted/);
  const list = async () =>
    JSON.parse((await ask(agent.socket, 'GET', '/stacks')).text).stacks as { id: string; origin: string; apps: string[] }[];
  t.deepEqual(
    (await list()).map(({ id, origin }) => `${id} ${origin}`),
    ['django-5.2 catalog', 'django-5.1 hoster'],
  );
  entries.set(agent.at.slotSpec('ada', 'blog'), { ...file, text: JSON.stringify({ name: 'ada.blog', stack: 'django-5.1' }) });
  const kept = await ask(agent.socket, 'DELETE', '/stacks/django-5.1');
  t.is(kept.status, 409);
  t.like(JSON.parse(kept.text), { code: 'stack-used', detail: 'The stack django-5.1 is used by ada.blog.' });
  t.like(lines(await ask(agent.socket, 'DELETE', '/stacks/django-5.1?force=1')).at(-1), { type: 'end', ok: true });
  t.is((await list()).length, 1);
});

test('what cannot be a stack is refused, with the field and the remedy', async t => {
  const agent = await startAgent();
  t.teardown(agent.stop);
  const post = async (body: object) => JSON.parse((await ask(agent.socket, 'POST', '/stacks', JSON.stringify(body))).text);
  t.like(await post({}), { code: 'stack-invalid', errors: [{ field: 'body' }] });
  t.like(await post({ requirements: ['--index-url=x'] }), { errors: [{ field: 'requirements.0' }] });
  t.like(await post({ requirements: ['flask'], python: '../python' }), { errors: [{ field: 'python' }] });
  t.like(await post({ id: '../x', lock: 'flask==3' }), { status: 422 });
  t.like(await post({ requirements: ['flask'], python: '/opt/none/bin/python3.12' }), { code: 'python-unfit' });
  t.is((await ask(agent.socket, 'DELETE', '/stacks/none')).status, 404);
  t.regex((await ask(agent.socket, 'DELETE', '/stacks/django-5.2')).text, /comes with Berth/);
  t.regex((await ask(agent.socket, 'DELETE', '/stacks/..%2f..%2fx')).text, /no stack/);
  t.deepEqual(JSON.parse((await ask(agent.socket, 'GET', '/stacks/proposals')).text), { proposals: [], lookedInto: 0, accounts: 0 });
});
