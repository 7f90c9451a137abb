import type { Entry, HomeEntry, Sight } from '../host.ts';
import { WAYS, type Way } from '../layout.ts';
import type { Manifest } from '../manifest.ts';

/** The account's addresses as the host has them. */
export interface SiteFound {
  /** Hosts recorded as this account's. */
  records: string[];
  recordFolder: Entry | null;
  /** By host: the link nginx follows, the record of it, and the links to the home by the way it is served. */
  links: Record<string, string | null>;
  recorded: Record<string, string | null>;
  homes: Record<string, Partial<Record<Way, string>>>;
  www: Record<string, HomeEntry | null>;
  marks: Record<string, string>;
}

/** Reads the links of every host that is wanted or recorded for the account. */
export async function inspect(sight: Sight, manifest: Manifest): Promise<SiteFound> {
  const { account } = manifest;
  const at = sight.layout;
  const records = await sight.list(at.siteRecordsOf(account.name));
  const hosts = [...new Set([...manifest.sites.flatMap(site => site.hosts), ...records])];
  const target = async (path: string) => (await sight.entry(path))?.target ?? null;
  const found: SiteFound = {
    records,
    recordFolder: await sight.entry(at.siteRecordsOf(account.name)),
    links: {},
    recorded: {},
    homes: {},
    www: {},
    marks: await sight.marks(account.name),
  };
  for (const host of hosts) {
    found.links[host] = await target(at.site(host));
    found.recorded[host] = await target(at.siteRecord(account.name, host));
    found.homes[host] = {};
    for (const way of WAYS) {
      const home = await target(at.siteHome(host, way));
      if (home) found.homes[host][way] = home;
    }
  }
  const home = at.home(account.name);
  const paths = hosts.map(host => at.www(account.name, host));
  if (account.state === 'active' && paths.length) found.www = await sight.home({ ...account, home }, paths);
  return found;
}
