import { select } from '../db/pool.ts';

/** How many apps were made from each recipe and are still there. */
export async function installs(): Promise<Record<string, number>> {
  const rows = await select<{ recipe: string; count: number }>('SELECT recipe, COUNT(*) AS count FROM apps GROUP BY recipe');
  return Object.fromEntries(rows.map(row => [row.recipe, row.count]));
}
