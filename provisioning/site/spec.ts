import { z } from 'zod';
import { appName, domainName } from '../names.ts';

/** The addresses under which one app is served, and how to tell that it is healthy before it is published. */
export const siteSpec = z.strictObject({
  app: appName,
  hosts: z.array(domainName).min(1).max(200),
  health: z.strictObject({
    path: z.string().regex(/^\/[\x21-\x7e]*$/),
    status: z.int().min(100).max(599),
    contains: z.string().max(200),
  }),
});
export type SiteSpec = z.infer<typeof siteSpec>;
