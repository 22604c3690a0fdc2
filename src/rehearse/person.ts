/** The user of the rehearsal: added beside the host's own users, in the way of a passdb that the copy can have. */
import { quote } from '../formats/text/shell-quote.ts';
import { Directory } from './ldap-stand-in.ts';
import { countedTables, lookupsOfDovecot, lookupsOfPostfix, type Lookup } from './lookups.ts';
import { residentOf, type Person, type Resident } from './resident.ts';
import { programsFor } from './script-stand-ins.ts';
import { serversOf, REACH, sqlScript } from './sql-server.ts';

export interface PersonPlan {
  readonly person: Person | null;
  /** Adds the user to the copy. */
  readonly script: string;
  /** Things that the user cannot prove. */
  readonly notes: readonly string[];
  readonly differences: readonly string[];
  /** Paths of databases in files, which the script makes. */
  readonly databases: readonly string[];
  /** Maps that must have an answer. */
  readonly questions: readonly MapQuestion[];
}

export interface MapQuestion {
  readonly place: string;
  readonly map: string;
  readonly key: string;
}

const NAME = 'rehearsal';

interface Facts {
  /** The output of `doveconf -n`; empty without Dovecot. */
  readonly doveconf: string;
  /** Postfix's parameters, as the copy resolves them. */
  readonly postconf: Readonly<Record<string, string>>;
  /** Lines `SERVICE/name = value`: those of master.cf. */
  readonly services?: readonly string[];
  /** Content of a file of the copy, by its path. */
  readonly file: (path: string) => string | null;
  readonly password: string;
  /** The password with its scheme, in several schemes. */
  readonly passwords?: readonly string[];
  /** Folder of all mailboxes, with its owner. */
  readonly mailboxes?: Pick<Resident, 'base' | 'uid' | 'gid'>;
}

const MAILBOXES = { base: '/var/vmail', uid: '5000', gid: '5000' };

/** The user, and every database that the copy asks, with the user in it. */
export function personFor(facts: Facts): PersonPlan {
  const { doveconf, postconf, services = [], file, password, passwords = [], mailboxes = MAILBOXES } = facts;
  const own = ofThisHost(facts);
  const lookupFacts = { doveconf, file, postconf: [...Object.entries(postconf).map(([name, value]) => `${name} = ${value}`), ...services] }; // oxfmt-ignore
  const lookups = [...lookupsOfDovecot(lookupFacts), ...lookupsOfPostfix(lookupFacts)];
  const counted = countedTables(lookupFacts);
  const address = `${NAME}@${virtualDomain(postconf, file)}`;
  const resident = residentOf({ ...mailboxes, passwords, ...(own?.person ?? { login: address, address, password }) });
  const programs = programsFor(doveconf, resident);
  const knows = programs.paths.length > 0 || lookups.some(({ role }) => role === 'password');
  const person = own?.person ?? (knows ? { login: resident.login, address: resident.address, password } : null);
  const why = doveconf === '' ? 'the copy has no Dovecot that answers' : 'none of the passdbs can take a user of the rehearsal'; // oxfmt-ignore
  const directory = lookups.some(({ kind }) => kind === 'ldap') ? new Directory(lookups, resident).script(lookups) : '';
  const sql = sqlScript(lookups, counted, resident);
  return {
    person,
    script: [own?.script ?? ':', ...(lookups.length + counted.length > 0 ? [REACH] : []), ...lookups.filter(({ kind }) => kind === 'ldap').length > 0 ? serversOf(lookups.filter(({ kind }) => kind === 'ldap')).map((one) => `reach ${quote(one)}`) : [], sql, directory, programs.script].filter(Boolean).join('\n'), // oxfmt-ignore
    notes: person ? [] : [`logins and mailboxes: ${why}`],
    differences: [
      ...standInNotes([...lookups, ...counted]),
      ...programs.paths.map((path) => `${path}: a stand-in that knows the user of the rehearsal only`),
    ],
    databases: lookups.flatMap(({ settings }) => settings['dbpath'] ?? settings['sqlite_path'] ?? []),
    questions: lookups.flatMap(
      ({ map, place, role }) =>
      map === undefined || role === 'other' ? [] : [{ place, map, key: role === 'domain' ? resident.address.slice(resident.address.indexOf('@') + 1) : resident.address }], // oxfmt-ignore
    ),
  };
}

const WORDS = {
  mysql: 'a MariaDB of the copy has the tables that the queries name, and the user of the rehearsal in them',
  pgsql: 'a PostgreSQL of the copy has the tables that the queries name, and the user of the rehearsal in them',
  sqlite: 'a database of the copy has the tables that the queries name, and the user of the rehearsal in them',
  ldap: 'a slapd of the copy has the entries that the filters find, for the user of the rehearsal',
};

function standInNotes(lookups: readonly Pick<Lookup, 'kind'>[]): string[] {
  return [...new Set(lookups.map(({ kind }) => kind))].map((kind) => `lookups in ${kind}: ${WORDS[kind]}`);
}

