import { Refused } from '../errors.ts';
import type { Layout } from '../layout.ts';
import type { Manifest } from '../manifest.ts';
import type { Act, Step } from '../steps.ts';
import { furnish } from './home.ts';
import type { AccountFound } from './inspect.ts';
import { planQuota } from './quota.ts';
import { aliasRecord, groupRecord, ownRecord, sameNumber, userRecord } from './userdb.ts';

const step = (why: string, act: Act): Step => ({ ...act, why, resource: 'account' });

function records(manifest: Manifest, found: AccountFound, at: Layout): Step[] {
  const { account } = manifest;
  const steps: Step[] = [];
  const wanted = {
    [`${account.name}.group`]: groupRecord(account),
    [`${account.name}.user`]: userRecord(account, at.home(account.name)),
  };
  const suspended = account.state === 'suspended';
  for (const [file, text] of Object.entries(wanted)) {
    if (found.texts[file] === text) continue;
    const kind = file.endsWith('.user') ? 'user' : 'group';
    const why =
      found.texts[file] === null || found.texts[file] === undefined
        ? `Create the unix ${kind} ${account.name}`
        : suspended
          ? `Close the login of ${account.name}`
          : `Update the unix ${kind} ${account.name}`;
    steps.push(step(why, { do: 'write', path: at.userdbFile(file), text, mode: 0o644, uid: 0, gid: 0 }));
  }
  for (const [id, kind] of [
    [account.gid, 'group'],
    [account.uid, 'user'],
  ] as const) {
    const path = at.userdbFile(`${id}.${kind}`);
    const target = `${account.name}.${kind}`;
    if (found.entries[path]?.target === target) continue;
    steps.push(step(`Give the ${kind} ${account.name} the number ${id}`, { do: 'link', path, target }));
  }
  return steps;
}

/** The other name of a renamed account. Which one it is gets noted before its record is made, so that none is ever forgotten. */
function alias(manifest: Manifest, found: AccountFound, at: Layout): Step[] {
  const { account } = manifest;
  const steps: Step[] = [];
  const { noted } = found;
  if (noted && noted !== account.alias && found.texts[`${noted}.user`])
    steps.push(step(`Let go of the name ${noted}`, { do: 'delete', path: at.userdbFile(`${noted}.user`) }));
  const note = at.userAlias(account.name);
  if (noted && !account.alias) steps.push(step(`Forget the name ${noted}`, { do: 'delete', path: note }));
  if (!account.alias) return steps;
  const owned = { mode: 0o644, uid: 0, gid: 0 };
  if (noted !== account.alias)
    steps.push(step(`Note the new name ${account.alias}`, { do: 'write', path: note, text: `${account.alias}\n`, ...owned }));
  const text = aliasRecord(account, at.home(account.name));
  const file = `${account.alias}.user`;
  if (found.texts[file] !== text)
    steps.push(step(`Know ${account.name} as ${account.alias} too`, { do: 'write', path: at.userdbFile(file), text, ...owned }));
  return steps;
}

function folders(manifest: Manifest, found: AccountFound, at: Layout): Step[] {
  const { name, uid, gid } = manifest.account;
  const wanted: [string, string, number, number, number][] = [
    [at.marksOf(name), `Make room for the building record of ${name}`, 0o700, 0, 0],
    [at.logsOf(name), `Make the log folder of ${name}`, 0o700, 0, 0],
    [at.statsOf(name), `Make room for the statistics of ${name}`, 0o700, 0, 0],
    [at.user(name), `Make the configuration folder of ${name}`, 0o750, 0, gid],
    [at.tmp(name), `Make a temporary folder only ${name} can see`, 0o700, uid, gid],
    // The web server may pass through to public files; nobody else may even look.
    [at.home(name), `Make the home ${at.home(name)}`, 0o710, uid, found.webGroup],
  ];
  return wanted
    .filter(([path, , mode, owner, group]) => {
      const entry = found.entries[path];
      return entry?.kind !== 'folder' || entry.mode !== mode || entry.uid !== owner || entry.gid !== group;
    })
    .map(([path, why, mode, owner, group]) => step(why, { do: 'folder', path, mode, uid: owner, gid: group }));
}

function refuseStrangeHome({ name, uid }: Manifest['account'], found: AccountFound, at: Layout): void {
  const home = at.home(name);
  const owner = found.entries[home]?.uid ?? uid;
  // Root's own is one of ours whose making was broken off.
  if (owner === uid || owner === 0) return;
  throw new Refused(
    'home-taken',
    `${home} already belongs to the unix user number ${owner}.`,
    'Move that folder away, or choose another name.',
    {
      fields: [{ field: 'username', message: 'choose another name: the host already has a home of this one' }],
      status: 409,
    },
  );
}

/** What must happen for the account to be as the manifest says. Pure. Throws Refused when the name is somebody else's. */
export function plan(manifest: Manifest, found: AccountFound, at: Layout): Step[] {
  const { account } = manifest;
  const record = found.texts[`${account.name}.user`];
  const other = account.alias && found.noted !== account.alias ? found.texts[`${account.alias}.user`] : null;
  const strange = (record && !ownRecord(record) ? account.name : null) ?? (other && !sameNumber(other, account.uid) ? account.alias : null);
  const taken = found.taken ?? strange;
  if (taken) {
    throw new Refused(
      'unix-name-taken',
      `This host already has a user or group "${taken}" that Berth did not make.`,
      'Choose another account name.',
      {
        fields: [{ field: 'username', message: 'choose another name: the host itself uses this one' }],
        status: 409,
      },
    );
  }
  refuseStrangeHome(account, found, at);
  const ground = [...records(manifest, found, at), ...folders(manifest, found, at), ...alias(manifest, found, at)];
  const steps = [...ground, ...planQuota(account, found.quota)];
  if (account.state === 'suspended') {
    return found.alive
      ? [...steps, step(`End every process of ${account.name}`, { do: 'sweep', account: account.name, uid: account.uid })]
      : steps;
  }
  const ops = furnish(account.name, found.home, at);
  if (ops.length)
    steps.push(step(`Prepare the home of ${account.name}`, { do: 'home', who: { ...account, home: at.home(account.name) }, ops }));
  return steps;
}
