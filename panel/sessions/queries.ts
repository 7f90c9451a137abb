import { change, one, together } from '../db/pool.ts';
import type { Actor } from '../people/actor.ts';
import { ACTOR_COLUMNS, type ActorRow, MAY_LOOK, toActor } from '../people/queries.ts';

/** A session lasts so long without a request, and so long at most. */
const IDLE_HOURS = 12;
const LIFE_DAYS = 14;

/** A session as the chain needs it. */
export interface Session {
  actor: Actor;
  csrf: string;
}

/** The live session behind a cookie's hash, or null. */
export async function sessionOf(hash: string): Promise<Session | null> {
  const row = await one<ActorRow & { csrf: string; via: string | null; stale: number }>(
    `SELECT ${ACTOR_COLUMNS}, s.csrf, s.via, s.seen_at < NOW(3) - INTERVAL 1 MINUTE AS stale
     FROM sessions s JOIN people p ON p.id = s.person_id LEFT JOIN accounts a ON a.id = p.account_id
     WHERE s.hash = ? AND s.expires_at > NOW(3) AND s.seen_at > NOW(3) - INTERVAL ${IDLE_HOURS} HOUR
       AND ${MAY_LOOK}`,
    [hash],
  );
  if (!row) return null;
  if (row.stale) await change('UPDATE sessions SET seen_at = NOW(3) WHERE hash = ?', [hash]);
  return { actor: { ...toActor(row), via: row.via }, csrf: row.csrf };
}

/** Adds a session, in place of the one before it: an id never survives a sign-in. */
export async function addSession(session: {
  hash: string;
  person: number;
  csrf: string;
  via: string | null;
  peer: string;
  instead: string | null;
}) {
  await together(async () => {
    if (session.instead) await change('DELETE FROM sessions WHERE hash = ?', [session.instead]);
    await change(
      `INSERT INTO sessions (hash, person_id, csrf, via, peer, expires_at) VALUES (?, ?, ?, ?, ?, NOW(3) + INTERVAL ${LIFE_DAYS} DAY)`,
      [session.hash, session.person, session.csrf, session.via, session.peer],
    );
  });
}

/** Ends a session. */
export async function endSession(hash: string): Promise<void> {
  await change('DELETE FROM sessions WHERE hash = ?', [hash]);
}

/** The person a known browser belongs to, or null. */
export async function personOfDevice(hash: string): Promise<number | null> {
  return (await one<{ id: number }>('SELECT person_id AS id FROM devices WHERE hash = ?', [hash]))?.id ?? null;
}

/** Remembers a browser; only the ten newest of a person are kept. */
export async function addDevice(hash: string, person: number): Promise<void> {
  await change('INSERT INTO devices (hash, person_id) VALUES (?, ?)', [hash, person]);
  await change(
    `DELETE FROM devices WHERE person_id = ? AND hash NOT IN
       (SELECT hash FROM (SELECT hash FROM devices WHERE person_id = ? ORDER BY created_at DESC LIMIT 10) AS newest)`,
    [person, person],
  );
}

/** Adds a link that signs a person in once, within a minute; answers when it ends. */
export async function addLink(hash: string, person: number, madeBy: string): Promise<Date> {
  await change('INSERT INTO login_links (hash, person_id, made_by, expires_at) VALUES (?, ?, ?, NOW(3) + INTERVAL 60 SECOND)', [
    hash,
    person,
    madeBy,
  ]);
  return (await one<{ at: Date }>('SELECT expires_at AS at FROM login_links WHERE hash = ?', [hash]))!.at;
}

/** Takes a link: the first to come gets its person, everybody after gets null. */
export async function takeLink(hash: string): Promise<{ person: number; madeBy: string } | null> {
  return together(async () => {
    const link = await one<{ person: number; madeBy: string }>(
      `SELECT l.person_id AS person, l.made_by AS madeBy FROM login_links l
       JOIN people p ON p.id = l.person_id LEFT JOIN accounts a ON a.id = p.account_id
       WHERE l.hash = ? AND l.expires_at > NOW(3) AND ${MAY_LOOK} FOR UPDATE`,
      [hash],
    );
    const taken = await change('DELETE FROM login_links WHERE hash = ?', [hash]);
    return link && taken.rows === 1 ? link : null;
  });
}

/** Throws away what has run out. */
export async function sweepSessions(): Promise<void> {
  await change(`DELETE FROM sessions WHERE expires_at < NOW(3) OR seen_at < NOW(3) - INTERVAL ${IDLE_HOURS} HOUR`);
  await change('DELETE FROM login_links WHERE expires_at < NOW(3)');
}
