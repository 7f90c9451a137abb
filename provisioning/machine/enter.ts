import { z } from 'zod';
import { Failed } from '../errors.ts';
import type { HomeEntry } from '../host.ts';
import type { Layout } from '../layout.ts';
import { plainName } from '../stacks/pick.ts';
import type { HomeOp, Who } from '../steps.ts';
import { standby } from './standby.ts';

const MAX_ANSWER = 4 * 1024 * 1024;
const ANSWER_SECONDS = 15;
/** What is kept of one program's output; a customer's code may print for as long as it runs. */
const MAX_OUTPUT = 4 * 1024 * 1024;

/** A helper's answer comes from a process the customer may have tampered with, so it is read like any request. */
const answer = z.discriminatedUnion('ok', [
  z.object({
    ok: z.literal(true),
    entries: z
      .record(
        z.string(),
        z
          .object({
            kind: z.enum(['file', 'folder', 'link', 'other']),
            mode: z.int(),
            target: z.string().optional(),
            digest: z.string().optional(),
          })
          .nullable(),
      )
      .optional(),
    packages: z.record(z.string(), z.array(z.string().max(200)).max(1000).nullable()).optional(),
    bytes: z.number().optional(),
    inodes: z.number().optional(),
  }),
  z.object({ ok: z.literal(false), error: z.string().max(2000), path: z.string().max(4096).optional() }),
]);
type Answer = Extract<z.infer<typeof answer>, { ok: true }>;

/** One way of becoming a customer: a short-lived process that drops to the uid before it touches anything. */
export function enter(at: Layout) {
  const { take } = standby(at);
  const request = (who: Who, rest: object) =>
    `${JSON.stringify({ uid: who.uid, gid: who.gid, home: who.home, homes: at.homes, tmp: at.tmp(who.name), ...rest })}\n`;

  function ask(who: Who, rest: object): Promise<Answer> {
    return new Promise((done, fail) => {
      const child = take();
      let out = '';
      let err = '';
      const timer = setTimeout(() => child.kill('SIGKILL'), ANSWER_SECONDS * 1000);
      child.stdout.on('data', chunk => {
        if (out.length < MAX_ANSWER) out += chunk;
        else child.kill('SIGKILL');
      });
      child.stderr.on('data', chunk => {
        if (err.length < 4000) err += chunk;
      });
      child.on('error', fail);
      child.stdin.end(request(who, rest));
      child.on('close', code => {
        clearTimeout(timer);
        const parsed = answer.safeParse(parse(out));
        if (parsed.success && parsed.data.ok) return done(parsed.data);
        const reason =
          parsed.success && !parsed.data.ok ? `${parsed.data.error}${parsed.data.path ? ` (${parsed.data.path})` : ''}` : 'no answer';
        fail(new Failed(`Working in ${who.home} as ${who.name} failed: ${reason}.`, { exit: code, lastLines: err.trim() }));
      });
    });
  }

  /** Runs a program to its end as the customer; resolves with its exit status. */
  function run(who: Who, rest: object, timeoutSeconds: number, tell: (text: string) => void): Promise<number | null> {
    return new Promise((done, fail) => {
      const child = take();
      const timer = setTimeout(() => {
        tell(`Stopped after ${timeoutSeconds} seconds.\n`);
        child.kill('SIGKILL');
      }, timeoutSeconds * 1000);
      let left = MAX_OUTPUT;
      for (const stream of [child.stdout, child.stderr]) {
        stream.setEncoding('utf8').on('data', (text: string) => {
          if (left > 0) tell(left > text.length ? text : `${text.slice(0, left)}\nIt prints too much: the rest is left out.\n`);
          left -= text.length;
          if (left > 0) return;
          // Read on, but slowly: whoever floods waits, and not the agent.
          stream.pause();
          setTimeout(() => stream.resume(), 50);
        });
      }
      child.on('error', fail);
      child.stdin.end(request(who, { verb: 'exec', ...rest }));
      // `exit` and not `close`: a program that leaves a daemon behind must not hold the build open.
      child.on('exit', code => {
        clearTimeout(timer);
        setTimeout(() => done(code), 20);
      });
    });
  }

  return {
    run,
    home: async (who: Who, ops: HomeOp[]): Promise<void> => {
      await ask(who, { verb: 'home', ops });
    },
    look: async (who: Who, paths: string[]): Promise<Record<string, HomeEntry | null>> => {
      if (!paths.length) return {};
      const { entries = {} } = await ask(who, { verb: 'look', paths });
      return Object.fromEntries(paths.map(path => [path, entries[path] ?? null]));
    },
    packages: async (who: Who, venvs: string[]): Promise<Record<string, Record<string, string> | null>> => {
      if (!venvs.length) return {};
      const { packages = {} } = await ask(who, { verb: 'packages', paths: venvs });
      return Object.fromEntries(venvs.map(venv => [venv, versions(packages[venv] ?? null)]));
    },
    measure: async (who: Who): Promise<{ bytes: number; inodes: number }> => {
      const { bytes = 0, inodes = 0 } = await ask(who, { verb: 'measure' });
      return { bytes, inodes };
    },
  };
}

/** Names of `<package>-<version>.dist-info` folders as versions by plain name. A customer made them up, so the odd ones are left out. */
function versions(folders: string[] | null): Record<string, string> | null {
  if (!folders) return null;
  const found: [string, string][] = [];
  for (const folder of folders) {
    const [, name, version] = /^([A-Za-z0-9][A-Za-z0-9._]*)-([A-Za-z0-9.!+_]{1,60})\.dist-info$/.exec(folder) ?? [];
    if (name && version) found.push([plainName(name), version]);
  }
  return Object.fromEntries(found);
}

function parse(out: string): unknown {
  try {
    return JSON.parse(out);
  } catch {
    return null;
  }
}
