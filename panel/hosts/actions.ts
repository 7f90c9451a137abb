import type { SlotStatus } from '../../provisioning/slot/spec.ts';
import { renamed } from '../accounts/queries.ts';
import { notFound } from '../middleware/errors.ts';
import type { Actor } from '../people/actor.ts';
import * as client from './client.ts';
import * as queries from './queries.ts';

/** A host with what it says of itself now; when it does not answer, with what it said last. */
export interface LiveHost extends queries.Host {
  online: boolean;
  /** Why it is not online, in a sentence. */
  problem: string | null;
}

const SEEN_FOR_MS = 2000;
const seen = new Map<number, { at: number; live: Promise<LiveHost> }>();

/** Asks a host about itself, at most every two seconds however many people look. */
function live(host: queries.Host): Promise<LiveHost> {
  const last = seen.get(host.id);
  if (last && performance.now() - last.at < SEEN_FOR_MS) return last.live.then(known => ({ ...known, accounts: host.accounts }));
  const answer = askFacts(host);
  seen.set(host.id, { at: performance.now(), live: answer });
  return answer;
}

async function askFacts(host: queries.Host): Promise<LiveHost> {
  try {
    const facts = await client.facts(host);
    await queries.noteFacts(host.id, facts);
    return { ...host, facts, seenAt: new Date(), online: true, problem: null };
  } catch (error) {
    return { ...host, online: false, problem: (error as Error).message };
  }
}

/** Every host with its live figures. */
export async function hostsOf(actor: Actor): Promise<LiveHost[]> {
  return Promise.all((await queries.hostsOf(actor)).map(live));
}

/** One host with its live figures. Throws Refused 404. */
export async function hostOf(actor: Actor, name: string): Promise<LiveHost> {
  const host = await queries.hostOf(actor, name);
  if (!host) throw notFound('host');
  return live(host);
}

/** What the first host that answers says of itself, for callers that know of one host only; null when none does. */
export async function hostFacts(actor: Actor): Promise<client.HostFacts | null> {
  return (await hostsOf(actor)).find(host => host.online)?.facts ?? null;
}

/** A host's figures over time. */
export async function hostSeries(actor: Actor, name: string, range: string): Promise<client.Series> {
  const host = await queries.hostOf(actor, name);
  if (!host) throw notFound('host');
  return client.hostSeries(host, range);
}

const slotsSeen = new Map<string, { at: number; slots: Promise<SlotStatus[] | null> }>();

/** The slots of an account the caller has found, or null when its host is away. Asked at most once a second. */
export async function slotsOf(account: { unixName: string; hostId: number }): Promise<SlotStatus[] | null> {
  const last = slotsSeen.get(account.unixName);
  if (last && performance.now() - last.at < 1000) return last.slots;
  if (slotsSeen.size > 5000) slotsSeen.clear();
  const slots = askSlots(account);
  slotsSeen.set(account.unixName, { at: performance.now(), slots });
  return slots;
}

async function askSlots(account: { unixName: string; hostId: number }): Promise<SlotStatus[] | null> {
  const host = await queries.hostById(account.hostId);
  return host ? client.slots(host, account.unixName).catch(() => null) : null;
}

/** Every slot of every host that answers, named by the accounts' names of today. */
export async function everySlot(actor: Actor): Promise<SlotStatus[]> {
  const hosts = await queries.hostsOf(actor);
  const found = await Promise.all(hosts.map(host => client.allSlots(host).catch(() => [])));
  const names = await renamed();
  const known = (name: string) => name.replace(/^[^.]+/, account => names.get(account) ?? account);
  return found.flat().map(slot => ({ ...slot, name: known(slot.name) }));
}

/** How many hosts answer. */
export async function hostsOnline(actor: Actor): Promise<{ online: number; total: number }> {
  const hosts = await hostsOf(actor);
  return { online: hosts.filter(host => host.online).length, total: hosts.length };
}
