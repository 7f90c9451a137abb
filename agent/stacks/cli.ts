import { readFile } from 'node:fs/promises';
import { parseArgs } from 'node:util';
import type { Proposal } from '../../provisioning/stacks/automatic.ts';
import type { StackStatus, ZygoteStatus } from '../../provisioning/stacks/spec.ts';
import { ask, make, print } from '../speak.ts';

const USAGE = `berthd stacks tells and changes which packages this host keeps loaded for many apps.

  berthd stacks list [--json]      every stack, what it holds, who uses it
  berthd stacks add Django==5.1.4 PyMySQL [--id ID] [--python PATH]
  berthd stacks add ID --lock FILE [--python PATH]
                                   adds one: versions from the package index, or a lock with digests
  berthd stacks upgrade ID         the newest fixes of the same series
  berthd stacks remove ID [--force]
                                   takes one away; apps go on without it
  berthd stacks propose            what most apps of this host would gain from

Berth makes stacks by itself for apps with versions of their own: BERTH_AUTOMATIC_STACKS says how many (8), or off.
`;

const MIB = 1024 * 1024;

function table(rows: string[][]): void {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map(row => row[column]?.length ?? 0)));
  for (const row of rows)
    console.log(
      row
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join('  ')
        .trimEnd(),
    );
}

const versions = (packages: Record<string, string>) =>
  Object.entries(packages)
    .map(([name, version]) => `${name} ${version}`)
    .join(', ');

const day = (at: number | null) => (at === null ? '-' : new Date(at).toISOString().slice(0, 16).replace('T', ' '));

async function list(json: boolean): Promise<void> {
  const answer = await ask('GET', '/stacks');
  if (json || answer.status >= 400) return print(answer);
  const { stacks, zygotes, automatic } = JSON.parse(answer.text) as {
    stacks: StackStatus[];
    zygotes: ZygoteStatus[];
    automatic: { count: number };
  };
  const memory = (bytes: number) => `${Math.round(bytes / MIB)} MiB`;
  table([
    ['STACK', 'FROM', 'PYTHON', 'APPS', 'LOADED', 'DISK', 'MADE', 'PACKAGES'],
    ...stacks.map(stack => [
      stack.id,
      stack.origin,
      stack.python,
      String(stack.apps.length),
      stack.state === 'missing' ? 'is missing' : stack.zygote ? `${stack.zygote.state}, ${memory(stack.zygote.memoryBytes)}` : 'no',
      memory(stack.bytes),
      day(stack.installedAt),
      versions(stack.packages),
    ]),
  ]);
  for (const zygote of zygotes.filter(one => one.stack === null || one.account !== null)) {
    const whose = zygote.account ? `, of the account ${zygote.account} alone` : '';
    console.log(`Also loaded: ${zygote.stack ?? 'the bare interpreter'} (${zygote.python}${whose}), ${memory(zygote.memoryBytes)}`);
  }
  console.log(automatic.count ? `Berth makes up to ${automatic.count} stacks by itself.` : 'Berth makes no stacks by itself.');
}

async function propose(): Promise<void> {
  const answer = await ask('GET', '/stacks/proposals');
  if (answer.status >= 400) return print(answer);
  const { proposals, lookedInto, accounts } = JSON.parse(answer.text) as { proposals: Proposal[]; lookedInto: number; accounts: number };
  if (!proposals.length) console.log('No stack is missing: every app with a known framework starts from one.');
  for (const { packages, python, apps } of proposals) {
    const exact = Object.entries(packages).map(([name, version]) => `${name}==${version}`);
    console.log(`${apps.length} ${apps.length === 1 ? 'app' : 'apps'}: berthd stacks add ${exact.join(' ')} --python ${python}`);
  }
  if (lookedInto < accounts) console.log(`(${lookedInto} of ${accounts} accounts were looked into)`);
}

/** `berthd stacks ...`, the words after it. Throws with a sentence when something is missing or the agent says no. */
export async function stacks(words: string[]): Promise<void> {
  const option = { type: 'string' } as const;
  const flag = { type: 'boolean' } as const;
  const options = { id: option, lock: option, python: option, force: flag, json: flag };
  const { values, positionals } = parseArgs({ args: words, options, allowPositionals: true });
  const [word = 'list', ...operands] = positionals;
  const [first = ''] = operands;
  if (word === 'list') return list(values.json ?? false);
  if (word === 'propose') return propose();
  if (word === 'add' && first) {
    const python = values.python ? { python: values.python } : {};
    const named = values.id ? { id: values.id } : {};
    const wanted = values.lock ? { id: first, lock: await readFile(values.lock, 'utf8') } : { ...named, requirements: operands };
    return make('POST', '/stacks', JSON.stringify({ ...wanted, ...python }), true);
  }
  if (word === 'upgrade' && first) return make('POST', `/stacks/${encodeURIComponent(first)}/upgrade`, '', true);
  if (word === 'remove' && first) return make('DELETE', `/stacks/${encodeURIComponent(first)}${values.force ? '?force=1' : ''}`, '');
  console.log(USAGE);
}
