import { z } from 'zod';
import type { Ctx } from './route.ts';

/** `?limit=&after=` as every list takes it. */
export const pageQuery = z.strictObject({
  limit: z.coerce.number().int().min(1).max(200).default(50),
  after: z.string().max(190).optional(),
});

/** The same where the key is a number. */
export const idPageQuery = z.strictObject({
  limit: z.coerce.number().int().min(1).max(200).default(50),
  after: z.coerce.number().int().min(1).optional(),
});

/** The shape of a list: items, and where the next page is, if there is one. */
export function pageOf<T extends z.ZodType>(item: T) {
  return z.object({ items: z.array(item), next: z.string().nullable() });
}

/** The link to the next page of a list, or null at its end. */
export function nextLink(ctx: Ctx, after: string | number | null): string | null {
  if (after === null) return null;
  const query = new URLSearchParams(ctx.querystring);
  query.set('after', String(after));
  return `${ctx.path}?${query}`;
}
