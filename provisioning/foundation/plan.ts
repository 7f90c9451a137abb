import { Refused } from '../errors.ts';
import type { Layout } from '../layout.ts';
import type { Act, Step } from '../steps.ts';
import { above, type GroundFound, type PackagesFound, POLICY } from './inspect.ts';
import { nginxMain } from './nginx.ts';
import { PAGES, pageText } from './pages.ts';
import { DATABASE_USER, type Foundation, folders, type OwnFolder, PANEL_USER, WEB_GROUP } from './spec.ts';
import { recordFiles } from './userdb.ts';

const step = (why: string, act: Act): Step => ({ ...act, why, resource: 'foundation' });

const QUIET = { DEBIAN_FRONTEND: 'noninteractive' };
const APT = ['/usr/bin/apt-get', '-y', '-o', 'DPkg::Lock::Timeout=300', '-o', 'Dpkg::Use-Pty=0'];

/** Debian asks this program before it starts a service; 101 means no. It stands only while packages are installed. */
const POLICY_TEXT = `#!/bin/sh
# Berth is installing packages and runs their programs itself; this file goes when it is done.
exit 101
`;

/** What must happen for all packages to be there, without a service of the distribution started by it. Pure. */
export function planPackages(_wanted: Foundation, found: PackagesFound): Step[] {
  const { missing, policy } = found;
  const steps: Step[] = [];
  // A policy of our own that still stands tells of an installation that was cut short after nginx had come.
  const cutShort = policy === POLICY_TEXT;
  const services: [string, string | null, string][] = [
    ['nginx', 'nginx.service', 'nginx service'],
    ['php-fpm', found.phpService, 'PHP service'],
  ];
  const brought = services.filter(([name]) => missing.includes(name));
  if (brought.length && policy === null) {
    const act: Act = { do: 'write', path: POLICY, text: POLICY_TEXT, mode: 0o755, uid: 0, gid: 0 };
    steps.push(step('Keep new packages from starting services', act));
  }
  if (missing.length) {
    steps.push(step('Fetch the list of packages', { do: 'run', argv: [...APT, 'update'], env: QUIET, timeoutSeconds: 600 }));
    const argv = [...APT, 'install', '--no-install-recommends', '--no-remove', '--', ...missing];
    steps.push(step(`Install ${missing.join(', ')}`, { do: 'run', argv, env: QUIET, timeoutSeconds: 1800 }));
  }
  for (const [, unit, name] of cutShort ? services : brought) {
    if (unit === null) continue;
    const argv = ['/usr/bin/systemctl', '--quiet', 'disable', unit];
    steps.push(step(`Leave the distribution’s ${name} switched off`, { do: 'run', argv, timeoutSeconds: 60 }));
  }
  if (cutShort || (brought.length && policy === null)) {
    steps.push(step('Let packages start services again', { do: 'delete', path: POLICY }));
  }
  return steps;
}

function idOf(text: string, name: string): number | null {
  const line = text.split('\n').find(entry => entry.startsWith(`${name}:`));
  return line ? Number(line.split(':')[2]) : null;
}

function refuseStrangers(found: GroundFound): void {
  for (const { name, uid, gid } of [PANEL_USER, DATABASE_USER]) {
    const takenUser = idOf(found.passwd, name);
    const takenGroup = idOf(found.group, name);
    if ((takenUser !== null && takenUser !== uid) || (takenGroup !== null && takenGroup !== gid)) {
      throw new Refused(
        'unix-name-taken',
        `This host already has a user or group "${name}" that Berth did not make.`,
        `Rename it, then start again.`,
      );
    }
  }
  for (const database of ['passwd', 'group']) {
    if (new RegExp(`^${database}:.*\\bsystemd\\b`, 'm').test(found.nsswitch)) continue;
    const help = `Add the word systemd at the end of the lines "passwd:" and "group:" in /etc/nsswitch.conf.`;
    throw new Refused('name-service', 'This host does not look up its users in /etc/userdb.', help);
  }
}

