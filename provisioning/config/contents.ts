import { databaseFacts } from '../environment.ts';
import type { Layout } from '../layout.ts';
import type { Manifest } from '../manifest.ts';
import { optionValue } from '../names.ts';

/** The text of the file BERTH_CONFIG points to: JSON, version 1, the same on every Berth host. Pure. */
export function configText(manifest: Manifest, at: Layout): string {
  const { account } = manifest;
  const apps = manifest.configs.map(config => [
    config.app,
    {
      url: config.url,
      secretKey: config.secretKey,
      staticRoot: `${at.current(account.name, config.app)}/public/static`,
      mediaRoot: at.media(account.name, config.app),
    },
  ]);
  const databases = manifest.databases.map(spec => [spec.name, databaseFacts(spec, at)]);
  const facts = {
    version: 1,
    account: account.name,
    apps: Object.fromEntries(apps),
    databases: Object.fromEntries(databases),
    mail: null,
    limits: account.limits,
  };
  return `${JSON.stringify(facts, null, 2)}\n`;
}

/** The MySQL option file: `[client]` is the first database, `[client_<name>]` (--defaults-group-suffix=_<name>) each one. Pure. */
export function myCnfText(manifest: Manifest, at: Layout): string {
  const group = (suffix: string, spec: Manifest['databases'][number]) =>
    [
      `[client${suffix}]`,
      `user=${optionValue(spec.name)}`,
      `password=${optionValue(spec.password)}`,
      `socket=${optionValue(at.mysqlSocket)}`,
      'default-character-set=utf8mb4',
      '',
      `[mysql${suffix}]`,
      `database=${optionValue(spec.name)}`,
      '',
    ].join('\n');
  const [first] = manifest.databases;
  const groups = manifest.databases.map(spec => group(`_${spec.name}`, spec));
  const head = '# Written by Berth: how this account reaches its databases. It is rewritten when a password changes.\n';
  return first ? [head + group('', first), ...groups].join('\n') : head;
}
