import { readFileSync } from 'node:fs';
import { z } from 'zod';
import type { Ctx, Route } from '../middleware/route.ts';

type Json = Record<string, unknown>;
const { version } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')) as { version: string };
let made: ReturnType<typeof openapi> | null = null;

// Dates travel as RFC 3339 text.
function schemaOf(type: z.ZodType, io: 'input' | 'output'): Json {
  const { $schema: _, ...schema } = z.toJSONSchema(type, {
    io,
    unrepresentable: 'any',
    override({ zodSchema, jsonSchema }) {
      if (zodSchema._zod.def.type === 'date') Object.assign(jsonSchema, { type: 'string', format: 'date-time' });
    },
  }) as Json;
  return schema;
}

const PROBLEM = {
  type: 'object',
  required: ['type', 'title', 'status', 'code', 'detail', 'help', 'errors'],
  properties: {
    type: { type: 'string' },
    title: { type: 'string' },
    status: { type: 'integer' },
    code: { type: 'string', description: 'Stable; programs may rely on it' },
    detail: { type: 'string', description: 'A sentence for people' },
    help: { type: 'string', description: 'What to do next' },
    errors: { type: 'array', items: { type: 'object', properties: { field: { type: 'string' }, message: { type: 'string' } } } },
  },
};

function parametersOf(route: Route): Json[] {
  const path = [...route.path.matchAll(/:(\w+)/g)].map(match => ({
    name: match[1],
    in: 'path',
    required: true,
    schema: { type: 'string' },
  }));
  const shape = route.query ? (schemaOf(route.query, 'input') as { properties?: Json; required?: string[] }) : {};
  const query = Object.entries(shape.properties ?? {}).map(([name, schema]) => ({
    name,
    in: 'query',
    required: shape.required?.includes(name) ?? false,
    schema,
  }));
  const key = { name: 'Idempotency-Key', in: 'header', required: false, schema: { type: 'string', maxLength: 255 } };
  return [...path, ...query, ...(route.method === 'POST' ? [key] : [])];
}

function operationOf(route: Route): Json {
  const json = (schema: Json) => ({ 'application/json': { schema } });
  const answers = route.answer
    ? { description: route.summary, content: json(schemaOf(route.answer, 'output')) }
    : { description: route.summary };
  const status = route.answer ? route.status : route.method === 'DELETE' ? 204 : route.status;
  return {
    summary: route.summary,
    operationId: `${route.method.toLowerCase()}${route.path.replace(/^\/api\/v1/, '').replace(/[:/-]+(\w)/g, (_, letter: string) => letter.toUpperCase())}`,
    parameters: parametersOf(route),
    ...(route.body ? { requestBody: { content: json(schemaOf(route.body, 'input')) } } : {}),
    ...(route.policy === 'public' ? { security: [] } : {}),
    ...(typeof route.policy === 'object' ? { 'x-scope': route.policy.scope } : {}),
    responses: { [status]: answers, default: { $ref: '#/components/responses/Problem' } },
  };
}

/** The OpenAPI 3.1 document of a route table: what is checked at the door is what is written here. */
export function openapi(routes: readonly Route[], release: string) {
  const paths: Record<string, Record<string, Json>> = {};
  for (const route of routes.filter(route => route.kind === 'api')) {
    const path = route.path.replace(/:(\w+)/g, '{$1}');
    paths[path] = { ...paths[path], [route.method.toLowerCase()]: operationOf(route) };
  }
  return {
    openapi: '3.1.0',
    info: {
      title: 'Berth',
      version: release,
      description: 'Accounts, apps and databases on hosts. Long work answers at once and names a job to follow.',
    },
    security: [{ token: [] }],
    paths,
    components: {
      securitySchemes: { token: { type: 'http', scheme: 'bearer' } },
      responses: { Problem: { description: 'RFC 9457 problem', content: { 'application/problem+json': { schema: PROBLEM } } } },
    },
  };
}

/** The document of this panel, made once from the routes it serves. */
export function theDocument(ctx: Ctx): ReturnType<typeof openapi> {
  made ??= openapi((ctx.app.context as unknown as { routes: readonly Route[] }).routes, version);
  return made;
}
