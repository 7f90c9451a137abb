import type { DiskQuota, Entry, HomeEntry, Sight } from '../host.ts';
import type { Manifest } from '../manifest.ts';
import { furnished } from './home.ts';
import { groupId, takenBy } from './userdb.ts';

/** The account as the host has it. */
export interface AccountFound {
  texts: Record<string, string | null>;
  /** The other name that was last given to the account here. */
  noted: string | null;
  entries: Record<string, Entry | null>;
  home: Record<string, HomeEntry | null>;
  webGroup: number;
  taken: string | null;
  alive: number;
  quota: DiskQuota | null;
}

/** Reads the account's records, folders and live processes. */
export async function inspect(sight: Sight, manifest: Manifest): Promise<AccountFound> {
  const { account } = manifest;
  const at = sight.layout;
  const texts: AccountFound['texts'] = {};
  for (const file of [`${account.name}.user`, `${account.name}.group`]) texts[file] = await sight.text(at.userdbFile(file));
  const noted = ((await sight.text(at.userAlias(account.name))) ?? '').trim() || null;
  for (const alias of [noted, account.alias]) if (alias) texts[`${alias}.user`] = await sight.text(at.userdbFile(`${alias}.user`));
  const entries: AccountFound['entries'] = {};
  const paths = [`${account.uid}.user`, `${account.gid}.group`].map(at.userdbFile);
  paths.push(at.home(account.name), at.user(account.name), at.tmp(account.name));
  paths.push(at.logsOf(account.name), at.marksOf(account.name), at.statsOf(account.name));
  for (const path of paths) entries[path] = await sight.entry(path);
  const passwd = (await sight.text('/etc/passwd')) ?? '';
  const group = (await sight.text('/etc/group')) ?? '';
  const home = at.home(account.name);
  const who = { ...account, home };
  return {
    texts,
    noted,
    entries,
    home: entries[home]?.uid === account.uid ? await sight.home(who, furnished(home)) : {},
    webGroup: groupId(group, 'www-data') ?? 0,
    taken:
      (account.alias ? takenBy(passwd, account.alias, account.uid) : null) ??
      takenBy(passwd, account.name, account.uid) ??
      takenBy(group, account.name, account.gid),
    alive: await sight.alive(account.uid),
    quota: await sight.quota(account.uid),
  };
}
