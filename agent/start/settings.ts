import { z } from 'zod';
import { servers, stacks } from '../../provisioning/catalog/stacks.ts';
import { Refused } from '../../provisioning/errors.ts';
import { type Foundation, foundationSpec } from '../../provisioning/foundation/spec.ts';
import { type Layout, layout, rootsFromEnvironment } from '../../provisioning/layout.ts';
import { accountName, FIRST_UID, LAST_UID } from '../../provisioning/names.ts';
import { buildEnvironment, CODE } from '../settings.ts';

const port = z.coerce.number().int().min(1).max(65_535);

const environmentSchema = z.object({
  BERTH_PANEL_PORT: port.default(8000),
  BERTH_SITES_PORT: port.default(8080),
  BERTH_SITES_DOMAIN: z
    .string()
    .regex(/^[a-z0-9]([a-z0-9.-]*[a-z0-9])?$/, 'use a domain in lower case')
    .default('localhost'),
  BERTH_CGROUP: z
    .string()
    .regex(/^[a-z0-9][a-z0-9-]{0,40}$/, 'use lower-case letters, digits and hyphens')
    .default('berth'),
  BERTH_FIRST_UID: z.coerce.number().int().min(FIRST_UID).max(LAST_UID).default(FIRST_UID),
  BERTH_DEMO_ACCOUNT: accountName.default('demo'),
  BERTH_DATABASE_URL: z.string().optional(),
  BERTH_MYSQL_URL: z.string().optional(),
  BERTH_PANEL_ORIGIN: z.string().optional(),
  BERTH_TRUSTED_PROXY: z.string().optional(),
  BERTH_WHM_PORT: z.string().optional(),
  BERTH_WHM_ADDRESS: z.string().optional(),
  BERTH_WHM_CERTIFICATE: z.string().optional(),
  BERTH_WHM_KEY: z.string().optional(),
  BERTH_WHM_REPAIR: z.string().optional(),
  BERTH_HOSTER_NAME: z.string().max(60).optional(),
  BERTH_AUTOMATIC_STACKS: z
    .string()
    .regex(/^(off|\d{1,3})$/, 'use a number, or off')
    .optional(),
  BERTH_AUTOMATIC_STACKS_MB: z
    .string()
    .regex(/^\d{1,7}$/, 'use a number of mebibytes')
    .optional(),
  BERTH_ZYGOTE_SECONDS: z
    .string()
    .regex(/^\d{1,8}$/, 'use a number of seconds')
    .optional(),
  BERTH_ZYGOTE_IDLE_SECONDS: z
    .string()
    .regex(/^\d{1,8}$/, 'use a number of seconds')
    .optional(),
  BERTH_ADMIN_TOKEN: z.string().min(8, 'use at least 8 characters').optional(),
  BERTH_ADMIN_PASSWORD: z.string().min(8, 'use at least 8 characters').optional(),
});

/** All that the launcher was told, with the defaults of a new machine filled in. */
export interface Settings extends z.infer<typeof environmentSchema> {
  at: Layout;
  wanted: Foundation;
  /** Settings of pip, npm, proxies and certificates that builds and stacks follow. */
  builds: Record<string, string>;
}

const FOR_PIP = /^(PIP_.*|SSL_CERT_(FILE|DIR)|REQUESTS_CA_BUNDLE|CURL_CA_BUNDLE|(HTTPS?|NO)_PROXY)$/i;

function complain(error: z.ZodError): Refused {
  const [issue] = error.issues;
  const field = issue?.path.join('.') || 'A setting';
  const names: Record<string, string> = { state: 'BERTH_STATE', run: 'BERTH_RUN', homes: 'BERTH_HOMES' };
  const help = 'Correct it in the environment or in .env, then start again.';
  return new Refused('settings', `${names[field] ?? field} cannot be used: ${issue?.message ?? 'it is not valid'}.`, help);
}

/** Reads the settings. Throws Refused, naming the variable and what would make it right. */
export function readSettings(env: NodeJS.ProcessEnv): Settings {
  const filled = Object.fromEntries(Object.entries(env).filter(([, value]) => value));
  const parsed = environmentSchema.safeParse(filled);
  if (!parsed.success) throw complain(parsed.error);
  const builds = buildEnvironment(env);
  const roots = rootsFromEnvironment(CODE, env);
  const foundation = foundationSpec.safeParse({
    state: roots.state,
    run: roots.run,
    homes: roots.homes,
    sitesPort: parsed.data.BERTH_SITES_PORT,
    embeddedDatabase: !parsed.data.BERTH_DATABASE_URL || !parsed.data.BERTH_MYSQL_URL,
    pipEnvironment: Object.fromEntries(Object.entries(builds).filter(([key]) => FOR_PIP.test(key))),
  });
  if (!foundation.success) throw complain(foundation.error);
  return { ...parsed.data, at: layout(roots), wanted: { ...foundation.data, stacks: stacks(), servers: servers() }, builds };
}
