import { environment } from '../environment.ts';
import type { Layout } from '../layout.ts';
import type { Manifest } from '../manifest.ts';
import type { Act, Step } from '../steps.ts';
import { configText, myCnfText } from './contents.ts';
import type { ConfigFound } from './inspect.ts';

const step = (why: string, act: Act): Step => ({ ...act, why, resource: 'config' });

/** What must happen for the account's configuration files to be as the manifest says. Pure. */
export function plan(manifest: Manifest, found: ConfigFound, at: Layout): Step[] {
  const { account } = manifest;
  if (account.state === 'suspended') return [];
  const { name, gid } = account;
  const wanted: [string, string, string][] = [
    [at.userConfig(name), configText(manifest, at), `Write the configuration file of ${name}`],
    [at.userMyCnf(name), myCnfText(manifest, at), `Tell mysql how ${name} signs in`],
  ];
  for (const config of manifest.configs) {
    const text = `${JSON.stringify(environment(manifest, config, at), null, 2)}\n`;
    wanted.push([at.userEnv(name, config.app), text, `Write the environment of ${config.app}`]);
  }
  const steps = wanted
    .filter(([path, text]) => found.texts[path] !== text)
    .map(([path, text, why]) => step(why, { do: 'write', path, text, mode: 0o640, uid: 0, gid }));
  const kept = new Set(manifest.configs.map(config => `${config.app}.env.json`));
  for (const file of found.files.filter(entry => entry.endsWith('.env.json') && !kept.has(entry))) {
    const app = file.slice(0, -'.env.json'.length);
    steps.push(step(`Delete the environment of ${app}`, { do: 'delete', path: at.userEnv(name, app) }));
  }
  return steps;
}
