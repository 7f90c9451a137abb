import { request } from 'node:http';
import { layout, rootsFromEnvironment } from '../provisioning/layout.ts';
import { CODE } from './settings.ts';

interface Answer {
  status: number;
  text: string;
}

/** Where this host keeps things. */
export const at = layout(rootsFromEnvironment(CODE));

/** Asks the agent of this host; `line` hears each line of the answer as it comes. */
export function ask(method: string, path: string, body?: string, line: (text: string) => void = () => {}): Promise<Answer> {
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

/** Prints an answer; throws what the agent says against it. */
export function print(answer: Answer): void {
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

/** Has something made, told step by step; `loud` shows what the programs say meanwhile. */
export async function make(method: 'PUT' | 'POST' | 'DELETE', path: string, body: string, loud = false): Promise<void> {
  const names = new Map<string, string>();
  let ended = false;
  const answer = await ask(method, path, body, text => {
    const event = JSON.parse(text);
    if (event.type === 'plan') {
      for (const step of event.steps) names.set(step.id, step.why);
      if (!event.steps.length) console.log('Nothing is left to do.');
    }
    if (event.type === 'step' && event.state !== 'running')
      console.log(`${event.state === 'done' ? 'done  ' : 'FAILED'}  ${names.get(event.id)} (${event.ms} ms)`);
    if (loud && event.type === 'output') process.stderr.write(event.text.replaceAll(/^(?=.)/gm, '        '));
    if (event.type === 'end') {
      ended = event.ok;
      if (!event.ok) console.error(event.error);
    }
  });
  if (answer.status >= 400) print(answer);
  if (!ended) process.exitCode = 1;
}
