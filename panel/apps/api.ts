import { z } from 'zod';
import { jobMention } from '../accounts/schema.ts';
import { mention } from '../jobs/answers.ts';
import { pageOf } from '../middleware/paging.ts';
import { api, type Route } from '../middleware/route.ts';
import * as actions from './actions.ts';
import { appOut, appsOut } from './answers.ts';
import * as schema from './schema.ts';

const PATH = '/api/v1/accounts/:username/apps';
const ONE = `${PATH}/:app`;
const jobOnly = z.object({ job: jobMention });

const lifecycle = (verb: 'restart' | 'stop' | 'start', summary: string, act: typeof actions.restartApp): Route =>
  api({
    method: 'POST',
    path: `${ONE}/${verb}`,
    policy: { scope: 'apps:write' },
    summary,
    answer: jobOnly,
    status: 202,
    run: async ({ actor, params }) => ({ job: mention(await act(actor, params.username!, params.app!)) }),
  });

/** Apps over REST. */
export const routes: Route[] = [
  api({
    method: 'GET',
    path: PATH,
    policy: { scope: 'apps:read' },
    summary: 'Lists the apps of an account with their states',
    answer: pageOf(schema.appAnswer),
    async run({ actor, params }) {
      return { items: await appsOut(actor, await actions.appsOf(actor, params.username!)), next: null };
    },
  }),
  api({
    method: 'POST',
    path: PATH,
    policy: { scope: 'apps:write' },
    summary: 'Adds an app; with dryRun=1 only says what would be made',
    query: z.strictObject({ dryRun: z.enum(['0', '1']).default('0') }),
    body: schema.newApp,
    answer: z.union([schema.addedApp, z.object({ dryRun: z.literal(true), steps: z.array(z.object({ why: z.string() })) })]),
    status: 201,
    async run({ ctx, actor, params, body, query }) {
      if (query.dryRun === '1') {
        ctx.status = 200;
        return { dryRun: true, steps: (await actions.previewApp(actor, params.username!, body)).map(why => ({ why })) };
      }
      const { app, job, owner } = await actions.addApp(actor, params.username!, body);
      const out = appOut(app, job);
      // A person in the panel is shown the password when the app is ready, and only then.
      const password = actor.kind === 'token' && owner ? { password: owner.password } : {};
      return { ...out, owner: out.owner && { ...out.owner, ...password } };
    },
  }),
  api({
    method: 'GET',
    path: ONE,
    policy: { scope: 'apps:read' },
    summary: 'Shows an app',
    answer: schema.appAnswer,
    run: async ({ actor, params }) => (await appsOut(actor, [await actions.appOf(actor, params.username!, params.app!)]))[0],
  }),
  api({
    method: 'PATCH',
    path: ONE,
    policy: { scope: 'apps:write' },
    summary: 'Changes how an app is kept',
    body: schema.appChange,
    answer: schema.appAnswer,
    async run({ actor, params, body }) {
      const job = await actions.changeApp(actor, params.username!, params.app!, body);
      return appOut(await actions.appOf(actor, params.username!, params.app!), job);
    },
  }),
  api({
    method: 'DELETE',
    path: ONE,
    policy: { scope: 'apps:write' },
    summary: 'Deletes an app with its files; its database only with database: true',
    body: schema.appDeletion,
    answer: jobOnly,
    status: 202,
    run: async ({ actor, params, body }) => ({ job: mention(await actions.deleteApp(actor, params.username!, params.app!, body)) }),
  }),
  lifecycle('restart', "Replaces an app's processes", actions.restartApp),
  lifecycle('stop', 'Stops an app', actions.stopApp),
  lifecycle('start', 'Starts a stopped app', actions.startApp),
  api({
    method: 'GET',
    path: `${ONE}/env`,
    policy: { scope: 'apps:read' },
    summary: "Shows an app's environment; secrets are null unless reveal=1 and the scope secrets:read",
    query: z.strictObject({ reveal: z.enum(['0', '1']).default('0') }),
    answer: z.record(z.string(), z.string().nullable()),
    run: ({ actor, params, query }) => actions.envOf(actor, params.username!, params.app!, query.reveal === '1'),
  }),
  api({
    method: 'PUT',
    path: `${ONE}/env`,
    policy: { scope: 'apps:write' },
    summary: "Replaces an app's environment; null keeps the value there is",
    body: schema.envInput,
    answer: jobOnly,
    status: 202,
    run: async ({ actor, params, body }) => ({ job: mention(await actions.setEnv(actor, params.username!, params.app!, body)) }),
  }),
  api({
    method: 'POST',
    path: `${ONE}/owner-secret`,
    policy: { scope: 'secrets:read' },
    summary: "Shows the owner's first password, once, when the app has been built",
    answer: z.object({ owner: z.object({ user: z.string(), email: z.string(), password: z.string(), loginUrl: z.string() }).nullable() }),
    run: async ({ actor, params }) => ({ owner: await actions.ownerSecretOnce(actor, params.username!, params.app!) }),
  }),
];
