import { existsSync, readFileSync } from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';

/** An app that writes down what it did, and on request dies between two requests: when its answer is out, before the next comes. */
export const DILIGENT = `
import os
DONE = os.open(os.path.join(os.path.dirname(os.path.abspath(__file__)), "done.txt"), os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
served = 0

class Last(list):
    def close(self):
        os._exit(1)

def application(environ, start):
    global served
    served += 1
    word = environ["wsgi.input"].read()
    os.write(DONE, word + b"\\n")
    start("200 OK", [("Content-Type", "text/plain"), ("Content-Length", str(len(word)))])
    return (Last if environ["PATH_INFO"] == "/last" and served > 1 else list)([word])
`;

/** Where it happens. */
export interface Place {
  /** How many apps there are. */
  apps: number;
  /** Posts a word to an app, which answers with it. */
  post: (app: number, path: string, word: string) => Promise<{ status: number; body: string }>;
  /** The file in which an app wrote down what it did. */
  done: (app: number) => string;
  /** What may happen to an app: it is given a new version. */
  reload: (app: number) => Promise<void>;
  /** Those that must not end by themselves so often: what is always on and ends again and again is given a rest. */
  steady?: number[];
  /** What may happen to slotd. */
  slotd: Record<string, () => Promise<unknown>>;
}

/** What came of it. */
export interface Losses {
  sent: number;
  lost: string[];
  twice: string[];
  happened: Record<string, number>;
}

const VISITORS = 8;
const SEASON_MS = 2500;

/** Sends so many requests while everything around them ends and begins again. Each must be answered, and carried out once. */
export async function lose(place: Place, count: number): Promise<Losses> {
  const happened: Record<string, number> = {};
  const lost: string[] = [];
  let sent = 0;
  const began = Date.now();
  // One app after another has no visitors for a while, and falls asleep.
  const open = () =>
    Array.from({ length: place.apps }, (_, app) => app).filter(app => (Math.floor((Date.now() - began) / SEASON_MS) + app) % 3);
  const visitor = async () => {
    while (sent < count) {
      const word = `n${sent++}`;
      const apps = open();
      const app = apps[sent % apps.length] ?? 0;
      const path = sent % 97 === 0 && !place.steady?.includes(app) ? '/last' : '/';
      happened[path] = (happened[path] ?? 0) + 1;
      const answer = await place.post(app, path, word).catch((error: Error) => ({ status: 0, body: error.message }));
      if (answer.status !== 200 || answer.body !== word) lost.push(`${word} of app ${app}: ${answer.status} ${answer.body.slice(0, 80)}`);
    }
  };
  const fate = async () => {
    const verbs = Object.entries(place.slotd);
    for (let n = 0; sent < count; n++) {
      await pause(350);
      await place.reload(n % place.apps);
      happened.reload = (happened.reload ?? 0) + 1;
      const [verb, act] = verbs[n % verbs.length] ?? ['nothing', async () => {}];
      await act();
      happened[verb] = (happened[verb] ?? 0) + 1;
    }
  };
  await Promise.all([fate(), ...Array.from({ length: VISITORS }, visitor)]);
  const times = new Map<string, number>();
  for (let app = 0; app < place.apps; app++) {
    const lines = existsSync(place.done(app)) ? readFileSync(place.done(app), 'utf8').split('\n').filter(Boolean) : [];
    for (const word of lines) times.set(word, (times.get(word) ?? 0) + 1);
  }
  for (let n = 0; n < sent; n++) if (!times.has(`n${n}`)) lost.push(`n${n} was never carried out`);
  return { sent, lost, twice: [...times].filter(([, many]) => many > 1).map(([word]) => word), happened };
}
