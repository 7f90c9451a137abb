import { Refused } from '../provisioning/errors.ts';
import type { Host } from '../provisioning/host.ts';
import { type Manifest, manifestSchema } from '../provisioning/manifest.ts';
import { apply, volatile } from '../provisioning/provisioner.ts';
import { planned } from '../provisioning/steps.ts';
import type { Journal } from './journal.ts';
import { type Queue, stepsFor, type Work } from './queue.ts';

/** Reads a manifest as if from a stranger: the panel's word is checked by the same schemas. Throws Refused naming the field. */
export function readManifest(body: unknown, name: string): Manifest {
  const parsed = manifestSchema.safeParse(body);
  if (!parsed.success) {
    const fields = parsed.error.issues.map(issue => ({ field: issue.path.join('.') || 'body', message: issue.message }));
    throw new Refused(
      'manifest-invalid',
      'The manifest is not one this agent understands.',
      'Bring the panel and this host to the same version of Berth.',
      { fields },
    );
  }
  if (parsed.data.account.name !== name) {
    const fields = [{ field: 'account.name', message: `send it to /accounts/${parsed.data.account.name}` }];
    throw new Refused('manifest-misdirected', `The manifest is ${parsed.data.account.name}'s, the address is ${name}'s.`, '', { fields });
  }
  return parsed.data;
}

/** What the agent does with manifests: preview, take up, tell, and take up again after its own death. */
export function keeper(host: Host, journal: Journal, queue: Queue, log: (line: string) => void) {
  async function refuseOld(manifest: Manifest): Promise<void> {
    const kept = await journal.kept(manifest.account.name);
    if (!kept || kept.manifest.generation <= manifest.generation) return;
    throw new Refused(
      'manifest-old',
      `Generation ${manifest.generation} is older than ${kept.manifest.generation}, which this host already has.`,
      'Send the newest manifest.',
      { status: 409 },
    );
  }

  async function take(kind: 'apply' | 'remove', manifest: Manifest): Promise<Work> {
    await refuseOld(manifest);
    const intent = { account: manifest.account.name, generation: manifest.generation, kind };
    const known = queue.same(intent);
    if (known) return known;
    await journal.begin(intent, manifest);
    return queue.enqueue(intent, manifest);
  }

  /** Takes up what a crash cut off, before new work is accepted. */
  async function resume(): Promise<void> {
    for (const intent of await journal.open()) {
      const kept = await journal.kept(intent.account);
      if (!kept) {
        await journal.end(intent, false);
        continue;
      }
      log(`taking up ${intent.account} where it was cut off`);
      queue.enqueue(intent, kept.manifest);
    }
  }

  /** Brings what a reboot or a change of the host's own clears or outdates back to what is wanted: links of the run folder, and slots. */
  async function refresh(account: string, everything = false): Promise<void> {
    if (queue.busy(account)) return;
    try {
      await queue.inLine(account, async () => {
        const kept = await journal.kept(account);
        const steps = kept ? await stepsFor(host, 'apply', kept.manifest) : [];
        const cleared = everything ? steps : steps.filter(volatile);
        if (cleared.length) await apply(host, cleared, () => {});
      });
    } catch (error) {
      log(`${account} could not be brought back: ${error instanceof Error ? error.message : error}`);
    }
  }

  /** The same for all accounts, after a start. The rest is drift, for the panel to see. */
  async function boot(everything = false): Promise<void> {
    for (const account of await journal.accounts()) await refresh(account, everything);
  }

  /** Ends what is being built for an account, because a suspension or a deletion waits behind it; it fails, and may be tried again later. */
  async function interrupt(account: string): Promise<boolean> {
    const kept = await journal.kept(account);
    if (!kept || kept.manifest.account.state === 'suspended' || !queue.interrupt(account)) return false;
    const { uid } = kept.manifest.account;
    await host.act({ do: 'sweep', account, uid, why: `End what is being built for ${account}`, resource: 'account' }, () => {});
    return true;
  }

  return {
    take,
    interrupt,
    resume,
    boot,
    refresh,
    preview: async (kind: 'apply' | 'remove', manifest: Manifest) => (await stepsFor(host, kind, manifest)).map(planned),
    state: async (account: string) => {
      const kept = await journal.kept(account);
      const busy = queue.busy(account);
      const drift = kept && !busy && kept.applied !== null ? (await stepsFor(host, 'apply', kept.manifest)).map(planned) : null;
      return { applied: kept?.applied ?? null, wanted: kept?.manifest.generation ?? null, busy, drift };
    },
  };
}

export type Keeper = ReturnType<typeof keeper>;
