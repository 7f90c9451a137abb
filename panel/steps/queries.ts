import type { PlannedStep } from '../../provisioning/manifest.ts';
import { change, limitTo, one, select } from '../db/pool.ts';

/** One step of a job as the panel remembers it. */
export interface JobStep {
  id: string;
  resource: string;
  why: string;
  state: 'queued' | 'running' | 'done' | 'failed';
  startedAt: Date | null;
  ms: number | null;
  error: string;
  help: string;
}

/** Output of a step. */
export interface StepOutput {
  row: number;
  id: string;
  text: string;
}

/** What the agent tells of a step. */
export interface StepNews {
  id: string;
  state: string;
  at: number;
  ms?: number;
  error?: string;
  help?: string;
}

/** The steps of a job that the asker has already been shown to have a right to, in the order they were planned. */
export function stepsOf(job: number): Promise<JobStep[]> {
  return select<JobStep>(
    'SELECT step_id AS id, resource, why, state, started_at AS startedAt, ms, error, help FROM job_steps WHERE job_id = ? ORDER BY position, step_id',
    [job],
  );
}

/** What the steps of a job have printed after a row, in order. */
export function outputAfter(job: number, row: number, limit = 200): Promise<StepOutput[]> {
  return select<StepOutput>(
    `SELECT id AS \`row\`, step_id AS id, text FROM job_output WHERE job_id = ? AND id > ? ORDER BY id ${limitTo(limit)}`,
    [job, row],
  );
}

/**
 * Merges a plan that the agent has just made. Steps done before stay done; steps no longer in the plan have been done while the panel
 * was not looking; the rest wait.
 */
export async function mergePlan(job: number, steps: PlannedStep[]): Promise<void> {
  const marks = steps.map(() => '?').join(', ');
  const elsewhere = steps.length ? `AND step_id NOT IN (${marks})` : '';
  await change(`UPDATE job_steps SET state = 'done', error = '', help = '' WHERE job_id = ? AND state <> 'done' ${elsewhere}`, [
    job,
    ...steps.map(step => step.id),
  ]);
  if (!steps.length) return;
  const last = (await one<{ last: number | null }>('SELECT MAX(position) AS last FROM job_steps WHERE job_id = ?', [job]))?.last ?? 0;
  await change(
    `INSERT INTO job_steps (job_id, step_id, position, resource, why) VALUES ${steps.map(() => '(?, ?, ?, ?, ?)').join(', ')}
     ON DUPLICATE KEY UPDATE state = IF(state = 'done', state, 'queued'), error = '', help = ''`,
    steps.flatMap((step, index) => [job, step.id, last + index + 1, step.resource.slice(0, 64), step.why.slice(0, 500)]),
  );
}

/** Notes what became of a step. */
export async function setStep(job: number, step: StepNews): Promise<void> {
  const started = step.state === 'running' ? new Date(step.at) : step.ms === undefined ? null : new Date(step.at - step.ms);
  await change(
    `UPDATE job_steps SET state = ?, started_at = COALESCE(?, started_at), ms = ?, error = ?, help = ? WHERE job_id = ? AND step_id = ?`,
    [
      step.state,
      started,
      step.ms === undefined ? null : Math.round(step.ms),
      (step.error ?? '').slice(0, 2000),
      (step.help ?? '').slice(0, 1000),
      job,
      step.id,
    ],
  );
}

/** Keeps output of a step. */
export async function addOutput(job: number, step: string, text: string): Promise<void> {
  await change('INSERT INTO job_output (job_id, step_id, text) VALUES (?, ?, ?)', [job, step, text]);
}

/** The failed step of a job, if one failed. */
export function failedStep(job: number): Promise<JobStep | null> {
  return one<JobStep>(
    `SELECT step_id AS id, why, error, help FROM job_steps WHERE job_id = ? AND state = 'failed' ORDER BY position LIMIT 1`,
    [job],
  );
}

/** Forgets the output of jobs that ended a month ago. */
export async function sweepOutput(): Promise<void> {
  await change('DELETE o FROM job_output o JOIN jobs j ON j.id = o.job_id WHERE j.finished_at < NOW(3) - INTERVAL 30 DAY');
}
