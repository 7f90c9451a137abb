import { api, type Route } from '../middleware/route.ts';
import { theDocument } from './document.ts';
/** The API's description of itself. */
export const routes: Route[] = [
  api({
    method: 'GET',
    path: '/api/v1/openapi.json',
    policy: 'public',
    summary: 'This document',
    run: ({ ctx }) => theDocument(ctx),
  }),
];
