import { servers, stacks } from '../../../provisioning/catalog/stacks.ts';
import type { Foundation } from '../../../provisioning/foundation/spec.ts';
import type { Host } from '../../../provisioning/host.ts';
import { layout } from '../../../provisioning/layout.ts';
import { blankPaper, type Paper, paperHost } from '../../../provisioning/paper/index.ts';

/** Paths of a production host. */
export const at = layout({ state: '/var/lib/berth', run: '/run/berth', homes: '/home', code: '/opt/berth', cgroup: 'berth' });

/** What is wanted of the pretend host. */
export const wanted: Foundation = {
  state: at.state,
  run: at.run,
  homes: at.homes,
  sitesPort: 8080,
  embeddedDatabase: true,
  pipEnvironment: {},
  stacks: stacks(),
  servers: servers(),
};

const file = (text: string) => ({ kind: 'file' as const, mode: 0o644, uid: 0, gid: 0, text });
const folder = { kind: 'folder' as const, mode: 0o755, uid: 0, gid: 0 };

function install(paper: Paper, names: string[]): void {
  const status = paper.entries.get('/var/lib/dpkg/status')?.text ?? '';
  const blocks = names.map(name => `Package: ${name}\nStatus: install ok installed\nVersion: 1\n`);
  paper.entries.set('/var/lib/dpkg/status', file([status, ...blocks].filter(Boolean).join('\n\n')));
  if (names.includes('python3')) paper.entries.set('/usr/bin/python3', { kind: 'link', mode: 0o777, uid: 0, gid: 0, target: 'python3.11' });
  for (const name of ['python3.11', 'python3.13']) if (names.includes('python3')) paper.entries.set(`/usr/bin/${name}`, file(''));
  if (names.includes('python3-venv')) paper.entries.set('/usr/share/python-wheels/pip-23.0.1-py3-none-any.whl', file(''));
  if (names.includes('libnss-systemd')) paper.entries.set('/etc/nsswitch.conf', file('passwd: files systemd\ngroup: files systemd\n'));
}

function move(paper: Paper, from: string, to: string): void {
  for (const [path, entry] of [...paper.entries]) {
    if (path !== from && !path.startsWith(`${from}/`)) continue;
    paper.entries.delete(path);
    paper.entries.set(to + path.slice(from.length), entry);
  }
}

/** A Debian 12 with nothing of Berth's on it, whose package manager and `mv` do what they say. */
export function freshDebian(): Host & { paper: Paper; ran: string[][] } {
  const paper = blankPaper();
  for (const path of ['/', '/var', '/var/lib', '/run', '/home', '/etc']) paper.entries.set(path, folder);
  paper.entries.set('/usr/lib/os-release', file('PRETTY_NAME="Debian GNU/Linux 12 (bookworm)"\nID=debian\nVERSION_ID="12"\n'));
  paper.entries.set('/etc/nsswitch.conf', file('passwd: files\ngroup: files\n'));
  const host = paperHost(at, paper);
  const ran: string[][] = [];
  return {
    ...host,
    ran,
    act: async (step, tell) => {
      if (step.do !== 'run') return host.act(step, tell);
      const { argv } = step;
      ran.push(argv);
      if (argv.includes('install') && argv[0]?.endsWith('apt-get')) install(paper, argv.slice(argv.indexOf('--') + 1));
      if (argv[0] === '/usr/bin/mv') move(paper, argv.at(-2) ?? '', argv.at(-1) ?? '');
    },
  };
}
