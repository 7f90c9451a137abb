import { Refused } from '../../provisioning/errors.ts';

const TRUE = new Set(['1', 'y', 'yes', 'on', 'true']);

/** What a caller sent, by name: the query and the body together. Parameters nobody reads are ignored, as WHM does. */
export class Params {
  private readonly values: ReadonlyMap<string, string>;

  constructor(values: ReadonlyMap<string, string>) {
    this.values = values;
  }

  /** A value without surrounding space; '' when it was not sent. */
  text(...names: string[]): string {
    for (const name of names) {
      const value = this.values.get(name);
      if (value !== undefined && value.trim() !== '') return value.trim();
    }
    return '';
  }

  /** A value exactly as it was sent, such as a password. */
  exact(...names: string[]): string {
    for (const name of names) if (this.values.get(name)) return this.values.get(name)!;
    return '';
  }

  /** Whether a parameter was sent at all. */
  has(name: string): boolean {
    return this.values.has(name);
  }

  /** A value that must be there. Throws Refused with its name. */
  need(...names: string[]): string {
    const value = this.text(...names);
    if (value === '')
      throw new Refused('missing', `You must specify the “${names[0]}” parameter.`, '', {
        fields: [{ field: names[0]!, message: 'is missing' }],
      });
    return value;
  }

  /** Whether a parameter says yes; cPanel's own spelling is 1. */
  yes(name: string): boolean {
    return TRUE.has(this.text(name).toLowerCase());
  }
}

function add(into: Map<string, string>, name: string, value: string): void {
  if (value.includes('\0')) throw new Refused('bad-parameter', `The parameter “${name.slice(0, 40)}” holds a control character.`, '');
  // Two values of one name are how one check is shown another value than the one that is used.
  if (into.has(name) && into.get(name) !== value)
    throw new Refused('twice', `The parameter “${name.slice(0, 40)}” was sent twice with different values.`, '');
  into.set(name, value);
}

function addJson(into: Map<string, string>, text: string): void {
  let sent: unknown;
  try {
    sent = JSON.parse(text);
  } catch {
    throw new Refused('bad-json', 'The body is not valid JSON.', '');
  }
  if (sent === null || typeof sent !== 'object' || Array.isArray(sent))
    throw new Refused('bad-json', 'The body must be one JSON object.', '');
  for (const [name, value] of Object.entries(sent)) {
    if (value === null) continue;
    if (typeof value === 'object') throw new Refused('bad-parameter', `The parameter “${name.slice(0, 40)}” must be one value.`, '');
    add(into, name, typeof value === 'boolean' ? String(Number(value)) : String(value));
  }
}

/** Reads the query and a body, urlencoded or JSON. Throws Refused when one name says two things. */
export function readParams(query: URLSearchParams, type: string, body: string): Params {
  const values = new Map<string, string>();
  for (const [name, value] of query) add(values, name, value);
  if (/\bjson\b/i.test(type) && body.trim() !== '') addJson(values, body);
  else for (const [name, value] of new URLSearchParams(body)) add(values, name, value);
  return new Params(values);
}
