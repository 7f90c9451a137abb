import { readFileSync } from 'node:fs';
import { z } from 'zod';
import { hostsOnline } from '../hosts/actions.ts';
import { api, type Route } from '../middleware/route.ts';
import { SYSTEM } from '../people/actor.ts';

const { version } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')) as { version: string };

/** Whether the panel answers, for those who watch it. */
export const routes: Route[] = [
  api({
    method: 'GET',
    path: '/api/v1/health',
    policy: 'public',
    summary: 'Whether the panel and its hosts answer',
    answer: z.object({ status: z.enum(['ok', 'degraded']), version: z.string(), hosts: z.object({ online: z.int(), total: z.int() }) }),
    async run() {
      const hosts = await hostsOnline(SYSTEM);
      return { status: hosts.online === hosts.total ? 'ok' : 'degraded', version, hosts };
    },
  }),
];
