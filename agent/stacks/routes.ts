import type Router from '@koa/router';
import type Koa from 'koa';
import { z } from 'zod';
import { Refused } from '../../provisioning/errors.ts';
import { HOST_PYTHON, lockText, pythonPath, requirement, stackId } from '../../provisioning/stacks/spec.ts';
import { json, stream } from '../mouth.ts';
import type { Parts } from '../parts.ts';
import { proposals } from './automatic.ts';
import { listStacks, slotsByStack } from './list.ts';
import { specFor, upgraded } from './locks.ts';

const addition = z
  .strictObject({
    id: stackId.optional(),
    python: pythonPath.default(HOST_PYTHON),
    lock: lockText.optional(),
    requirements: z.array(requirement).max(50).default([]),
  })
  .refine(({ lock, requirements }) => (lock === undefined) === requirements.length > 0, 'name either a lock or requirements');

function read<T>(schema: z.ZodType<T>, body: unknown): T {
  const parsed = schema.safeParse(body);
  if (parsed.success) return parsed.data;
  const fields = parsed.error.issues.map(issue => ({ field: issue.path.join('.') || 'body', message: issue.message }));
  throw new Refused('stack-invalid', 'This stack cannot be made.', 'Correct what is named, then try again.', { fields });
}

/** The routes that tell of stacks and change them. */
export function stackRoutes(router: Router, { host, stacks, stackTools, journal, automaticBounds }: Parts): void {
  const known = async (ctx: Koa.Context & { params: Record<string, string> }) => {
    const spec = (await stacks.wanted()).find(entry => entry.id === ctx.params.id);
    if (!spec)
      throw new Refused('no-such-stack', `There is no stack ${String(ctx.params.id).slice(0, 64)}.`, 'berthd stacks lists them.', {
        status: 404,
      });
    if (spec.origin === 'catalog')
      throw new Refused(
        'stack-own',
        `The stack ${spec.id} comes with Berth and changes with its updates.`,
        'Add one of your own beside it.',
      );
    return spec;
  };
  router.get('/stacks', async ctx => {
    const zygotes = await stackTools.zygotes().catch(() => []);
    ctx.body = { stacks: await listStacks(host, await stacks.wanted(), zygotes), zygotes, automatic: automaticBounds };
  });
  router.get('/stacks/proposals', async ctx => {
    ctx.body = await proposals(host, journal);
  });
  router.post('/stacks', async ctx => {
    stream(ctx, stacks.make(await specFor(host, stackTools, read(addition, await json(ctx)))));
  });
  router.post('/stacks/:id/upgrade', async ctx => {
    stream(ctx, stacks.make(await upgraded(host, stackTools, await known(ctx))));
  });
  router.delete('/stacks/:id', async ctx => {
    const spec = await known(ctx);
    const apps = (await slotsByStack(host))[spec.id] ?? [];
    if (apps.length && ctx.query.force !== '1') {
      const some = apps.length > 5 ? `${apps.slice(0, 5).join(', ')} and ${apps.length - 5} more` : apps.join(', ');
      throw new Refused(
        'stack-used',
        `The stack ${spec.id} is used by ${some}.`,
        'Add --force: they go on without it, and wake more slowly.',
        {
          status: 409,
        },
      );
    }
    stream(ctx, stacks.unmake(spec));
  });
}
