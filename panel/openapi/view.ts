type Json = Record<string, unknown>;

/** What belongs to an account and is a subject of its own. */
const OWNED = new Set(['apps', 'databases', 'domains', 'backups']);

/** One field of a body, as the page lists it. */
export interface FieldLine {
  name: string;
  type: string;
  required: boolean;
}

/** One operation, as the page lists it. */
export interface OperationLine {
  id: string;
  method: string;
  path: string;
  summary: string;
  scope: string;
  query: string[];
  fields: FieldLine[];
  status: string;
}

function typeOf(schema: Json): string {
  if (Array.isArray(schema.enum)) return schema.enum.map(value => JSON.stringify(value)).join(' | ');
  if ('const' in schema) return JSON.stringify(schema.const);
  const choices = (schema.anyOf ?? schema.oneOf) as Json[] | undefined;
  if (choices) return [...new Set(choices.map(typeOf))].join(' | ');
  if (schema.type === 'array') return `list of ${typeOf((schema.items ?? {}) as Json)}`;
  if (schema.type === 'object') {
    const names = Object.keys((schema.properties ?? {}) as Json);
    return names.length ? `{${names.join(', ')}}` : 'object';
  }
  return String(schema.format ?? schema.type ?? 'any');
}

function fieldsOf(operation: Json): FieldLine[] {
  const body = operation.requestBody as { content?: Record<string, { schema: Json }> } | undefined;
  const schema = body?.content?.['application/json']?.schema;
  if (!schema) return [];
  const required = new Set((schema.required ?? []) as string[]);
  const properties = Object.entries((schema.properties ?? {}) as Record<string, Json>);
  return properties.map(([name, property]) => ({ name, type: typeOf(property), required: required.has(name) }));
}

/** The document as a page shows it: operations in groups named by the first word of their path. Pure. */
export function operations(document: { paths: Record<string, Record<string, Json>> }): { name: string; operations: OperationLine[] }[] {
  const groups = new Map<string, OperationLine[]>();
  for (const [path, methods] of Object.entries(document.paths)) {
    const short = path.replace(/^\/api\/v1/, '');
    // What belongs to an account's apps or databases is looked for under these words.
    const words = short.split('/').filter(word => word && !word.startsWith('{'));
    const name = (words[1] && OWNED.has(words[1]) ? words[1] : words[0]) ?? '';
    for (const [method, operation] of Object.entries(methods)) {
      const parameters = (operation.parameters ?? []) as { name: string; in: string }[];
      const line = {
        id: String(operation.operationId),
        method: method.toUpperCase(),
        path: short,
        summary: String(operation.summary),
        scope: String(operation['x-scope'] ?? (operation.security ? 'none' : '')),
        query: parameters.filter(parameter => parameter.in === 'query').map(parameter => parameter.name),
        fields: fieldsOf(operation),
        status: Object.keys(operation.responses as Json)[0] ?? '',
      };
      groups.set(name, [...(groups.get(name) ?? []), line]);
    }
  }
  return [...groups].map(([name, lines]) => ({ name, operations: lines })).sort((a, b) => a.name.localeCompare(b.name));
}
