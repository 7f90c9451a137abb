import { z } from 'zod';
import { FIRST_UID, LAST_UID } from '../provisioning/names.ts';

const port = z.coerce.number().int().min(1).max(65_535);
const LOOPBACK = new Set(['localhost', '127.0.0.1', '[::1]']);

const schema = z.object({
  BERTH_DATABASE_URL: z
    .string({ error: 'set it to the panel database, such as mysql://berth:password@localhost/berth' })
    .regex(/^mysql:\/\/./, 'use a mysql:// address, such as mysql://berth:password@localhost/berth'),
  BERTH_PANEL_PORT: port.default(8000),
  BERTH_WHM_PORT: port.optional(),
  BERTH_WHM_ADDRESS: z.string().default('127.0.0.1'),
  BERTH_WHM_CERTIFICATE: z.string().startsWith('/', 'use an absolute path').optional(),
  BERTH_WHM_KEY: z.string().startsWith('/', 'use an absolute path').optional(),
  BERTH_WHM_REPAIR: z.enum(['0', '1'], "use 1 to take the malformed requests of cPanel's own PHP class, else 0").default('0'),
  BERTH_PANEL_ORIGIN: z.url('use the address people type, such as https://panel.example.org').optional(),
  BERTH_TRUSTED_PROXY: z.string().default(''),
  BERTH_RUN: z.string().startsWith('/', 'use an absolute path').default('/run/berth'),
  BERTH_AGENT_SOCKET: z.string().startsWith('/', 'use an absolute path').optional(),
  BERTH_SITES_DOMAIN: z
    .string()
    .regex(/^[a-z0-9]([a-z0-9.-]*[a-z0-9])?$/, 'use a domain in lower case, such as sites.example.org')
    .default('localhost'),
  BERTH_SITES_PORT: port.default(8080),
  BERTH_FIRST_UID: z.coerce.number().int().min(FIRST_UID).max(LAST_UID).default(FIRST_UID),
  BERTH_ADMIN_TOKEN: z.string().min(8, 'use at least 8 characters').optional(),
  BERTH_ADMIN_PASSWORD: z.string().min(8, 'use at least 8 characters').optional(),
});

/** How the WHM-compatible port was told to run. */
export interface WhmSettings {
  port: number;
  /** Whether somebody chose the port; a usual one that is taken does not keep the panel from starting. */
  chosen: boolean;
  address: string;
  /** The hoster's certificate and key, as paths; null until there is one. */
  files: { cert: string; key: string } | null;
  /** Whether the malformed requests of cPanel's own PHP class are taken. */
  repair: boolean;
}

/** How this panel was told to run. */
export interface Settings {
  databaseUrl: string;
  port: number;
  /** The one address that links are made from: scheme, host and port. */
  origin: string;
  /** True when the panel is reached over plain http on this machine only. */
  loopback: boolean;
  /** The peer whose X-Forwarded-For is believed; empty means nobody's. */
  trustedProxy: string;
  agentSocket: string;
  sitesDomain: string;
  sitesPort: number;
  /** Where the uids of accounts begin. */
  firstUid: number;
  adminToken: string | null;
  whm: WhmSettings;
  adminPassword: string | null;
}

/** Reads the settings from the environment; throws one Error that names every wrong variable. */
export function readSettings(env: NodeJS.ProcessEnv = process.env): Settings {
  const given = Object.fromEntries(Object.entries(env).filter(([, value]) => value !== ''));
  const parsed = schema.safeParse(given);
  if (!parsed.success) {
    const lines = parsed.error.issues.map(issue => `  ${issue.path.join('.')}: ${issue.message}`);
    throw new Error(`The panel cannot start with these settings:\n${lines.join('\n')}`);
  }
  const set = parsed.data;
  const origin = new URL(set.BERTH_PANEL_ORIGIN ?? `http://localhost:${set.BERTH_PANEL_PORT}`);
  return {
    databaseUrl: set.BERTH_DATABASE_URL,
    port: set.BERTH_PANEL_PORT,
    origin: origin.origin,
    loopback: origin.protocol === 'http:' && LOOPBACK.has(origin.hostname),
    trustedProxy: set.BERTH_TRUSTED_PROXY,
    agentSocket: set.BERTH_AGENT_SOCKET ?? `${set.BERTH_RUN}/agent.sock`,
    sitesDomain: set.BERTH_SITES_DOMAIN,
    sitesPort: set.BERTH_SITES_PORT,
    firstUid: set.BERTH_FIRST_UID,
    adminToken: set.BERTH_ADMIN_TOKEN ?? null,
    whm: {
      port: set.BERTH_WHM_PORT ?? 2087,
      chosen: set.BERTH_WHM_PORT !== undefined,
      address: set.BERTH_WHM_ADDRESS,
      files: set.BERTH_WHM_CERTIFICATE && set.BERTH_WHM_KEY ? { cert: set.BERTH_WHM_CERTIFICATE, key: set.BERTH_WHM_KEY } : null,
      repair: set.BERTH_WHM_REPAIR === '1',
    },
    adminPassword: set.BERTH_ADMIN_PASSWORD ?? null,
  };
}

let current: Settings | null = null;

/** Makes these the settings of this process. */
export function useSettings(settings: Settings): void {
  current = settings;
}

/** The settings of this process. */
export function settings(): Settings {
  if (!current) throw new Error('settings() was called before useSettings()');
  return current;
}

/** Whether a Host or Origin's host name means this machine itself. */
export function isLoopbackName(hostname: string): boolean {
  return LOOPBACK.has(hostname);
}
