import { environment } from '../environment.ts';
import type { Layout } from '../layout.ts';
import type { Manifest } from '../manifest.ts';
import type { Act, HomeOp, Step } from '../steps.ts';
import { configText, myCnfText, profileText } from './contents.ts';
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
  const home = at.home(name);
  const links: [string, string][] = [
    [`${home}/.my.cnf`, at.userMyCnf(name)],
    [`${home}/.berth.json`, at.userConfig(name)],
  ];
  // What the customer put in their place is theirs to keep.
  const ops: HomeOp[] = links.filter(([path]) => !found.home[path]).map(([path, target]) => ({ op: 'link', path, target }));
  const profile = `${home}/.profile`;
  if (!found.home[profile]) ops.push({ op: 'file', path: profile, text: profileText(name, at), mode: 0o644 });
  if (ops.length) steps.push(step(`Link the configuration into the home of ${name}`, { do: 'home', who: { ...account, home }, ops }));
  const kept = new Set(manifest.configs.map(config => `${config.app}.env.json`));
  for (const file of found.files.filter(entry => entry.endsWith('.env.json') && !kept.has(entry))) {
    const app = file.slice(0, -'.env.json'.length);
    steps.push(step(`Delete the environment of ${app}`, { do: 'delete', path: at.userEnv(name, app) }));
  }
  return steps;
}
