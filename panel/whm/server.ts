import { createServer, type IncomingMessage, type RequestListener, type Server, type ServerResponse } from 'node:http';
import { createServer as createTlsServer, type TLSSocket, type Server as TlsServer } from 'node:tls';
import { Refused } from '../../provisioning/errors.ts';
import { TooMany } from '../middleware/limit.ts';
import type { WhmSettings } from '../settings.ts';
import { certificate } from './certificate.ts';
import { callerOf } from './credentials.ts';
import { DENIED, failure, one, zero } from './envelope.ts';
import { FUNCTIONS, RESELLERS, type WhmFunction } from './functions.ts';
import { Params, readParams } from './params.ts';
import { judge, Repaired } from './repair.ts';

const BODY_BYTES = 256 * 1024;
const PATH = /^(?:\/cpsess\d+)?\/json-api\/([A-Za-z0-9_]{1,64})\/?$/;

async function bodyOf(request: IncomingMessage): Promise<string> {
  const pieces: Buffer[] = [];
  let size = 0;
  for await (const piece of request) {
    size += (piece as Buffer).length;
    if (size > BODY_BYTES) throw new Refused('too-large', 'The body is too large.', '', { status: 413 });
    pieces.push(piece as Buffer);
  }
  return Buffer.concat(pieces).toString('utf8');
}

function send(response: ServerResponse, status: number, body: object): void {
  // Clients drop any answer that holds "<html", so no text of ours may bring a tag in.
  const text = JSON.stringify(body).replaceAll('<', '\\u003c');
  response.writeHead(status, {
    'Content-Type': 'application/json; charset=utf-8',
    'Cache-Control': 'no-store',
    'X-Content-Type-Options': 'nosniff',
  });
  response.end(text);
}

/** What staff read of a failure: one short sentence, and what to do where there is something. */
function reasonOf(error: unknown): { reason: string; status: number } {
  if (!(error instanceof Refused)) {
    console.error('whm:', error);
    return { reason: 'Berth met an error of its own; it is in the log of the panel. Try again in a moment.', status: 500 };
  }
  const [field] = error.fields;
  const told = error.code === 'invalid' && field ? `${field.field}: ${field.message}.` : error.message;
  const help = error.code === 'invalid' || error.help === '' ? '' : ` ${error.help}`;
  return { reason: `${told}${help}`.replace(/[\r\n<>]+/g, ' ').slice(0, 500), status: error.status };
}

function find(name: string): WhmFunction {
  const known = FUNCTIONS.get(name);
  if (known) return known;
  const reseller = RESELLERS.has(name);
  const why = reseller ? 'This server has no resellers' : `Unknown app requested for this version of the API: ${name}`;
  const run = async () => {
    throw new Refused(reseller ? 'no-resellers' : 'unknown-function', `${why}.`, '', { status: 404 });
  };
  return { form: reseller ? 'action' : 'query', scope: 'accounts:read', run };
}

/** The version a call asks for: absent or 0 is API 0, anything from 1 on API 1. */
const versionOf = (params: Params): 0 | 1 => (Number(params.text('api.version')) >= 1 ? 1 : 0);

async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const url = new URL(request.url ?? '/', 'https://whm');
  const fn = PATH.exec(url.pathname)?.[1]?.toLowerCase();
  if (!fn) return send(response, 404, { error: 'This port answers /json-api/ only.' });
  if (request.method !== 'GET' && request.method !== 'POST') return send(response, 405, { error: 'Use GET or POST.' });
  const caller = await callerOf(request.headers.authorization ?? '', request.socket.remoteAddress ?? '');
  if (!caller) return send(response, 403, DENIED);
  const wanted = find(fn);
  let params = new Params(new Map());
  try {
    params = readParams(url.searchParams, request.headers['content-type'] ?? '', await bodyOf(request));
    if (!caller.actor.scopes.has(wanted.scope)) throw new Refused('not-allowed', `This token may not do this; it needs ${wanted.scope}.`);
    const done = await wanted.run(caller, params);
    const { written } = done;
    if (written) response.once('finish', () => void written().catch(error => console.error('whm:', error)));
    // Nobody is left to read it: whoever asks again is asking for the first time.
    if (response.destroyed) return;
    send(response, 200, versionOf(params) === 1 ? one(fn, wanted.form, done) : zero(wanted.form, done));
  } catch (error) {
    const { reason, status } = reasonOf(error);
    send(response, caller.failByStatus ? Math.max(400, status) : 200, failure(fn, versionOf(params), wanted.form, reason));
  }
}