/** Customers, the web server and the database server all have to pass through to what is theirs. */
function planPassages(found: GroundFound, at: Layout): Step[] {
  const steps: Step[] = [];
  for (const path of new Set([at.state, at.run, at.homes].flatMap(above))) {
    const entry = found.entries[path];
    if (entry?.kind !== 'folder' || entry.mode & 0o001) continue;
    if (entry.uid !== 0 || !found.alone.includes(path)) {
      throw new Refused(
        'closed-folder',
        `Only its owner may pass through ${path}.`,
        `Open it with: chmod o+x ${path} (or choose another place).`,
      );
    }
    // Root's, and nothing but Berth in it: made for Berth, such as by mktemp -d, and so Berth's to open.
    const mode = entry.mode | 0o011;
    steps.push(step(`Let Berth's users pass through ${path}`, { do: 'folder', path, mode, uid: 0, gid: entry.gid }));
  }
  return steps;
}

function planUsers(found: GroundFound, at: Layout, embedded: boolean): Step[] {
  const steps: Step[] = [];
  for (const user of embedded ? [PANEL_USER, DATABASE_USER] : [PANEL_USER]) {
    for (const { path, what, text, link } of recordFiles(user, at)) {
      const present = link === undefined ? found.texts[path] === text : found.entries[path]?.target === link;
      if (present) continue;
      const act: Act = link === undefined ? { do: 'write', path, text, mode: 0o644, uid: 0, gid: 0 } : { do: 'link', path, target: link };
      steps.push(step(what, act));
    }
  }
  return steps;
}

function planFolders(wanted: Foundation, found: GroundFound, at: Layout): Step[] {
  const web = idOf(found.group, WEB_GROUP);
  if (web === null)
    throw new Refused('no-web-group', `This host has no group ${WEB_GROUP}.`, 'Berth needs Debian 12, Ubuntu 22.04 or later.');
  const uids = { root: 0, database: DATABASE_USER.uid, panel: PANEL_USER.uid };
  const gids = { root: 0, database: DATABASE_USER.gid, panel: PANEL_USER.gid, web };
  const differs = ({ path, mode, owner, group }: OwnFolder) => {
    const entry = found.entries[path];
    return entry?.kind !== 'folder' || entry.mode !== mode || entry.uid !== uids[owner] || entry.gid !== gids[group];
  };
  return folders(at, wanted)
    .filter(differs)
    .map(({ path, mode, owner, group }) =>
      step(`Make the folder ${path}`, { do: 'folder', path, mode, uid: uids[owner], gid: gids[group] }),
    );
}

/** Folders of the system's own: made when they are missing, otherwise left as they are. */
function planSystemFolders(found: GroundFound, at: Layout): Step[] {
  return [at.userdb, at.homes]
    .filter(path => !found.entries[path])
    .map(path => step(`Make the folder ${path}`, { do: 'folder', path, mode: 0o755, uid: 0, gid: 0 }));
}

/** What must happen for Berth's users, folders and web server files to be as they should. Pure. Throws Refused. */
export function planGround(wanted: Foundation, found: GroundFound, at: Layout): Step[] {
  refuseStrangers(found);
  const texts = Object.entries(PAGES).map(
    ([name, page]) => [at.nginxPage(name), pageText(page), `Write the page "${page.title}"`] as const,
  );
  const all = [...texts, [at.nginxMain, nginxMain(at, wanted), 'Write the web server’s settings'] as const];
  const files = all
    .filter(([path, text]) => found.texts[path] !== text)
    .map(([path, text, why]) => step(why, { do: 'write', path, text, mode: 0o644, uid: 0, gid: 0 }));
  const ground = [...planPassages(found, at), ...planSystemFolders(found, at)];
  return [...ground, ...planUsers(found, at, wanted.embeddedDatabase), ...planFolders(wanted, found, at), ...files];
}
