import { spawn, spawnSync } from 'node:child_process';
import { chmodSync, chownSync, lchownSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { type IncomingHttpHeaders, request } from 'node:http';
import { createServer } from 'node:net';
import { dirname } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import type { ExecutionContext } from 'ava';
import { nginxMain } from '../../../provisioning/foundation/nginx.ts';
import { PAGES, pageText } from '../../../provisioning/foundation/pages.ts';
import { folders } from '../../../provisioning/foundation/spec.ts';
import type { Way } from '../../../provisioning/layout.ts';
import { type Held, held } from '../slotd/held.ts';

const WEB = 33;
export interface Page {
  status: number;
  headers: IncomingHttpHeaders;
  body: string;
}

interface Visit {
  method?: string;
  headers?: Record<string, string>;
  body?: string | Buffer;
}

/** The real nginx with the foundation's settings before a private slot server. */
export class Front {
  readonly server: Held;
  readonly port: number;

  constructor(server: Held, port: number) {
    this.server = server;
    this.port = port;
  }

  /** Publishes a slot at a host name, as the site resource does. */
  publish(spec: { account: string; app: string; uid: number }, host: string, way: Way): void {
    const { at } = this.server;
    const home = at.home(spec.account);
    chownSync(home, spec.uid, WEB);
    chmodSync(home, 0o710);
    const www = at.www(spec.account, host);
    mkdirSync(dirname(www), { recursive: true });
    symlinkSync(`../apps/${spec.app}/current/public`, www);
    lchownSync(www, spec.uid, spec.uid);
    symlinkSync(home, at.siteHome(host, way));
    symlinkSync(at.slotSocket(spec.account, spec.app), at.site(host));
  }

  /** Makes an app, loads its slot and publishes it. */
  async open(way: Way, host: string, ...what: Parameters<Held['make']>) {
    const spec = await this.server.load(...what);
    this.publish(spec, host, way);
    return spec;
  }

  async visit(host: string, path = '/', { method = 'GET', headers = {}, body }: Visit = {}): Promise<Page> {
    return new Promise((done, fail) => {
      const more = body === undefined ? {} : { 'Content-Length': String(Buffer.byteLength(body)) };
      const options = { host: '127.0.0.1', port: this.port, path, method, agent: false, timeout: 30_000 };
      const asked = request({ ...options, headers: { Host: `${host}:${this.port}`, ...more, ...headers } }, answer => {
        let text = '';
        answer.setEncoding('latin1').on('data', piece => {
          text += piece;
        });
        answer.on('end', () => done({ status: answer.statusCode ?? 0, headers: answer.headers, body: text }));
        answer.on('error', fail);
      });
      asked.on('timeout', () => asked.destroy(new Error('no answer in 30 s')));
      asked.on('error', fail);
      asked.end(body);
    });
  }
}

function freePort(): Promise<number> {
  return new Promise((done, fail) => {
    const server = createServer().on('error', fail);
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      server.close(() => done(typeof address === 'object' && address ? address.port : 0));
    });
  });
}

/** Installs Debian packages that are not there yet. */
export function packages(present: () => boolean, ...names: string[]): void {
  if (present()) return;
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
  spawnSync('apt-get', ['update'], { env });
  spawnSync('apt-get', ['install', '-y', '--no-install-recommends', ...names], { env });
  if (!present()) throw new Error(`these packages could not be installed: ${names.join(', ')}`);
}

/** A slot server with nginx before it for one test, cleared away afterwards. */
export async function front(t: ExecutionContext): Promise<Front> {
  const server = await held(t);
  const { at } = server;
  const port = await freePort();
  for (const { path, group, mode } of folders(at, { embeddedDatabase: false })) {
    mkdirSync(path, { recursive: true });
    chmodSync(path, path === at.state || path === at.run ? 0o755 : mode);
    chownSync(path, 0, group === 'web' ? WEB : 0);
  }
  for (const [name, page] of Object.entries(PAGES)) writeFileSync(at.nginxPage(name), pageText(page));
  writeFileSync(at.nginxMain, nginxMain(at, { sitesPort: port }));
  const argv = ['-e', 'stderr', '-p', at.nginxFolder, '-c', at.nginxMain, '-g', 'daemon off;'];
  const child = spawn('/usr/sbin/nginx', argv, { stdio: ['ignore', 'ignore', 'pipe'] });
  let said = '';
  child.stderr.on('data', piece => {
    said += piece;
  });
  t.teardown(async () => {
    child.kill('SIGTERM');
    await pause(50);
    if (said) t.log(said.slice(-2000));
  });
  const it = new Front(server, port);
  for (const end = Date.now() + 10_000; Date.now() < end; await pause(20)) {
    if (await it.visit('no-site.invalid').catch(() => null)) return it;
  }
  throw new Error(`nginx did not start: ${said}`);
}
