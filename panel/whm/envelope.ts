/** How a function's answer is wrapped in API 0: each family of functions has its own form. API 1 wraps all alike. */
export type Form = 'action' | 'passwd' | 'query' | 'bandwidth';

/** What a function says when it has done what was asked. */
export interface Done {
  /** Short and plain; staff read it. */
  reason?: string;
  /** The data of API 1; absent for functions that have none. */
  data?: Record<string, unknown>;
  /** What API 0 has instead of `data`. */
  zero?: Record<string, unknown>;
  /** Called once the answer has been written whole. */
  written?: () => Promise<void>;
}

const raw = (text: string) => ({ raw: `${text}\n` });

/** The answer of API 1. */
export function one(fn: string, form: Form, done: Done): Record<string, unknown> {
  const reason = done.reason ?? 'OK';
  const output = form === 'action' || form === 'passwd' ? { output: raw(reason) } : {};
  return { ...(done.data ? { data: done.data } : {}), metadata: { version: 1, command: fn, result: 1, reason, ...output } };
}

/** The answer of API 0. */
export function zero(form: Form, done: Done): Record<string, unknown> {
  const statusmsg = done.reason ?? 'Ok';
  const body = done.zero ?? done.data ?? {};
  if (form === 'action') return { result: [{ status: 1, statusmsg, ...body, rawout: `${statusmsg}\n` }] };
  if (form === 'passwd') return { passwd: [{ status: 1, statusmsg, ...body, rawout: `${statusmsg}\n` }] };
  if (form === 'bandwidth') return { bandwidth: [body] };
  return { status: 1, statusmsg, ...body };
}

/** A failure, in the form of the version that was asked for. API 1 has no `data` then: some clients return whatever stands there. */
export function failure(fn: string, version: 0 | 1, form: Form, reason: string): Record<string, unknown> {
  if (version === 1) return { metadata: { version: 1, command: fn, result: 0, reason } };
  const body = { status: 0, statusmsg: reason };
  if (form === 'action') return { result: [body] };
  if (form === 'passwd') return { passwd: [body] };
  return body;
}

/** What a caller without valid credentials reads, whatever was asked. */
export const DENIED = {
  cpanelresult: { apiversion: '2', error: 'Access denied', data: { reason: 'Access denied', result: '0' }, type: 'text' },
};
