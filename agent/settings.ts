import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { Failed } from '../provisioning/errors.ts';
import { type Layout, layout, rootsFromEnvironment } from '../provisioning/layout.ts';
import type { Bounds } from '../provisioning/stacks/automatic.ts';

/** The folder that holds package.json; assets are found from here whether run from sources or a build. */
export const CODE = fileURLToPath(new URL('..', import.meta.url)).replace(/\/$/, '');

/** What the agent is told by its environment. */
export interface Settings {
  at: Layout;
  version: string;
  /** Group that may speak on the socket: the panel's. Null: root alone. */
  socketGid: number | null;
  /** Where a panel elsewhere reaches this agent, or null: the socket only. */
  remote: { port: number; host: string; token: string; certificate: string; key: string } | null;
  databaseUrl: () => Promise<string>;
  buildEnvironment: Record<string, string>;
  /** How many stacks Berth may make by itself for apps whose versions no stack has. */
  automaticStacks: Bounds;
}

/** Variables that tell pip, uv and npm where packages come from and whom to trust; nothing else of root's environment reaches a build. */
const BUILD_VARIABLES =
  /^(PIP_|UV_|NPM_CONFIG_|npm_config_(registry|cafile|nodedir|strict_ssl|https?_proxy|proxy|noproxy)|SSL_CERT_(FILE|DIR)$|REQUESTS_CA_BUNDLE$|CURL_CA_BUNDLE$|NODE_EXTRA_CA_CERTS$|(https?|no)_proxy$|(HTTPS?|NO)_PROXY$)/;

/** The machine's own package settings; BERTH_PIP_INDEX_URL and the like win over PIP_INDEX_URL. Pure. */
export function buildEnvironment(env: NodeJS.ProcessEnv): Record<string, string> {
  const found: Record<string, string> = {};
  for (const [key, value] of Object.entries(env)) if (value && BUILD_VARIABLES.test(key)) found[key] = value;
  for (const [key, value] of Object.entries(env)) {
    const own = /^BERTH_((PIP|UV|NPM_CONFIG)_[A-Z_]+)$/.exec(key)?.[1];
    if (own && value) found[own] = value;
  }
  return found;
}

/** BERTH_AUTOMATIC_STACKS is a number or `off`, BERTH_AUTOMATIC_STACKS_MB the room on disk for all of them. Throws Failed. */
function automaticStacks(env: NodeJS.ProcessEnv): Bounds {
  const { BERTH_AUTOMATIC_STACKS: count = '8', BERTH_AUTOMATIC_STACKS_MB: megabytes = '1024' } = env;
  const read = (name: string, text: string) => {
    const number = text === 'off' ? 0 : Number(text || Number.NaN);
    if (Number.isInteger(number) && number >= 0 && number <= 1_000_000) return number;
    throw new Failed(`${name} is "${text}".`, { help: 'Set it to a whole number, or to off.' });
  };
  return { count: read('BERTH_AUTOMATIC_STACKS', count), bytes: read('BERTH_AUTOMATIC_STACKS_MB', megabytes) * 1024 * 1024 };
}

async function adminUrl(at: Layout, env: NodeJS.ProcessEnv): Promise<string> {
  if (env.BERTH_MYSQL_URL) return env.BERTH_MYSQL_URL;
  const text = await readFile(at.mysqlAdmin, 'utf8').catch(() => null);
  if (!text)
    throw new Failed('There is no database server for customers yet.', {
      help: 'Set BERTH_MYSQL_URL, or start Berth with npm start, which makes one.',
    });
  const { user, password } = JSON.parse(text) as { user: string; password: string };
  return `mysql://${user}:${encodeURIComponent(password)}@localhost/?socketPath=${encodeURIComponent(at.mysqlSocket)}`;
}

/** Reads the settings. Throws Failed with the variable's name when one is half set. */
export async function readSettings(env: NodeJS.ProcessEnv = process.env): Promise<Settings> {
  const at = layout(rootsFromEnvironment(CODE, env));
  const { version } = JSON.parse(await readFile(`${CODE}/package.json`, 'utf8')) as { version: string };
  const listen = env.BERTH_AGENT_LISTEN;
  let remote: Settings['remote'] = null;
  if (listen) {
    const [host = '127.0.0.1', port = ''] = listen.split(':');
    const { BERTH_AGENT_TOKEN: token, BERTH_AGENT_CERTIFICATE: certificate, BERTH_AGENT_KEY: key } = env;
    if (!token || token.length < 32 || !certificate || !key || !Number(port)) {
      throw new Failed('BERTH_AGENT_LISTEN is set, but a panel elsewhere needs more than an address.', {
        help: 'Set it to host:port, and BERTH_AGENT_TOKEN (32 characters or more), BERTH_AGENT_CERTIFICATE and BERTH_AGENT_KEY (files) as well.',
      });
    }
    remote = { host, port: Number(port), token, certificate, key };
  }
  const gid = Number(env.BERTH_PANEL_GID);
  return {
    at,
    version,
    socketGid: Number.isInteger(gid) && gid > 0 ? gid : null,
    remote,
    databaseUrl: () => adminUrl(at, env),
    buildEnvironment: buildEnvironment(env),
    automaticStacks: automaticStacks(env),
  };
}
