import { readFileSync } from 'node:fs';
import { api, type Route } from '../middleware/route.ts';
import { openapi } from './document.ts';

const { version } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')) as { version: string };
let document: unknown = null;

/** The API's description of itself. */
export const routes: Route[] = [
  api({
    method: 'GET',
    path: '/api/v1/openapi.json',
    policy: 'public',
    summary: 'This document',
    run({ ctx }) {
      document ??= openapi((ctx.app.context as unknown as { routes: readonly Route[] }).routes, version);
      return document;
    },
  }),
];