const running = new Set<Promise<void>>();

/** What answers WHM's calls, for any HTTP server. */
export const listener: RequestListener = (request, response) => {
  const work = answer(request, response).catch(error => {
    if (response.headersSent) return void response.destroy();
    if (error instanceof TooMany) return send(response, 403, DENIED);
    send(response, 500, failure('', 1, 'query', reasonOf(error).reason));
  });
  running.add(work);
  void work.finally(() => running.delete(work));
};

/** The WHM-compatible port, open until it is closed. */
export interface Whm {
  port: number;
  close(): Promise<void>;
}

/** Takes one connection: the server gets it as it is, or, where that is allowed, one repaired request of it. */
function take(http: Server, socket: TLSSocket, repair: boolean): void {
  if (!repair) return void http.emit('connection', socket);
  let seen = Buffer.alloc(0);
  const patience = setTimeout(() => socket.destroy(), 10_000);
  const look = (piece: Buffer) => {
    seen = Buffer.concat([seen, piece]);
    const verdict = judge(seen);
    if (verdict.do === 'wait') return;
    clearTimeout(patience);
    socket.off('data', look);
    if (verdict.do === 'refuse') return void socket.destroy();
    if (verdict.do === 'repair') {
      console.warn('whm: took a malformed request, as the PHP class xmlapi sends them (BERTH_WHM_REPAIR=1)');
      return void http.emit('connection', new Repaired(socket, verdict.request));
    }
    socket.pause();
    socket.unshift(seen);
    http.emit('connection', socket);
    socket.resume();
  };
  socket
    .on('data', look)
    .on('error', () => socket.destroy())
    .on('close', () => clearTimeout(patience));
}

function listen(server: TlsServer, { port, address }: WhmSettings): Promise<Error | null> {
  return new Promise((done, fail) => {
    server.once('error', (error: NodeJS.ErrnoException) => {
      if (error.code !== 'EADDRINUSE') return fail(error);
      done(new Error(`Port ${port} is taken. Set BERTH_WHM_PORT to a free one.`));
    });
    server.listen(port, address, () => done(null));
  });
}

/** Opens the port: TLS, with the hoster's certificate or one of our own. Throws when it is taken. */
export async function startWhm(settings: WhmSettings): Promise<Whm> {
  const http = createServer(listener);
  http.requestTimeout = 30_000;
  http.headersTimeout = 10_000;
  const open = new Set<TLSSocket>();
  const tls = createTlsServer({ ...(await certificate(settings.files)), minVersion: 'TLSv1.2', handshakeTimeout: 10_000 }, socket => {
    open.add(socket);
    socket.on('close', () => open.delete(socket));
    take(http, socket, settings.repair);
  });
  tls.on('tlsClientError', () => {});
  const problem = await listen(tls, settings);
  if (problem) {
    if (settings.chosen) throw problem;
    console.warn(`${problem.message} Until then there is no WHM-compatible API.`);
    return { port: 0, close: async () => {} };
  }
  return {
    port: (tls.address() as { port: number }).port,
    async close() {
      const closed = new Promise(done => tls.close(done));
      // What has begun is finished, so that no account is left half made.
      await Promise.allSettled(running);
      for (const socket of open) socket.destroy();
      await closed;
    },
  };
}
