import { readFile } from 'node:fs/promises';
import { request } from 'node:http';
import { layout, rootsFromEnvironment } from '../provisioning/layout.ts';
import { CODE } from './settings.ts';

const USAGE = `berthd speaks to the agent of this host.

  berthd inspect ACCOUNT           what stands, what is wanted, and what differs
  berthd plan MANIFEST.json        the steps that would make a manifest true; changes nothing
  berthd apply MANIFEST.json       makes it true, told step by step
  berthd remove ACCOUNT --confirm ACCOUNT
                                   deletes an account with its files and databases
  berthd doctor                    whether the agent, the slot server and the host are well
`;

interface Answer {
  status: number;
  text: string;
}

const at = layout(rootsFromEnvironment(CODE));

function ask(method: string, path: string, body?: string, line: (text: string) => void = () => {}): Promise<Answer> {
  return new Promise((done, fail) => {
    const headers = { 'Content-Length': Buffer.byteLength(body ?? '') };
    const asked = request({ socketPath: at.agentSocket, method, path, headers }, answer => {
      let text = '';
      let rest = '';
      answer.setEncoding('utf8').on('data', chunk => {
        text += chunk;
        const lines = (rest + chunk).split('\n');
        rest = lines.pop() ?? '';
        for (const entry of lines) line(entry);
      });
      answer.on('end', () => done({ status: answer.statusCode ?? 0, text }));
      answer.on('error', fail);
    });
    asked.on('error', () => fail(new Error(`The agent does not answer at ${at.agentSocket}. Start it, and run this as root.`)));
    asked.end(body);
  });
}

function print(answer: Answer): void {
  if (answer.status >= 400) {
    const {
      detail,
      help,
      errors = [],
    } = JSON.parse(answer.text) as { detail: string; help: string; errors?: { field: string; message: string }[] };
    throw new Error([detail, help, ...errors.map(entry => `${entry.field}: ${entry.message}`)].filter(Boolean).join('\n'));
  }
  console.log(JSON.stringify(JSON.parse(answer.text), null, 2));
}

async function make(method: 'PUT' | 'DELETE', account: string, manifest: string): Promise<void> {
  const names = new Map<string, string>();
  let ended = false;
  const answer = await ask(method, `/accounts/${account}`, manifest, text => {
    const event = JSON.parse(text);
    if (event.type === 'plan') for (const step of event.steps) names.set(step.id, step.why);
    if (event.type === 'step' && event.state !== 'running')
      console.log(`${event.state === 'done' ? 'done  ' : 'FAILED'}  ${names.get(event.id)} (${event.ms} ms)`);
    if (event.type === 'end') {
      ended = event.ok;
      if (!event.ok) console.error(event.error);
    }
  });
  if (answer.status >= 400) print(answer);
  if (!ended) process.exitCode = 1;
}

async function doctor(): Promise<void> {
  for (const path of ['/health', '/host']) print(await ask('GET', path));
}

/** The word and its operands, as typed. Throws with a sentence when something is missing or the agent says no. */
export async function berthd([word, operand = '', flag, confirmed]: string[]): Promise<void> {
  const manifestFile = async () => {
    const text = await readFile(operand, 'utf8');
    return { text, account: String((JSON.parse(text) as { account?: { name?: string } }).account?.name) };
  };
  if (word === 'inspect' && operand) return print(await ask('GET', `/accounts/${encodeURIComponent(operand)}`));
  if (word === 'plan' && operand) {
    const { text, account } = await manifestFile();
    return print(await ask('POST', `/accounts/${encodeURIComponent(account)}/plan`, text));
  }
  if (word === 'apply' && operand) {
    const { text, account } = await manifestFile();
    return make('PUT', encodeURIComponent(account), text);
  }
  if (word === 'remove' && operand) {
    if (flag !== '--confirm' || confirmed !== operand)
      throw new Error(`This deletes every file and database of ${operand}. Add --confirm ${operand} to go on.`);
    const kept = JSON.parse(await readFile(at.manifest(operand), 'utf8')) as { manifest: { generation: number } };
    return make('DELETE', encodeURIComponent(operand), JSON.stringify({ ...kept.manifest, generation: kept.manifest.generation + 1 }));
  }
  if (word === 'doctor') return doctor();
  console.log(USAGE);
}
