/** The databases of a copy: a server of the host's kind with the tables that its queries name, and the user of the rehearsal in them. */
import { quote } from '../formats/text/shell-quote.ts';
import { asked, type CountedTable, type Lookup } from './lookups.ts';
import type { SqlQuery } from './sql-names.ts';
import { StandIn } from './sql-stand-in.ts';
import type { Dialect } from './sql-writer.ts';
import type { Resident } from './resident.ts';

/** A lookup in SQL, which has a query. */
type Asked = Pick<Lookup, 'kind' | 'settings'>;

/** Packages with the servers. */
export const SERVERS: Readonly<Record<Lookup['kind'], readonly string[]>> = {
  mysql: ['mariadb-server'],
  pgsql: ['postgresql'],
  ldap: ['slapd', 'ldap-utils'],
  sqlite: [],
};

/** Starts what these lookups ask, and fills it. */
export function sqlScript(lookups: readonly Lookup[], counted: readonly CountedTable[], resident: Resident): string {
  const all = lookups.filter(({ kind }) => kind !== 'ldap');
  const kinds = (['mysql', 'pgsql', 'sqlite'] as const).filter((kind) => [...all, ...counted].some((one) => one.kind === kind)); // oxfmt-ignore
  return kinds
    .map((kind) => {
      const own = [...all, ...counted].filter((one) => one.kind === kind);
      const names = [...new Set(own.map(databaseOf))];
      const filled = names.map((name) => {
        const here = all.filter((one) => one.kind === kind && databaseOf(one) === name);
        const standIn = new StandIn(kind, here.flatMap((lookup) => queriesOf(lookup, resident)), resident.base); // oxfmt-ignore
        for (const { table, texts, numbers } of counted.filter((one) => one.kind === kind && databaseOf(one) === name))
          standIn.add(table, [...texts.map((text) => [text, 'text'] as const), ...numbers.map((number) => [number, 'number'] as const)]); // oxfmt-ignore
        return fill(kind, name, standIn.statements().join('\n'));
      });
      return [...serversOf(own).map((address) => `reach ${quote(address)}`), start(kind, own), ...filled].join('\n');
    })
    .join('\n');
}

function databaseOf({ kind, settings }: Asked): string {
  return (kind === 'sqlite' ? (settings['dbpath'] ?? settings['sqlite_path']) : settings['dbname']) ?? 'mail';
}

function queriesOf(lookup: Lookup, resident: Resident): SqlQuery[] {
  const fills = lookup.role !== 'other' && lookup.role !== 'users';
  const wants = resident.wants(lookup.role);
  return asked(lookup, resident).map((text) => ({ text, fills, wants }));
}

/** The names and addresses of the servers. */
export function serversOf(lookups: readonly Asked[]): string[] {
  const words = lookups.flatMap(({ settings }) =>
    [settings['hosts'], settings['host'], settings['server_host'], settings['uris'], settings['ldap_uris']].flatMap(
      (value) => (value ?? '').split(/[\s,]+/),
    ),
  );
  const names = words.map((word) => word.replace(/^(inet:|\w+:\/\/)/, '').replace(/^(?:[^@/]*@)?\[?([\w.-]*|[\da-f:]+)\]?(:\d+)?([/?].*)?$/i, '$1')); // oxfmt-ignore
  return [...new Set(names.filter((name) => /^[\w.:-]+$/.test(name) && !/^unix:/.test(name)))];
}

function portOf(lookups: readonly Asked[], standard: string): string {
  const own = lookups.map(({ settings }) => settings['port'] ?? /^(?:inet:)?[\w.-]+:(\d+)$/.exec(settings['hosts'] ?? '')?.[1]); // oxfmt-ignore
  return own.find((port) => port !== undefined && /^\d+$/.test(port)) ?? standard;
}

/**
 * Each user has every right; passwords are the stand-ins in the files. Clients of MariaDB 11.4 and later trust the certificate of a
 * server that proves that it knows the password, so each needs one.
 */
function start(kind: Dialect, lookups: readonly Asked[]): string {
  if (kind === 'mysql')
    return `mkdir -p /etc/mysql/mariadb.conf.d
cat >/etc/mysql/mariadb.conf.d/99-rehearsal.cnf <<'END'
[mysqld]
skip-name-resolve
bind-address = *
port = ${portOf(lookups, '3306')}
END
systemctl enable --now mariadb 2>/dev/null
${encoded(grants(lookups).join('\n'))} | mariadb`;
  if (kind === 'sqlite') return '';
  const users = lookups.flatMap(({ settings }) => settings['user'] ?? []);
  return `cd /
as_postgres() { setpriv --reuid postgres --regid postgres --init-groups "$@"; }
for folder in /etc/postgresql/*/main; do
  printf 'local all all trust\\nhost all all all trust\\n' >"$folder/pg_hba.conf"
  mkdir -p "$folder/conf.d"
  printf "%s\\n" "listen_addresses = '*'" 'port = ${portOf(lookups, '5432')}' 'fsync = off' >"$folder/conf.d/rehearsal.conf"
done
systemctl enable postgresql 2>/dev/null; systemctl start postgresql
for try in $(seq 100); do as_postgres psql -qtc 'SELECT 1' >/dev/null 2>&1 && break; sleep 0.1; done
for role in ${[...new Set(['mail', ...users])].map(quote).join(' ')}; do as_postgres createuser -s "$role" 2>/dev/null || true; done`; // oxfmt-ignore
}

/** Prints the text: a text of the host can have any line in it. */
export function encoded(text: string): string {
  return `printf %s ${Buffer.from(text).toString('base64')} | base64 -d`;
}

function grants(lookups: readonly Asked[]): string[] {
  const text = (value = ''): string => `'${value.replaceAll('\\', '\\\\').replaceAll("'", "''")}'`;
  const accounts = new Map(lookups.flatMap(({ settings: { user, password } }) => (user === undefined ? [] : [[user, password]] as const))); // oxfmt-ignore
  return [...accounts].flatMap(
    ([user, password]) =>
    ['%', 'localhost'].map((host) => `GRANT ALL ON *.* TO ${text(user)}@${text(host)} IDENTIFIED BY ${text(password)};`), // oxfmt-ignore
  );
}

function fill(kind: Dialect, name: string, statements: string): string {
  switch (kind) {
    case 'mysql':
      return `mariadb -e ${quote(`CREATE DATABASE IF NOT EXISTS \`${name}\``)} && ${encoded(statements)} | mariadb -f ${quote(name)}`;
    case 'pgsql':
      return `as_postgres createdb ${quote(name)} 2>/dev/null || true
${encoded(statements)} | as_postgres psql -q ${quote(name)}`;
    case 'sqlite':
      return `mkdir -p "$(dirname ${quote(name)})"; rm -f ${quote(name)}
${encoded(statements)} | python3 -c 'import sqlite3, sys; sqlite3.connect(sys.argv[1]).executescript(sys.stdin.read())' ${quote(name)}
chmod 666 ${quote(name)}`;
  }
}

/** A server of another machine is on the copy itself. */
export const REACH = `reach() {
  case $1 in
    localhost | 127.* | ::1) ;;
    *[!0-9.]*:*) ip addr add "$1/128" dev lo 2>/dev/null || true ;;
    *[!0-9.]*) getent hosts "$1" | grep -q '^127\\.' || printf '127.0.0.1 %s\\n' "$1" >>/etc/hosts ;;
    *) ip -o addr | grep -qF " $1/" || ip addr add "$1/32" dev lo ;;
  esac
}`;
