import type { HomeEntry } from '../host.ts';
import type { Layout } from '../layout.ts';
import type { HomeOp } from '../steps.ts';

/** What the account's shell reads when somebody signs in. Written once, then the customer's own. Pure. */
function profileText(account: string, at: Layout): string {
  return [
    '# Read by your shell when you sign in. Change it as you like; Berth wrote it once and leaves it alone.',
    `export BERTH_CONFIG="${at.userConfig(account)}"`,
    'export LANG=C.UTF-8',
    '',
  ].join('\n');
}

const FOLDERS = ['apps', 'www'];
const CONFIG = '.berth.json';
const MY_CNF = '.my.cnf';
const PROFILE = '.profile';

/** The paths of a home that Berth sees to when it makes one. */
export function furnished(home: string): string[] {
  return [...FOLDERS, CONFIG, MY_CNF, PROFILE].map(name => `${home}/${name}`);
}

/** What is missing in a home, all in one go. The links may lead to files that are yet to be written. Pure. */
export function furnish(account: string, found: Record<string, HomeEntry | null>, at: Layout): HomeOp[] {
  const home = at.home(account);
  const ops: HomeOp[] = FOLDERS.map(name => `${home}/${name}`)
    .filter(path => found[path]?.kind !== 'folder')
    .map(path => ({ op: 'folder', path, mode: 0o755 }));
  const links: [string, string][] = [
    [`${home}/${MY_CNF}`, at.userMyCnf(account)],
    [`${home}/${CONFIG}`, at.userConfig(account)],
  ];
  // What the customer put in their place is theirs to keep.
  for (const [path, target] of links) if (!found[path]) ops.push({ op: 'link', path, target });
  const profile = `${home}/${PROFILE}`;
  if (!found[profile]) ops.push({ op: 'file', path: profile, text: profileText(account, at), mode: 0o644 });
  return ops;
}
