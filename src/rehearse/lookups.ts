/** The lookups of a host in databases, as its own files have them: what is asked where, and what for. */
import { expanded } from './lookup-variables.ts';

export type DatabaseKind = 'mysql' | 'pgsql' | 'sqlite' | 'ldap';

export interface Lookup {
  readonly kind: DatabaseKind;
  /** The file with the lookup, or the setting that is it. */
  readonly place: string;
  /** Its settings: `query`, `hosts`, `user` and so on. */
  readonly settings: Readonly<Record<string, string>>;
  /** The question that it answers. */
  readonly role: Role;
  /** With the map and the key, `postmap -q` asks it. */
  readonly map?: string;
}

/** `other`: it is asked about something else, and must have no answer. */
export type Role = 'password' | 'user' | 'users' | 'mailbox' | 'domain' | 'alias' | 'owner' | 'uid' | 'gid' | 'other';

/** A table of which a dictionary of Dovecot counts. */
export interface CountedTable {
  readonly kind: DatabaseKind;
  readonly settings: Readonly<Record<string, string>>;
  readonly table: string;
  readonly texts: readonly string[];
  readonly numbers: readonly string[];
}

export interface LookupFacts {
  /** The output of `doveconf -n`. */
  readonly doveconf: string;
  /** Lines `name = value`, of main.cf and of the services of master.cf. */
  readonly postconf: readonly string[];
  readonly file: (path: string) => string | null;
}

const ROLES: Readonly<Record<string, Role>> = {
  virtual_mailbox_domains: 'domain',
  virtual_mailbox_maps: 'mailbox',
  local_recipient_maps: 'mailbox',
  relay_recipient_maps: 'mailbox',
  virtual_alias_maps: 'alias',
  smtpd_sender_login_maps: 'owner',
  virtual_uid_maps: 'uid',
  virtual_gid_maps: 'gid',
};

/** Of Postfix: those that users need first. */
export function lookupsOfPostfix({ postconf, file }: LookupFacts): Lookup[] {
  const lines = postconf.map((line) => /^(?:\S+\/)?(\w+) = (.*)$/.exec(line)?.slice(1) ?? []);
  const ranked = Object.keys(ROLES);
  const rank = (name: string | undefined): number => (ranked.includes(name ?? '') ? ranked.indexOf(name ?? '') : ranked.length); // oxfmt-ignore
  const seen = new Set<string>();
  return lines
    .toSorted(([one], [other]) => rank(one) - rank(other))
    .flatMap(([name = '', value = '']) =>
      [...value.matchAll(/\b(mysql|pgsql|sqlite|ldap):(\/[^\s,{}]+)/g)].flatMap(([map, kind = '', path = '']) => {
        const text = file(path);
        if (seen.has(path) || text === null) return [];
        seen.add(path);
        const settings = settingsIn(text, 'postfix');
        return [
          { kind: kind as DatabaseKind, place: path, settings: withQuery(settings), role: ROLES[name] ?? 'other', map },
        ];
      }),
    );
}

/** The settings of Postfix's first versions, as a query. */
function withQuery(settings: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
  const { query, table, select_field: field, where_field: where, additional_conditions: also = '' } = settings;
  if (query !== undefined || table === undefined) return settings;
  return { ...settings, query: `SELECT ${field} FROM ${table} WHERE ${where} = '%s' ${also}` };
}

