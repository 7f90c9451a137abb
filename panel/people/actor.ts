/** What a token may be allowed to do; a session may do all that its role may. */
export const SCOPES = [
  'plans:read',
  'plans:write',
  'accounts:read',
  'accounts:write',
  'logins:write',
  'apps:read',
  'apps:write',
  'databases:read',
  'databases:write',
  'secrets:read',
  'jobs:read',
  'jobs:write',
  'hosts:read',
  'tokens:read',
  'tokens:write',
  'webhooks:read',
  'webhooks:write',
  'audit:read',
] as const;
export type Scope = (typeof SCOPES)[number];

/** The scopes a customer may have; all others are the hoster's. */
export const CUSTOMER_SCOPES: readonly Scope[] = [
  'accounts:read',
  'apps:read',
  'apps:write',
  'databases:read',
  'databases:write',
  'secrets:read',
  'jobs:read',
  'jobs:write',
  'tokens:read',
  'tokens:write',
];

/** What is left to a customer whose account is suspended: to see what is there and why nothing moves. */
export const SUSPENDED_SCOPES: readonly Scope[] = ['accounts:read', 'apps:read', 'databases:read', 'jobs:read'];

/** Whoever asks. Queries show an administrator everything, a customer one account, and nobody nothing. */
export interface Actor {
  kind: 'person' | 'token' | 'system' | 'nobody';
  /** The person, 0 for the system and for nobody. */
  id: number;
  /** The token that speaks for the person, if one does. */
  token: number | null;
  login: string;
  email: string;
  role: 'admin' | 'customer' | 'nobody';
  /** The customer's account. */
  account: string | null;
  accountId: number | null;
  scopes: ReadonlySet<Scope>;
  /** The administrator who looks through this customer's eyes, if one does. */
  via: string | null;
  /** The address the request came from, for the audit. */
  peer: string;
}

/** Berth itself, at start and in the job worker. */
export const SYSTEM: Actor = {
  kind: 'system',
  id: 0,
  token: null,
  login: 'berth',
  email: '',
  role: 'admin',
  account: null,
  accountId: null,
  scopes: new Set(SCOPES),
  via: null,
  peer: '',
};

/** A visitor who has not signed in. */
export const NOBODY: Actor = { ...SYSTEM, kind: 'nobody', login: '', role: 'nobody', scopes: new Set() };

/** The two values every query filters by: `(? = 1 OR account.id = ?)`. */
export function mine(actor: Actor): [number, number] {
  return [actor.role === 'admin' ? 1 : 0, actor.role === 'customer' ? (actor.accountId ?? 0) : 0];
}

/** The name that audit and jobs keep of who asked. */
export function signature(actor: Actor): string {
  const name = actor.token ? `${actor.login} (token ${actor.token})` : actor.login;
  return actor.via ? `${actor.via} as ${name}` : name;
}
