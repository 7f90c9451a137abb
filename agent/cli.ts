import { readFile } from 'node:fs/promises';
import { ask, at, make, print } from './speak.ts';
import { stacks } from './stacks/cli.ts';

const USAGE = `berthd speaks to the agent of this host.

  berthd inspect ACCOUNT           what stands, what is wanted, and what differs
  berthd plan MANIFEST.json        the steps that would make a manifest true; changes nothing
  berthd apply MANIFEST.json       makes it true, told step by step
  berthd remove ACCOUNT --confirm ACCOUNT
                                   deletes an account with its files and databases
  berthd stacks                    packages that are kept loaded for many apps; berthd stacks help tells more
  berthd doctor                    whether the agent, the slot server and the host are well
`;

async function doctor(): Promise<void> {
  for (const path of ['/health', '/host']) print(await ask('GET', path));
}

/** The word and its operands, as typed. Throws with a sentence when something is missing or the agent says no. */
export async function berthd(words: string[]): Promise<void> {
  const [word, operand = '', flag, confirmed] = words;
  const manifestFile = async () => {
    const text = await readFile(operand, 'utf8');
    return { text, account: String((JSON.parse(text) as { account?: { name?: string } }).account?.name) };
  };
  if (word === 'inspect' && operand) return print(await ask('GET', `/accounts/${encodeURIComponent(operand)}`));
  if (word === 'plan' && operand) {
    const { text, account } = await manifestFile();
    return print(await ask('POST', `/accounts/${encodeURIComponent(account)}/plan`, text));
  }
  if (word === 'apply' && operand) {
    const { text, account } = await manifestFile();
    return make('PUT', `/accounts/${encodeURIComponent(account)}`, text);
  }
  if (word === 'remove' && operand) {
    if (flag !== '--confirm' || confirmed !== operand)
      throw new Error(`This deletes every file and database of ${operand}. Add --confirm ${operand} to go on.`);
    const kept = JSON.parse(await readFile(at.manifest(operand), 'utf8')) as { manifest: { generation: number } };
    return make(
      'DELETE',
      `/accounts/${encodeURIComponent(operand)}`,
      JSON.stringify({ ...kept.manifest, generation: kept.manifest.generation + 1 }),
    );
  }
  if (word === 'stacks') return stacks(words.slice(1));
  if (word === 'doctor') return doctor();
  console.log(USAGE);
}