/** `name = value`. A backslash at the end of a line continues it; in files of Postfix the indent of the next line does. */
export function settingsIn(text: string, by: 'postfix' | 'dovecot' = 'dovecot'): Readonly<Record<string, string>> {
  const lines = text.replaceAll('\\\n', ' ').split('\n').filter((line) => !/^\s*#/.test(line)); // oxfmt-ignore
  const found: [string, string][] = [];
  for (const line of lines) {
    const last = found.at(-1);
    if (by === 'postfix' && last && /^[ \t]+\S/.test(line)) last[1] += ` ${line.trim()}`;
    else {
      const [, name, value = ''] = /^\s*([\w.-]+)\s*=(.*)$/.exec(line) ?? [];
      if (name !== undefined) found.push([name, value.trim()]);
    }
  }
  return Object.fromEntries(found.map(([name, value]) => [name, unquoted(value)]));
}

function unquoted(value: string): string {
  return /^"(.*)"$/s.exec(value)?.[1]?.replace(/\\(["\\])/g, '$1') ?? value;
}

interface Block {
  /** `passdb`, `userdb`. */
  readonly type: string;
  /** In the syntax of 2.4: `sql`. */
  readonly name: string;
  readonly settings: Readonly<Record<string, string>>;
}

/** The blocks of the first level of doveconf's output. */
export function blocksOf(doveconf: string): Block[] {
  const found = [...doveconf.matchAll(/^(\w+)(?: (\S+))? \{\n((?:[ \t]+.*\n|\}.*\n(?=[ \t]))*)/gm)];
  return found.map(([, type = '', name = '', body = '']) => ({ type, name, settings: settingsIn(body) }));
}

/** Of Dovecot's passdbs and userdbs. */
export function lookupsOfDovecot({ doveconf, file }: LookupFacts): Lookup[] {
  const global = settingsIn(doveconf.replace(/^\w+(?: \S+)? \{\n(?:[ \t]+.*\n|\}.*\n(?=[ \t]))*/gm, ''));
  const servers = blocksOf(doveconf).filter(({ type }) => ['mysql', 'pgsql', 'sqlite'].includes(type));
  return blocksOf(doveconf).flatMap(({ type, name, settings }): Lookup[] => {
    if (type !== 'passdb' && type !== 'userdb') return [];
    const driver = settings['driver'] ?? name;
    const path = /(\/\S+)$/.exec(settings['args'] ?? '')?.[1];
    const text = path === undefined ? null : file(path);
    const of = text === null ? { ...global, ...settings } : settingsIn(text);
    const place = text === null ? `${type} ${name || driver}` : (path ?? '');
    const role = type === 'passdb' ? 'password' : 'user';
    if (driver === 'ldap') return [{ kind: 'ldap', place, settings: of, role }];
    if (driver !== 'sql') return [];
    const kind = of['driver'] === 'sql' || of['driver'] === undefined ? of['sql_driver'] : of['driver'];
    if (kind !== 'mysql' && kind !== 'pgsql' && kind !== 'sqlite') return [];
    const server = servers.find((one) => one.type === kind);
    const reached = text === null ? { host: server?.name ?? '', ...server?.settings, ...of } : connection(of);
    const query = text === null ? of['query'] : of[type === 'passdb' ? 'password_query' : 'user_query'];
    const iterate = of['iterate_query'];
    return [
      ...(query === undefined ? [] : [{ kind, place, settings: { ...reached, query }, role } as const]),
      ...(iterate === undefined ? [] : [{ kind, place, settings: { ...reached, query: iterate }, role: 'users' } as const]), // oxfmt-ignore
    ];
  });
}

/** `connect = host=db dbname=mail`, or the path of a database of SQLite. */
function connection(settings: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
  const { connect = '' } = settings;
  const words = connect.split(/\s+/).map((word) => /^(\w+)=(.*)$/.exec(word)?.slice(1) as [string, string] | undefined);
  const path = /^\/\S+/.exec(connect)?.[0];
  return { ...settings, ...Object.fromEntries(words.filter((word) => word !== undefined)), ...(path !== undefined && { dbpath: path }) }; // oxfmt-ignore
}

/** The tables of `dict { quota = mysql:/file }`, and of `dict_map` in 2.4. */
export function countedTables({ doveconf, file }: LookupFacts): CountedTable[] {
  return [...doveconf.matchAll(/^\s+[\w-]+ = (mysql|pgsql|sqlite):(\/\S+)$/gm)].flatMap(([, kind = '', path = '']) => {
    const text = file(path) ?? '';
    const settings = connection(settingsIn(text.replace(/^\s*map \{[^]*$/m, '')));
    return [...text.matchAll(/^\s*map \{((?:[^{}]|\{[^{}]*\})*)\}/gm)].flatMap(([, body = '']): CountedTable[] => {
      const { table, username_field: user, value_field: value = '', value_type: type = '' } = settingsIn(body);
      const fields = [...(/fields \{([^}]*)\}/.exec(body)?.[1] ?? '').matchAll(/^\s*(\w+) = /gm)].map(([, name = '']) => name); // oxfmt-ignore
      if (table === undefined) return [];
      const values = value.split(',').map((one) => one.trim()).filter(Boolean); // oxfmt-ignore
      const isNumber = !/string|uuid|hexblob/.test(type) && /quota|expire|last/.test(body);
      const texts = [...(user === undefined ? [] : [user]), ...fields, ...(isNumber ? [] : values)];
      return [{ kind: kind as DatabaseKind, settings, table, texts, numbers: isNumber ? values : [] }];
    });
  });
}

/** The texts of a lookup's query, one for each way in which it is asked about the user. */
export function asked(lookup: Lookup, user: { readonly login: string; readonly address: string }): string[] {
  const { role, settings, map } = lookup;
  const domain = user.address.slice(user.address.indexOf('@') + 1);
  return expanded(settings['query'] ?? '', map === undefined ? 'dovecot' : 'postfix', role === 'domain' ? domain : map === undefined ? user.login : user.address); // oxfmt-ignore
}
