import type { Layout } from '../layout.ts';
import type { Manifest } from '../manifest.ts';
import type { Step } from '../steps.ts';
import type { SiteFound } from './inspect.ts';
import { unpublish } from './plan.ts';

/** What must go for no address of the account to be served. Pure. */
export function remove(manifest: Manifest, found: SiteFound, at: Layout): Step[] {
  const { name } = manifest.account;
  const steps = found.records.flatMap(host => unpublish(name, host, found, at));
  if (found.recordFolder) {
    const path = at.siteRecordsOf(name);
    steps.push({ do: 'delete', path, resource: 'site', why: `Delete the address book of ${name}` });
  }
  return steps;
}
