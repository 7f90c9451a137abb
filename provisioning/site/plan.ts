import { Refused } from '../errors.ts';
import { type Layout, WAYS, type Way } from '../layout.ts';
import type { Manifest } from '../manifest.ts';
import type { Act, Step } from '../steps.ts';
import type { SiteFound } from './inspect.ts';
import type { SiteSpec } from './spec.ts';

const step = (why: string, act: Act): Step => ({ ...act, why, resource: 'site' });

interface Wanted {
  host: string;
  site: SiteSpec;
  target: string;
  open: boolean;
  way: Way;
}

/** How nginx is to serve an app: kinds with files that are not to be sent are ways of their own. Pure. */
function wayOf(manifest: Manifest, app: string): Way {
  const slot = manifest.slots.find(each => each.app === app && each.role === 'web');
  if (slot?.kind === 'php' || slot?.kind === 'cgi') return slot.kind;
  return slot?.protocol ?? 'http';
}

function wantedHosts(manifest: Manifest, at: Layout): Wanted[] {
  const { account } = manifest;
  return manifest.sites.flatMap(site => {
    const stopped = manifest.slots.find(slot => slot.app === site.app && slot.role === 'web')?.state === 'stopped';
    const open = account.state === 'active' && !stopped;
    const closed = account.state === 'suspended' ? at.suspendedSocket : at.stoppedSocket;
    const target = open ? at.slotSocket(account.name, site.app) : closed;
    const way = wayOf(manifest, site.app);
    return site.hosts.map(host => ({ host, site, target, open, way }));
  });
}

function probe(manifest: Manifest, site: SiteSpec, found: SiteFound, at: Layout): Step[] {
  const release = manifest.runtimes.find(runtime => runtime.app === site.app)?.release ?? 0;
  const mark = { account: manifest.account.name, name: `${site.app}.${release}.healthy`, digest: String(release) };
  if (found.marks[mark.name] === mark.digest) return [];
  const { path, status, contains } = site.health;
  const act: Act = {
    do: 'probe',
    socket: at.slotSocket(mark.account, site.app),
    way: wayOf(manifest, site.app),
    documents: `${at.current(mark.account, site.app)}/public`,
    host: site.hosts[0]!,
    path,
    status,
    contains,
    timeoutSeconds: 60,
    mark,
  };
  return [step(`Check that ${site.app} answers with its own page`, act)];
}

function publish({ host, target, open, way }: Wanted, manifest: Manifest, found: SiteFound, at: Layout): Step[] {
  const { name } = manifest.account;
  const home = at.home(name);
  const steps: Step[] = [];
  const verb = open ? 'Serve' : 'Close';
  // The record outlives a reboot, the link in the run folder does not; the record comes first, so nothing is published unrecorded.
  if (found.recorded[host] !== target)
    steps.push(step(`${open ? 'Enter' : 'Record'} the address ${host}`, { do: 'link', path: at.siteRecord(name, host), target }));
  if (found.links[host] !== target) steps.push(step(`${verb} ${host}`, { do: 'link', path: at.site(host), target }));
  if (open && found.homes[host]?.[way] !== home)
    steps.push(step(`Serve the public files of ${host}`, { do: 'link', path: at.siteHome(host, way), target: home }));
  return [...steps, ...closeFiles(host, open ? way : null, `Close the public files of ${host}`, found, at)];
}

/** Takes away every link to the home but that of one way. */
function closeFiles(host: string, kept: Way | null, why: string, found: SiteFound, at: Layout): Step[] {
  const stale = WAYS.filter(way => way !== kept && found.homes[host]?.[way]);
  return stale.map(way => step(way === 'http' ? why : `${why} (${way})`, { do: 'delete', path: at.siteHome(host, way) }));
}

/** The steps that leave nothing of one address. */
export function unpublish(account: string, host: string, found: SiteFound, at: Layout): Step[] {
  const steps: Step[] = [];
  if (found.links[host]) steps.push(step(`Stop serving ${host}`, { do: 'delete', path: at.site(host) }));
  steps.push(...closeFiles(host, null, `Stop serving the public files of ${host}`, found, at));
  if (found.recorded[host]) steps.push(step(`Strike out the address ${host}`, { do: 'delete', path: at.siteRecord(account, host) }));
  return steps;
}

function refuseTaken(hosts: Wanted[], found: SiteFound, manifest: Manifest): void {
  const mine = new Set(found.records);
  const taken = hosts.find(({ host, target }) => found.links[host] && !mine.has(host) && found.links[host] !== target);
  if (!taken) return;
  throw new Refused(
    'domain-taken',
    `${taken.host} is already served for another account on this host.`,
    `Choose another address for ${manifest.account.name}.`,
    {
      fields: [{ field: 'domain', message: 'choose another: this one is in use' }],
      status: 409,
    },
  );
}

/** What must happen for the account's addresses to be as the manifest says. Pure. Throws Refused when one is somebody else's. */
export function plan(manifest: Manifest, found: SiteFound, at: Layout): Step[] {
  const { account } = manifest;
  const hosts = wantedHosts(manifest, at);
  refuseTaken(hosts, found, manifest);
  const steps: Step[] = [];
  if (hosts.length && !found.recordFolder) {
    const path = at.siteRecordsOf(account.name);
    steps.push(step(`Make the address book of ${account.name}`, { do: 'folder', path, mode: 0o700, uid: 0, gid: 0 }));
  }
  const home = at.home(account.name);
  for (const site of manifest.sites) {
    const own = hosts.filter(wanted => wanted.site === site);
    if (own[0]?.open) {
      const target = `../apps/${site.app}/current/public`;
      const missing = site.hosts.filter(host => found.www[at.www(account.name, host)]?.target !== target);
      if (missing.length) {
        const ops = missing.map(host => ({ op: 'link' as const, path: at.www(account.name, host), target }));
        steps.push(
          step(`Place the public files of ${site.app} where the web server looks`, { do: 'home', who: { ...account, home }, ops }),
        );
      }
      steps.push(...probe(manifest, site, found, at));
    }
    for (const wanted of own) steps.push(...publish(wanted, manifest, found, at));
  }
  const kept = new Set(hosts.map(wanted => wanted.host));
  for (const host of found.records) if (!kept.has(host)) steps.push(...unpublish(account.name, host, found, at));
  return steps;
}
