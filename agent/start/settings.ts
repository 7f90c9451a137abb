import { fileURLToPath } from 'node:url';
import { z } from 'zod';
import { stacks } from '../../provisioning/catalog/stacks.ts';
import { Refused } from '../../provisioning/errors.ts';
import { type Foundation, foundationSpec } from '../../provisioning/foundation/spec.ts';
import { type Layout, layout, rootsFromEnvironment } from '../../provisioning/layout.ts';

/** The folder of the checkout or installation. */
export const CODE = fileURLToPath(new URL('../..', import.meta.url)).replace(/\/$/, '');

const environmentSchema = z.object({
  BERTH_PANEL_PORT: z.coerce.number().int().min(1).max(65_535).default(8000),
  BERTH_SITES_PORT: z.coerce.number().int().min(1).max(65_535).default(8080),
  BERTH_SITES_DOMAIN: z
    .string()
    .regex(/^[a-z0-9]([a-z0-9.-]*[a-z0-9])?$/, 'use a domain in lower case')
    .default('localhost'),
  BERTH_CGROUP: z
    .string()
    .regex(/^[a-z0-9][a-z0-9-]{0,40}$/, 'use lower-case letters, digits and hyphens')
    .default('berth'),
  BERTH_DATABASE_URL: z.string().optional(),
  BERTH_MYSQL_URL: z.string().optional(),
  BERTH_ADMIN_TOKEN: z.string().min(16, 'use at least 16 characters').optional(),
  BERTH_ADMIN_PASSWORD: z.string().min(8, 'use at least 8 characters').optional(),
});

/** All that the launcher was told, with the defaults of a new machine filled in. */
export interface Settings extends z.infer<typeof environmentSchema> {
  at: Layout;
  wanted: Foundation;
  /** Settings of pip, npm, proxies and certificates that builds and stacks follow. */
  passedOn: Record<string, string>;
}

const PASSED_ON = /^(PIP_[A-Z_]+|BERTH_(PIP|NPM)_[A-Z_]+|npm_config_[a-z_]+|SSL_CERT_FILE|NODE_EXTRA_CA_CERTS|(HTTPS?|NO|ALL)_PROXY)$/i;
const PIP_ONLY = /^(PIP_[A-Z_]+|SSL_CERT_FILE|(HTTPS?|NO|ALL)_PROXY)$/i;

/** Berth's own mirror settings (BERTH_PIP_INDEX_URL …) under the names that pip reads. */
function pipEnvironment(env: Record<string, string>): Record<string, string> {
  const own = Object.entries(env).filter(([key]) => PIP_ONLY.test(key));
  const mirrors = Object.entries(env).flatMap(([key, value]) =>
    key.startsWith('BERTH_PIP_') ? [[key.slice('BERTH_'.length), value] as const] : [],
  );
  return Object.fromEntries([...own, ...mirrors]);
}

function complain(error: z.ZodError): Refused {
  const [issue] = error.issues;
  const name = issue?.path.join('.') ?? 'A setting';
  return new Refused(
    'settings',
    `${name} cannot be used: ${issue?.message ?? 'it is not valid'}.`,
    'Correct it in the environment or in .env, then start again.',
  );
}

/** Reads the settings. Throws Refused, naming the variable and what would make it right. */
export function readSettings(env: NodeJS.ProcessEnv): Settings {
  const filled = Object.fromEntries(Object.entries(env).filter(([, value]) => value));
  const parsed = environmentSchema.safeParse(filled);
  if (!parsed.success) throw complain(parsed.error);
  const passedOn = Object.fromEntries(Object.entries(filled).filter(([key]) => PASSED_ON.test(key))) as Record<string, string>;
  const roots = rootsFromEnvironment(CODE, env);
  const foundation = foundationSpec.safeParse({
    state: roots.state,
    run: roots.run,
    homes: roots.homes,
    sitesPort: parsed.data.BERTH_SITES_PORT,
    embeddedDatabase: !parsed.data.BERTH_DATABASE_URL || !parsed.data.BERTH_MYSQL_URL,
    pipEnvironment: pipEnvironment(passedOn),
  });
  if (!foundation.success) throw complain(foundation.error);
  return { ...parsed.data, at: layout(roots), wanted: { ...foundation.data, stacks: stacks() }, passedOn };
}
