/** dovecot-sql.conf.ext (2.3 documentation, "SQL"; 2.4 documentation, "SQL"). */
import { nested, refuse, set, type Converted, type Scope, type ExternalEntry } from './conversion.ts';
import { schemes } from './schemes.ts';
import { renamedInPlace } from './text.ts';

const QUERIES: Readonly<Record<string, string>> = {
  password_query: 'passdb_sql_query',
  user_query: 'userdb_sql_query',
  iterate_query: 'userdb_sql_iterate_query',
};

export function sqlSetting({ line, read, scope }: ExternalEntry, bytes: string): Converted {
  const { key, value } = line;
  const query = QUERIES[key];
  if (query !== undefined) return convertQuery(query, line, bytes, scope);
  switch (key) {
    case 'driver':
      if (/^(mysql|pgsql|sqlite)$/.test(value)) return { lines: [`sql_driver = ${value}`] };
      return refuse(
        `choose a database with a driver in Debian's Dovecot 2.4 (mysql, pgsql, sqlite): ${value} has none`,
      );
    case 'connect':
      return connect(value, read('driver') ?? '');
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

export function connect(value: string, driver: string): Converted {
  const words = value.split(/\s+/).filter((word) => word !== '');
  if (driver === 'sqlite') return sqlite(words);
  if (driver !== 'mysql' && driver !== 'pgsql') return refuse('set the driver in this file');
  const pairs = words.map((word) => /^([^=]+)=(.*)$/.exec(word)?.slice(1) ?? [word]);
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

/** PostgreSQL's own library gets every parameter but the number of connections, under its own name. */
function pgsql(pairs: readonly string[][]): string[] | { readonly refuse: string } {
  const limit = pairs.find(([name]) => name === 'maxconns')?.[1];
  const rest = pairs.filter(([name]) => name !== 'maxconns');
  if (rest.some(([, text]) => text === undefined)) return refuse('rewrite each parameter as NAME=VALUE');
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

/** `CONCAT('*:bytes=', x) AS quota_rule` → `x AS quota_storage_size`, for each driver's way to join text. */
const QUOTA_BYTES = /concat\(\s*'\*:bytes='\s*,\s*([^(),]+?)\s*\)\s+as\s+["`]?(userdb_)?quota_rule\b["`]?/gi;
const QUOTA_JOINED = /'\*:bytes='\s*\|\|\s*([\w."`]+)\s+as\s+["`]?(userdb_)?quota_rule\b["`]?/gi;
/** `CONCAT('*:storage=', x, 'M') AS quota_rule`; without a unit the column might have one, or mean kilobytes. */
const QUOTA_UNIT =
  /concat\(\s*'\*:storage='\s*,\s*([^(),]+?)\s*,\s*'([kmgt])b?'\s*\)\s+as\s+["`]?(userdb_)?quota_rule\b["`]?/gi;
/** `CONCAT('maildir:/srv/', x) AS mail` → the driver and the path as two fields. */
const MAIL = /concat\(\s*'(maildir|mbox|sdbox|mdbox):([^':]*)'\s*,/gi;
const MAIL_PLAIN = /'(maildir|mbox|sdbox|mdbox):([^':]*)'/gi;
const MAIL_FIELD =
  /((?:concat\([^()]*\)|'[^']*'(?:\s*\|\|\s*(?:'[^':]*'|[\w."`]+))*))\s+as\s+["`]?(userdb_)?mail\b["`]?/gi;
/** Fields that 2.4 does not accept. */
const OLD_FIELD = /(?:\bas\s+|[,\s])["`]?(?:userdb_)?(mail|quota_rule\d*|quota\d*)["`]?\s*(?=,|\bfrom\b|$)/i;

function convertQuery(name: string, line: ExternalEntry['line'], bytes: string, { global }: Scope): Converted {
  return renamedInPlace(bytes, line, name, (query) => {
    const converted = query
      .replace(QUOTA_BYTES, (_, column: string, prefix = '') => `${column} AS ${prefix}quota_storage_size`)
      .replace(QUOTA_JOINED, (_, column: string, prefix = '') => `${column} AS ${prefix}quota_storage_size`)
      .replace(QUOTA_UNIT, (_, column: string, unit: string, prefix = '') => {
        return `CONCAT(${column}, '${unit}') AS ${prefix}quota_storage_size`;
      })
      .replace(MAIL_FIELD, mailField);
    let selected = /\bselect\b([^]*?)(?:\bfrom\b|$)/i.exec(converted)?.[1] ?? '';
    while (/\([^()]*\)/.test(selected)) selected = selected.replace(/\([^()]*\)/g, '');
    // A location of its own inherits no options of mail_location in 2.3; in 2.4 mail_path alone would not reset them.
    if (/\b(userdb_)?mail_driver\b/i.test(selected) && /^[^:]*:[^:]*:/.test(global('mail_location') ?? '')) {
      return refuse('return every part of the location that mail_location sets, empty where it has none');
    }
    const old = name.endsWith('iterate_query') ? undefined : OLD_FIELD.exec(` ${selected.replaceAll('\\', ' ')}`)?.[1];
    if (old === undefined) return converted;
    const instead = old === 'mail' ? 'mail_driver and mail_path' : 'quota_storage_size';
    return refuse(`return ${instead} instead of ${old}`);
  });
}

function mailField(whole: string, text: string, prefix = ''): string {
  const driver = /'(maildir|mbox|sdbox|mdbox):/i.exec(text)?.[1];
  // Options after the path, such as :INDEX=, do not fit into two fields.
  if (driver === undefined || /:[A-Z]+=/.test(text)) return whole;
  const path = text
    .replace(MAIL, `CONCAT('$2',`)
    .replace(MAIL_PLAIN, `'$2'`)
    .replace(/CONCAT\('',\s*([^,()]+)\)/i, '$1');
  return `'${driver}' AS ${prefix}mail_driver, ${path} AS ${prefix}mail_path`;
}
