import type { Layout } from '../layout.ts';
import type { SystemUser } from './spec.ts';

/** One file of a user's record in the system's name service: text, or a link to one. */
export type RecordFile = { path: string; what: string } & ({ text: string; link?: undefined } | { link: string; text?: undefined });

/** The files that make the name service know a user without password, shell or home (systemd USER_RECORD, GROUP_RECORD). Pure. */
export function recordFiles(user: SystemUser, at: Layout): RecordFile[] {
  const { name, uid, gid, realName } = user;
  const record = {
    userName: name,
    uid,
    gid,
    realName,
    homeDirectory: '/nonexistent',
    shell: '/usr/sbin/nologin',
    disposition: 'system',
    locked: true,
  };
  const group = { groupName: name, gid, disposition: 'system' };
  return [
    { path: at.userdbFile(`${name}.group`), what: `Create the system group ${name}`, text: `${JSON.stringify(group)}\n` },
    { path: at.userdbFile(`${gid}.group`), what: `Give the system group ${name} the number ${gid}`, link: `${name}.group` },
    { path: at.userdbFile(`${name}.user`), what: `Create the system user ${name}`, text: `${JSON.stringify(record)}\n` },
    { path: at.userdbFile(`${uid}.user`), what: `Give the system user ${name} the number ${uid}`, link: `${name}.user` },
  ];
}
