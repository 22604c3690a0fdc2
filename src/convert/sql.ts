/** dovecot-sql.conf.ext (2.3 documentation, "SQL"; 2.4 documentation, "SQL"). */
import { nested, refuse, set, type Converted, type ExternalEntry } from './conversion.ts';
import { schemes } from './schemes.ts';
import { convertQuery } from './sql-columns.ts';

const QUERIES: Readonly<Record<string, string>> = {
  password_query: 'passdb_sql_query',
  user_query: 'userdb_sql_query',
  iterate_query: 'userdb_sql_iterate_query',
};

export function sqlSetting({ line, read, scope }: ExternalEntry, bytes: string): Converted {
  const { key, value } = line;
  const query = QUERIES[key];
  if (query !== undefined) return convertQuery(query, read('driver') ?? '', line, bytes, scope);
  switch (key) {
    case 'driver':
      if (/^(mysql|pgsql|sqlite)$/.test(value)) return { lines: [`sql_driver = ${value}`] };
      return refuse(
        `choose a database with a driver in Debian's Dovecot 2.4 (mysql, pgsql, sqlite): ${value} has none`,
      );
    case 'connect':
      return sqlConnection(value, read('driver') ?? '');
    case 'default_pass_scheme':
      return schemes(value);
    case 'userdb_warning_disable':
      return { drop: true };
    default:
      return refuse(`remove it, or rewrite it in 2.4 syntax: harden-mail cannot convert ${key} here`);
  }
}

/** Parameters of MySQL's driver besides the host, with their names within `mysql HOST { }`. */
const MYSQL: Readonly<Record<string, string>> = {
  port: 'port',
  user: 'user',
  password: 'password',
  pass: 'password',
  dbname: 'dbname',
  client_flags: 'client_flags',
  maxconns: 'connection_limit',
  connect_timeout: 'connect_timeout',
  read_timeout: 'read_timeout',
  write_timeout: 'write_timeout',
  option_file: 'option_file',
  option_group: 'option_group',
  ssl_ca: 'ssl_client_ca_file',
  ssl_ca_path: 'ssl_client_ca_dir',
  ssl_cert: 'ssl_client_cert_file',
  ssl_key: 'ssl_client_key_file',
  ssl_cipher: 'ssl_cipher_list',
  ssl_verify_server_cert: 'ssl_client_require_valid_cert',
};

export function sqlConnection(value: string, driver: string): Converted {
  const words = value.split(/\s+/).filter((word) => word !== '');
  if (driver === 'sqlite') return sqlite(words);
  if (driver !== 'mysql' && driver !== 'pgsql') return refuse('set the driver in this file');
  const pairs =
    driver === 'pgsql' ? libpq(value) : words.map((word) => /^([^=]+)=(.*)$/.exec(word)?.slice(1) ?? [word]);
  if (pairs === null) return refuse('rewrite each parameter as NAME=VALUE');
  const hosts = pairs.filter(([name]) => name === 'host').map(([, host = '']) => host);
  const rest = pairs.filter(([name]) => name !== 'host');
  const inner = driver === 'mysql' ? mysql(rest) : pgsql(rest);
  if (!Array.isArray(inner)) return inner;
  return { lines: (hosts.length > 0 ? hosts : ['localhost']).flatMap((host) => nested(`${driver} ${host}`, inner)) };
}

function mysql(pairs: readonly string[][]): string[] | { readonly refuse: string } {
  const lines: string[] = [];
  for (const [name = '', text] of pairs) {
    const now = MYSQL[name];
    if (now === undefined || text === undefined)
      return refuse(`rewrite ${name} in 2.4 syntax: harden-mail cannot convert it`);
    lines.push(set(now, /_timeout$/.test(now) ? `${text} secs` : text));
  }
  return pairs.some(([name]) => /^ssl_(ca|ca_path|cert)$/.test(name ?? '')) ? [...lines, 'mysql_ssl = yes'] : lines;
}

const PARAMETER = /\s*(\w+)\s*=\s*(?:'((?:[^'\\]|\\[^])*)'(?=\s|$)|((?:[^\s'\\]|\\[^])*)(?=\s|$))/y;

/** The words of libpq, which took the whole string in 2.3: values may be in quotes. 2.4 gives it each value as it is. Null: of another form. */
function libpq(value: string): string[][] | null {
  const pairs: string[][] = [];
  const text = value.trim();
  for (PARAMETER.lastIndex = 0; PARAMETER.lastIndex < text.length;) {
    const [, name, quoted, bare = ''] = PARAMETER.exec(text) ?? [];
    if (name === undefined) return null;
    pairs.push([name, (quoted ?? bare).replace(/\\([^])/g, '$1')]);
  }
  return pairs;
}

/** PostgreSQL's own library gets every parameter but the number of connections, under its own name. */
function pgsql(pairs: readonly string[][]): string[] {
  const limit = pairs.find(([name]) => name === 'maxconns')?.[1];
  const rest = pairs.filter(([name]) => name !== 'maxconns');
  return [
    ...(limit === undefined ? [] : [`connection_limit = ${limit}`]),
    ...nested(
      'parameters',
      rest.map(([name = '', text = '']) => set(name, text)),
    ),
  ];
}

function sqlite([path = '', ...options]: readonly string[]): Converted {
  const lines = [`sqlite_path = ${path}`];
  for (const option of options) {
    if (!/^(journal_mode|readonly)=\w+$/.test(option)) {
      return refuse(`rewrite ${option} in 2.4 syntax: harden-mail cannot convert it`);
    }
    lines.push(`sqlite_${option.replace('=', ' = ')}`);
  }
  return { lines };
}
