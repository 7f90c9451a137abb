import { networkInterfaces } from 'node:os';
import { Refused } from '../../provisioning/errors.ts';
import { hostFacts } from '../hosts/actions.ts';
import type { Actor } from '../people/actor.ts';
import type { Caller } from './credentials.ts';
import type { Done } from './envelope.ts';

/** What Berth says it is: clients compare it with versions they need. */
const VERSION = '11.110.0.0';

/** version. */
export async function version(): Promise<Done> {
  return { data: { version: VERSION } };
}

/** gethostname. */
export async function hostName({ actor }: Caller): Promise<Done> {
  return { data: { hostname: (await factsOf(actor)).hostname } };
}

/** systemloadavg and loadavg. */
export async function load({ actor }: Caller): Promise<Done> {
  const [one, five, fifteen] = (await factsOf(actor)).load;
  return { data: { one, five, fifteen } };
}

/** getdiskusage: the file system that holds the accounts. */
export async function diskUsage({ actor }: Caller): Promise<Done> {
  const { diskBytes, diskUsedBytes } = await factsOf(actor);
  const percentage = Math.round((diskUsedBytes / Math.max(1, diskBytes)) * 100);
  const kib = (bytes: number) => Math.round(bytes / 1024);
  const partition = { disk: 'homes', filesystem: 'homes', mount: '/home', used: kib(diskUsedBytes), total: kib(diskBytes), percentage };
  return { data: { partition: [{ ...partition, available: kib(diskBytes - diskUsedBytes) }] } };
}

/** get_nameserver_config: Berth serves no names itself. */
export async function nameservers(): Promise<Done> {
  return { data: { nameservers: [] } };
}

/** myprivs: an administrator's token may do all that is served here. */
export async function privileges({ actor }: Caller): Promise<Done> {
  return { data: { privs: [{ all: 1, scopes: [...actor.scopes] }] } };
}

/** The fields of nameservers in an account's creation, all empty. */
export function nameserverFields(): Record<string, null> {
  return { nameserver: null, nameserver2: null, nameserver3: null, nameserver4: null };
}

async function factsOf(actor: Actor) {
  const facts = await hostFacts(actor);
  if (!facts) throw new Refused('host-away', 'The host does not answer. Its sites go on; try again in a moment.');
  return facts;
}

/** The address under which visitors reach a host's accounts. */
export async function clientAddress(_actor: Actor, _host: string): Promise<string> {
  const all = Object.values(networkInterfaces()).flatMap(list => list ?? []);
  return all.find(entry => entry.family === 'IPv4' && !entry.internal)?.address ?? '127.0.0.1';
}
