import type { AccountSpec } from './spec.ts';

/**
 * The JSON user record that the system's name service reads (systemd USER_RECORD); a suspended account has no shell.
 * Pure; `home` is absolute.
 */
export function userRecord(account: AccountSpec, home: string): string {
  const suspended = account.state === 'suspended';
  return `${JSON.stringify({
    userName: account.name,
    uid: account.uid,
    gid: account.gid,
    realName: `Berth account ${account.name}`,
    homeDirectory: home,
    shell: suspended ? '/usr/sbin/nologin' : '/bin/bash',
    disposition: 'regular',
    locked: suspended,
  })}\n`;
}

/** The record by which the system knows a renamed account under its new name too: the same number, the same home. Pure. */
export function aliasRecord(account: AccountSpec, home: string): string {
  return userRecord({ ...account, name: account.alias ?? account.name }, home);
}

/** Whether a user record is one that Berth wrote. */
export function ownRecord(text: string): boolean {
  return text.includes('"realName":"Berth account ');
}

/** Whether a user record is of this number, so that a broken-off renaming can be taken up again. */
export function sameNumber(text: string, uid: number): boolean {
  return ownRecord(text) && text.includes(`"uid":${uid},`);
}

/** The JSON group record of the account's own group. */
export function groupRecord(account: AccountSpec): string {
  return `${JSON.stringify({ groupName: account.name, gid: account.gid, disposition: 'regular' })}\n`;
}

/** Finds a line of /etc/passwd or /etc/group that already holds this name or number, made by somebody else. */
export function takenBy(text: string, name: string, id: number): string | null {
  for (const line of text.split('\n')) {
    const [taken, , number] = line.split(':');
    if (taken === name || Number(number) === id) return taken ?? null;
  }
  return null;
}

/** Reads a group's number from the text of /etc/group, or null. */
export function groupId(text: string, name: string): number | null {
  const line = text.split('\n').find(entry => entry.startsWith(`${name}:`));
  return line ? Number(line.split(':')[2]) : null;
}
