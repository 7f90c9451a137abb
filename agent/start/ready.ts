import { type ClientRequestArgs, type IncomingMessage, request } from 'node:http';
import { connect, createServer } from 'node:net';
import { Refused } from '../../provisioning/errors.ts';

const TIMEOUT_MS = 5000;

/** Opens a connection to a unix socket and closes it. */
export function reach(socketPath: string): Promise<void> {
  return new Promise((done, fail) => {
    const line = connect(socketPath);
    line.setTimeout(TIMEOUT_MS, () => line.destroy(new Error('no answer')));
    line.on('connect', () => {
      line.destroy();
      done();
    });
    line.on('error', fail);
  });
}

/** Sends one line to a unix socket and reads the first line of the answer. */
export function askLine(socketPath: string, line: string): Promise<string> {
  return new Promise((done, fail) => {
    const socket = connect(socketPath, () => socket.write(`${line}\n`));
    let text = '';
    socket.setEncoding('utf8');
    socket.setTimeout(TIMEOUT_MS, () => socket.destroy(new Error('no answer')));
    socket.on('data', piece => {
      text += piece;
      if (!text.includes('\n')) return;
      socket.destroy();
      done(text.slice(0, text.indexOf('\n')));
    });
    socket.on('error', fail);
    socket.on('close', () => fail(new Error('the line was closed')));
  });
}

/** What a page answered. */
export interface Answer {
  status: number;
  body: string;
}

/** Asks over HTTP, on a port or on a unix socket. */
export function ask(options: ClientRequestArgs, body?: string): Promise<Answer> {
  return new Promise((done, fail) => {
    const asked = request({ agent: false, timeout: 30_000, ...options }, (answer: IncomingMessage) => {
      let text = '';
      answer.setEncoding('utf8');
      answer.on('data', piece => {
        text += piece;
      });
      answer.on('end', () => done({ status: answer.statusCode ?? 0, body: text }));
      answer.on('error', fail);
    });
    asked.on('timeout', () => asked.destroy(new Error('no answer')));
    asked.on('error', fail);
    asked.end(body);
  });
}

/** Throws unless the answer has this status. */
export async function expectStatus(options: ClientRequestArgs, status: number): Promise<void> {
  const answer = await ask(options);
  if (answer.status !== status) throw new Error(`it answered ${answer.status}`);
}

/** Throws Refused when a port of this machine is taken by another program. */
export function requireFreePort(port: number, variable: string, what: string): Promise<void> {
  return new Promise((done, fail) => {
    const server = createServer();
    server.on('error', () => {
      const help = `Stop that program, or choose another port with ${variable}.`;
      fail(new Refused('port-taken', `Port ${port}, meant for ${what}, is in use by another program.`, help));
    });
    server.listen(port, '127.0.0.1', () => server.close(() => done()));
  });
}