/** A user of the system, or of a passwd-file. */
function ofThisHost({ doveconf, postconf, file, password }: Facts): { person: Person; script: string } | null {
  const passdbs = passdbsIn(doveconf);
  const isOfSystem = passdbs.some(({ driver }) => ['pam', 'shadow', 'passwd'].includes(driver));
  if (isOfSystem && /driver = passwd$|^userdb passwd\b/m.test(doveconf)) {
    const person = { login: NAME, address: `${NAME}@${localDomain(postconf)}`, password };
    return { person, script: ofSystem(password) };
  }
  for (const { driver, path } of passdbs) {
    const text = driver === 'passwd-file' && path !== undefined ? file(path) : null;
    const made = path === undefined || text === null ? null : inPasswdFile(path, text, postconf, file, password);
    if (made) return made;
  }
  return null;
}

interface Database {
  readonly driver: string;
  /** The file of a passwd-file. */
  readonly path?: string;
}

/** The blocks `passdb { driver = pam }` of Dovecot 2.3, and `passdb pam { }` of 2.4. */
export function passdbsIn(doveconf: string): Database[] {
  const blocks = [...doveconf.matchAll(/^passdb(?: ([\w-]+))? \{\n((?:[ \t]+.*\n|\}.*\n(?=[ \t]))*)/gm)];
  return blocks.map(([, name = '', body = '']) => {
    const driver = /^\s+driver = (\S+)$/m.exec(body)?.[1] ?? name;
    const args = /^\s+(?:args|passwd_file_path) = (?:.*\s)?(\/\S+)$/m.exec(body)?.[1];
    const isPlain = args !== undefined && !args.includes('%');
    return { driver, ...(isPlain && { path: args }) };
  });
}

function localDomain(postconf: Facts['postconf']): string {
  const names = (postconf['mydestination'] ?? '').split(/[\s,]+/).filter((name) => name.includes('.') && !/^localhost|[:/]/.test(name)); // oxfmt-ignore
  return names[0] ?? postconf['myhostname'] ?? 'localhost';
}

/** A domain whose mailboxes are in a database: one that the files name, or the domain of the host. */
function virtualDomain(postconf: Facts['postconf'], file: Facts['file']): string {
  const words = (postconf['virtual_mailbox_domains'] ?? '').split(/[\s,]+/).filter(Boolean);
  const plain = words.find((word) => /^[\w-]+(\.[\w-]+)+$/.test(word));
  if (plain !== undefined) return plain;
  const keys = words.flatMap((word) => /^(?:proxy:)?(?:hash|btree|lmdb|cdb|texthash):(\/\S+)/.exec(word)?.[1] ?? []).flatMap((path) => (file(path) ?? '').match(/^[\w-]+(\.[\w-]+)+(?=\s)/m)?.[0] ?? []); // oxfmt-ignore
  if (keys[0] !== undefined) return keys[0];
  if (words.length === 0) return localDomain(postconf);
  const domain = /^[\w-]+(\.[\w-]+)+$/.exec(postconf['mydomain'] ?? '')?.[0] ?? 'rehearsal.test';
  const isLocal = (postconf['mydestination'] ?? '').split(/[\s,]+/).includes(domain);
  return isLocal ? `rehearsal.${domain}` : domain;
}

function ofSystem(password: string): string {
  return `useradd --create-home --shell /bin/bash ${NAME} && echo ${quote(`${NAME}:${password}`)} | chpasswd`;
}

/** A line like the one of another user, and the entries of Postfix's tables that this user has. */
function inPasswdFile(
  path: string,
  text: string,
  postconf: Facts['postconf'],
  file: Facts['file'],
  password: string,
): { person: Person; script: string } | null {
  const line = text.split('\n').find((one) => /^[^#\s:][^:]*:/.test(one));
  if (line === undefined) return null;
  const [other = '', , ...fields] = line.split(':');
  const [local = '', domain] = other.split('@');
  const login = domain === undefined ? NAME : `${NAME}@${domain}`;
  const own = fields.map((field) => field.replaceAll(`/${local}`, `/${NAME}`).replaceAll(other, login));
  const address = domain === undefined ? `${NAME}@${localDomain(postconf)}` : login;
  const tables = ['virtual_mailbox_maps', 'local_recipient_maps', 'smtpd_sender_login_maps'].flatMap((name) =>
    [...(postconf[name] ?? '').matchAll(/(hash|btree|lmdb|cdb|texthash):(\/[^\s,]+)/g)].flatMap(
      ([, type = '', table = '']) => {
        const entry = (file(table) ?? '')
          .split('\n')
          .find((one) => one.startsWith(`${other} `) || one.startsWith(`${other}\t`));
        if (entry === undefined) return [];
        const added = entry
          .replaceAll(other, login)
          .replaceAll(`/${local}/`, `/${NAME}/`)
          .replaceAll(`${local}/`, `${NAME}/`);
        const index = type === 'texthash' ? '' : ` && postmap ${quote(`${type}:${table}`)}`;
        return [`printf '%s\\n' ${quote(added)} >>${quote(table)}${index}`];
      },
    ),
  );
  const hash = `$(printf %s ${quote(password)} | openssl passwd -6 -stdin)`;
  const script = [`printf '%s:{SHA512-CRYPT}%s:%s\\n' ${quote(login)} "${hash}" ${quote(own.join(':'))} >>${quote(path)}`, ...new Set(tables)]; // oxfmt-ignore
  return { person: { login, address, password }, script: script.join('\n') };
}
