import { bodyParser } from '@koa/bodyparser';
import type { Middleware } from 'koa';
import type { z } from 'zod';
import { type FieldError, Refused } from '../../provisioning/errors.ts';

const HELP = 'Correct the fields named under errors and send the request again. Nothing was changed.';

/** What a person reads when zod has no sentence of ours. */
function sentence(issue: z.core.$ZodRawIssue): string | undefined {
  if (issue.code === 'invalid_type') {
    if (issue.input === undefined) return `this field is needed: give ${kind(issue.expected)}`;
    return `give ${kind(issue.expected)} here`;
  }
  if (issue.code === 'too_small') return `use ${String(issue.minimum)} or more${issue.origin === 'string' ? ' characters' : ''}`;
  if (issue.code === 'too_big') return `use ${String(issue.maximum)} or less${issue.origin === 'string' ? ' characters' : ''}`;
  if (issue.code === 'invalid_value') return `use one of: ${issue.values.map(String).join(', ')}`;
  if (issue.code === 'invalid_format' && issue.format === 'email') return 'use an email address, such as ada@example.org';
  return undefined;
}

function kind(expected: string): string {
  const names: Record<string, string> = {
    int: 'a whole number',
    number: 'a number',
    array: 'a list',
    record: 'an object',
    object: 'an object',
    boolean: 'true or false',
  };
  return names[expected] ?? `a ${expected}`;
}

function fieldErrors(issues: readonly z.core.$ZodIssue[], whole: string): FieldError[] {
  return issues.flatMap(issue => {
    const path = issue.path.map(String);
    if (issue.code === 'unrecognized_keys') {
      return issue.keys.map(key => ({ field: [...path, key].join('.'), message: 'this field is unknown, remove it' }));
    }
    if (issue.code === 'invalid_key') return [{ field: path.join('.'), message: issue.issues[0]?.message ?? 'this name cannot be used' }];
    return [{ field: path.join('.') || whole, message: issue.message }];
  });
}

/** Reads what was sent by its schema; throws Refused with every wrong field named. `whole` names the input itself. */
export function parse<S extends z.ZodType>(schema: S, input: unknown, whole = 'body'): z.infer<S> {
  const parsed = schema.safeParse(input, { error: sentence });
  if (parsed.success) return parsed.data;
  const fields = fieldErrors(parsed.error.issues, whole);
  const first = fields[0] ?? { field: whole, message: 'this cannot be read' };
  throw new Refused('invalid', `${first.field}: ${first.message}.`, HELP, { fields });
}

function brokenBody(error: Error & { status?: number }): never {
  if (error.status === 413) {
    throw new Refused('too-large', 'The body is larger than 1 MB.', 'Send less.', {
      status: 413,
      fields: [{ field: 'body', message: 'use at most 1 MB' }],
    });
  }
  throw new Refused('broken-body', 'The body is not valid JSON.', 'Send one JSON object with Content-Type: application/json.', {
    status: 400,
    fields: [{ field: 'body', message: 'this is not valid JSON; check quotes, commas and braces' }],
  });
}

const methods = ['POST', 'PUT', 'PATCH', 'DELETE'];
const json = bodyParser({ enableTypes: ['json'], jsonLimit: '1mb', parsedMethods: methods, onError: brokenBody });
const form = bodyParser({ enableTypes: ['form'], formLimit: '1mb', parsedMethods: methods, onError: brokenBody });

/** Reads JSON for the API and form fields for pages; any other form of body is refused. */
export const body: Middleware = (ctx, next) => {
  const api = ctx.path.startsWith('/api/');
  const sent = ctx.request.length !== 0 && (ctx.request.length !== undefined || ctx.get('Transfer-Encoding') !== '');
  if (methods.includes(ctx.method) && sent && !ctx.is(api ? 'json' : 'urlencoded', api ? '+json' : 'json')) {
    throw new Refused(
      'wrong-content-type',
      'The body is not in a form this address reads.',
      'Send it with Content-Type: application/json.',
      {
        status: 415,
        fields: [{ field: 'body', message: 'use Content-Type: application/json' }],
      },
    );
  }
  return api || ctx.is('json') ? json(ctx, next) : form(ctx, next);
};
