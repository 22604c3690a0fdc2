/** The user of the rehearsal, as databases of users know him. */
import type { Role } from './lookups.ts';

export interface Person {
  readonly login: string;
  readonly address: string;
  readonly password: string;
}

export interface Resident extends Person {
  /** Folder of all mailboxes, with its owner. */
  readonly base: string;
  readonly uid: string;
  readonly gid: string;
  /** The password with its scheme, in several schemes: the strongest first. */
  readonly passwords: readonly string[];
  /** The answers that a lookup of this role must have, by the name of the result. */
  readonly wants: (role: Role) => (name: string) => readonly string[];
}

export function residentOf(facts: Omit<Resident, 'wants'>): Resident {
  const { login, address, base, uid, gid, passwords } = facts;
  const [local = '', domain = ''] = address.split('@');
  const home = `${base}/${domain}/${local}`;
  const ofUser: Readonly<Record<string, readonly string[]>> = {
    user: [login],
    username: [login],
    domain: [domain],
    password: passwords,
    home: [home],
    mail: [`maildir:${home}`],
    mail_path: [home],
    mail_driver: ['maildir'],
    maildir: [`${domain}/${local}/`],
    uid: [uid],
    gid: [gid],
    quota_rule: ['*:storage=1G'],
    quota_storage_size: ['1G'],
  };
  const ofRole: Partial<Readonly<Record<Role, string>>> = {
    mailbox: `${domain}/${local}/`,
    domain,
    alias: address,
    owner: login,
    uid,
    gid,
  };
  return {
    ...facts,
    wants: (role) => (name) => {
      const one = ofRole[role];
      return one === undefined ? (ofUser[name] ?? []) : [one];
    },
  };
}
