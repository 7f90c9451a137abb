import type { Layout } from '../layout.ts';
import type { Manifest } from '../manifest.ts';
import type { Act, Step } from '../steps.ts';
import type { AccountFound } from './inspect.ts';
import { liftQuota } from './quota.ts';

const step = (why: string, act: Act): Step => ({ ...act, why, resource: 'account' });

/** What must go for nothing of the account to be left; files in the home are deleted by the customer's own rights. Pure. */
export function remove(manifest: Manifest, found: AccountFound, at: Layout): Step[] {
  const { account } = manifest;
  const { name, uid } = account;
  const home = at.home(name);
  const who = { ...account, home };
  const steps: Step[] = [];
  if (found.entries[home] || found.alive) steps.push(step(`End every process of ${name}`, { do: 'sweep', account: name, uid }));
  if (found.entries[home]) {
    steps.push(step(`Delete the files in ${home}`, { do: 'home', who, ops: [{ op: 'empty', path: home }] }));
    steps.push(step(`Delete the home ${home}`, { do: 'delete', path: home }));
  }
  if (found.entries[at.tmp(name)]) {
    steps.push(step(`Delete the temporary files of ${name}`, { do: 'home', who, ops: [{ op: 'empty', path: at.tmp(name) }] }));
    steps.push(step(`Delete the temporary folder of ${name}`, { do: 'delete', path: at.tmp(name) }));
  }
  steps.push(...liftQuota(account, found.quota));
  const other = found.noted;
  if (other && found.texts[`${other}.user`] && other !== name)
    steps.push(step(`Let go of the name ${other}`, { do: 'delete', path: at.userdbFile(`${other}.user`) }));
  const rest: [string, string][] = [
    [at.user(name), `Delete the configuration of ${name}`],
    [at.logsOf(name), `Delete the logs of ${name}`],
    [at.statsOf(name), `Delete the statistics of ${name}`],
  ];
  for (const [path, why] of rest) if (found.entries[path]) steps.push(step(why, { do: 'delete', path }));
  for (const [id, kind] of [
    [uid, 'user'],
    [account.gid, 'group'],
  ] as const) {
    const link = at.userdbFile(`${id}.${kind}`);
    if (found.entries[link]) steps.push(step(`Free the number of the unix ${kind} ${name}`, { do: 'delete', path: link }));
    const file = `${name}.${kind}`;
    if (found.texts[file] != null) steps.push(step(`Delete the unix ${kind} ${name}`, { do: 'delete', path: at.userdbFile(file) }));
  }
  // Last: as long as it stands, a broken-off removal can be seen.
  if (found.entries[at.marksOf(name)]) steps.push(step(`Forget the building record of ${name}`, { do: 'delete', path: at.marksOf(name) }));
  return steps;
}
