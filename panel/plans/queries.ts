import type { Limits } from '../../provisioning/account/spec.ts';
import { change, limitTo, one, select } from '../db/pool.ts';
import { type Actor, mine } from '../people/actor.ts';
import { limitsFrom } from './schema.ts';

/** A plan, and how many accounts live by it. */
export interface Plan {
  id: number;
  name: string;
  limits: Limits;
  accounts: number;
  createdAt: Date;
}

type Row = Omit<Plan, 'limits'> & { limits: string };

const SELECT = `SELECT p.id, p.name, p.limits, p.created_at AS createdAt,
  (SELECT COUNT(*) FROM accounts c WHERE c.plan_id = p.id) AS accounts FROM plans p`;
// A customer sees the plan they have.
const VISIBLE = '(? = 1 OR p.id = (SELECT o.plan_id FROM accounts o WHERE o.id = ?))';

function toPlan(row: Row): Plan {
  return { ...row, limits: limitsFrom(row.limits) };
}

/** The plans an actor may see, in the order of their names. */
export async function plansOf(actor: Actor, page: { after?: string; limit: number }): Promise<Plan[]> {
  const sql = `${SELECT} WHERE ${VISIBLE} AND p.name > ? ORDER BY p.name ${limitTo(page.limit)}`;
  return (await select<Row>(sql, [...mine(actor), page.after ?? ''])).map(toPlan);
}

/** The plan of a name, or null. */
export async function planOf(actor: Actor, name: string): Promise<Plan | null> {
  const row = await one<Row>(`${SELECT} WHERE ${VISIBLE} AND p.name = ?`, [...mine(actor), name]);
  return row ? toPlan(row) : null;
}

/** Adds a plan. */
export async function insertPlan(name: string, limits: Limits): Promise<void> {
  await change('INSERT INTO plans (name, limits) VALUES (?, ?)', [name, JSON.stringify(limits)]);
}

/** Sets the limits of a plan. */
export async function setLimits(plan: number, limits: Limits): Promise<void> {
  await change('UPDATE plans SET limits = ? WHERE id = ?', [JSON.stringify(limits), plan]);
}

/** Deletes a plan that no account has. */
export async function dropPlan(plan: number): Promise<void> {
  await change('DELETE FROM plans WHERE id = ?', [plan]);
}

/** The ids of the live accounts of a plan. */
export async function accountIdsOf(plan: number): Promise<number[]> {
  const rows = await select<{ id: number }>(`SELECT id FROM accounts WHERE plan_id = ? AND state NOT IN ('terminating', 'terminated')`, [
    plan,
  ]);
  return rows.map(row => row.id);
}
