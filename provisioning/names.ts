import { z } from 'zod';
import { Refused } from './errors.ts';

/** Names no account may take, beyond those the host itself knows: services, roles, and words the product needs. */
const RESERVED = new Set(
  `root daemon bin sys sync games man lp mail news uucp proxy www backup list irc gnats nobody admin administrator berth berthdb
   mysql mariadb postgres redis nginx apache httpd www-data ssh sshd systemd dbus messagebus panel agent slotd api app apps
   support billing hostmaster postmaster webmaster abuse security localhost sudo adm staff users operator`.split(/\s+/),
);

const CONTROL = /[\u0000-\u001f\u007f]/;

/** An account's name: also its unix user, so short, lower case, and without `_`, which is a wildcard in a GRANT. */
export const accountName = z
  .string()
  .regex(/^[a-z][a-z0-9]{2,15}$/, 'use 3 to 16 characters: a lower-case letter first, then lower-case letters and digits')
  .refine(name => !RESERVED.has(name), 'this name is reserved on every host, choose another');

/** An app's name: part of its address, so letters, digits and hyphens. */
export const appName = z
  .string()
  .regex(/^[a-z][a-z0-9-]{0,30}$/, 'use 1 to 31 characters: a lower-case letter first, then lower-case letters, digits and hyphens')
  .refine(name => !name.endsWith('-'), 'the name must not end in a hyphen');

/** A database's name: the account's name, `_`, and up to 15 letters or digits (MySQL users end at 32 characters). */
export const databaseName = z
  .string()
  .regex(/^[a-z][a-z0-9]{2,15}_[a-z0-9]{1,15}$/, 'use the account name, an underscore, then 1 to 15 lower-case letters and digits');

/** A host name as nginx and browsers compare it: ASCII, lower case, no trailing dot (RFC 1123, RFC 5890 A-labels). */
export const domainName = z
  .string()
  // nginx reaches a site through a socket named after it, and a socket's path ends at 107 characters.
  .max(80, 'use a domain of at most 80 characters')
  .regex(
    /^(?=.{1,253}$)([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z][a-z0-9-]{0,61}[a-z0-9]$/,
    'use a full domain name in lower case, such as blog.example.org',
  );

/** The name of an environment variable an app may have; names that change how programs load are left out. */
export const envName = z
  .string()
  .max(128)
  .regex(/^[A-Z_][A-Z0-9_]*$/, 'use capital letters, digits and underscores, not starting with a digit')
  .refine(
    name => !/^(LD_|DYLD_|BASH_FUNC_)/.test(name) && !['PATH', 'HOME', 'USER', 'SHELL', 'IFS', 'BERTH_CONFIG'].includes(name),
    'this variable is set by the host',
  );

/** The value of an environment variable: any text that fits on the wire, no NUL. */
export const envValue = z
  .string()
  .max(32_768)
  .refine(text => !text.includes('\0'), 'a value cannot hold a NUL character');

/** Reserved ranges keep our uids away from the distribution's own and from containers' (systemd UIDS-GIDS). */
export const FIRST_UID = 200_000;
export const LAST_UID = 499_999;
export const unixId = z.int().min(FIRST_UID).max(LAST_UID);

/** A secret that prints as `[hidden]` wherever it is logged or serialized by accident. */
export class Secret {
  readonly #text: string;

  constructor(text: string) {
    this.#text = text;
  }

  reveal(): string {
    return this.#text;
  }

  toString(): string {
    return '[hidden]';
  }

  toJSON(): string {
    return '[hidden]';
  }

  [Symbol.for('nodejs.util.inspect.custom')](): string {
    return '[hidden]';
  }
}

function plain(text: string, what: string): string {
  if (CONTROL.test(text)) throw new Refused('control-character', `The ${what} holds a control character.`, 'Remove it and try again.');
  return text;
}

/** Quotes an identifier for SQL. Throws Refused on control characters. */
export function sqlName(name: string): string {
  return `\`${plain(name, 'database name').replaceAll('`', '``')}\``;
}

/** Quotes a string for SQL in the default sql_mode (no NO_BACKSLASH_ESCAPES). Throws Refused on control characters. */
export function sqlText(text: string): string {
  return `'${plain(text, 'SQL text').replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`;
}

/** The database part of a GRANT, where `_` and `%` are wildcards and must be escaped or neighbours leak. */
export function grantPattern(database: string): string {
  return sqlName(database.replaceAll('\\', '\\\\').replaceAll('_', '\\_').replaceAll('%', '\\%'));
}

/** Quotes a value for a MySQL option file. Throws Refused on control characters. */
export function optionValue(text: string): string {
  return `"${plain(text, 'option value').replaceAll('\\', '\\\\').replaceAll('"', '\\"')}"`;
}

/** A word that nginx reads as one parameter. Throws Refused on control characters and on `$`, which nginx cannot escape. */
export function nginxWord(text: string): string {
  if (text.includes('$')) throw new Refused('dollar-sign', 'The nginx value holds a dollar sign.', 'Remove it and try again.');
  return `"${plain(text, 'nginx value').replaceAll('\\', '\\\\').replaceAll('"', '\\"')}"`;
}
