/** dovecot-sql.conf.ext (2.3 documentation, "SQL"; 2.4 documentation, "SQL"). */
import { nested, refuse, set, type Converted, type Scope, type ExternalEntry } from './conversion.ts';
import { fieldName, goneField } from './fields.ts';
import { convertLocation, withoutInherited } from './mail-location.ts';
import { gracePercent } from './own-limits.ts';
import { schemes } from './schemes.ts';
import { columnsOf, expressionOf, templateOf, type Column, type Template } from './sql-select.ts';
import { renamedInPlace } from './text.ts';

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

/** `'*:storage=' x 'M:messages=' y`, or `*:bytes=`, of which a bare number means bytes. */
const RULE = /^\*:(storage|bytes)=(\0\d+\0|\d+)([bkmgt]?)(?:i?b)?(?::messages=(\0\d+\0|\d+))?$/i;

function convertQuery(
  name: string,
  driver: string,
  line: ExternalEntry['line'],
  bytes: string,
  scope: Scope,
): Converted {
  if (name.endsWith('iterate_query')) return renamedInPlace(bytes, line, name);
  return renamedInPlace(bytes, line, name, (query) => {
    let converted = query;
    for (const column of columnsOf(query).reverse()) {
      const gone = goneField(column.name, scope);
      if (gone !== null) return gone;
      const [, field] = name === 'userdb_sql_query' ? [null, column.name] : (/^userdb_(.*)$/.exec(column.name) ?? []);
      if (
        field !== undefined &&
        !/^(mail|quota_rule\d*|quota\d*|sieve)$/.test(field) &&
        scope.isOldField(field) &&
        scope.renamedField(field) === null
      )
        return refuse(`return 2.4's settings instead of ${column.name}: it has another name or form there`);
      const now =
        field !== undefined && fieldName(field, scope) !== field
          ? `${column.expression} AS ${column.name.slice(0, -field.length)}${fieldName(field, scope)}`
          : convertColumn(column, driver, scope);
      if (now === null) continue;
      if (typeof now !== 'string') return now;
      converted = converted.slice(0, column.start) + now + converted.slice(column.end);
    }
    return converted;
  });
}

/** A column that 2.4 does not accept, as one column for each part; null: it stays. */
function convertColumn(
  { name, expression }: Column,
  driver: string,
  scope: Scope,
): string | null | { readonly refuse: string } {
  const [, prefix = '', field = ''] = /^(userdb_)?(mail|quota_rule\d*|quota\d*|sieve)$/.exec(name) ?? [];
  if (field === '') return null;
  const template = templateOf(expression, driver);
  if (field === 'sieve') return activeScript(prefix, expression, template, driver, scope);
  const columns =
    field === 'mail'
      ? locationColumns(template, scope.global('mail_location'))
      : field === 'quota_rule'
        ? ruleColumns(template)
        : null;
  if (columns === null) {
    return refuse(
      `return ${field === 'mail' ? 'mail_driver and mail_path' : 'quota_storage_size'} instead of ${field}`,
    );
  }
  const all = columns.map(([now, text]) => `${expressionOf(text, template)} AS ${prefix}${now}`);
  const grace = field === 'quota_rule' ? graceOf(template, driver, scope) : null;
  return [...all, ...(grace === null ? [] : [`${grace} AS ${prefix}quota_storage_grace`])].join(', ');
}

/** The user's own active script, `CONCAT(maildir, '/.sieve')`, which the storage of the files has under its name. */
function activeScript(
  prefix: string,
  expression: string,
  { text }: Template,
  driver: string,
  { plugin }: Scope,
): string | { readonly refuse: string } {
  const [script, folder] = [plugin('sieve'), plugin('sieve_dir')];
  // Of the form with `file:` and `;active=` a column would replace the folder as well.
  const isPath = /^(\0\d+\0)?[/~][^;]*$/.test(text);
  if (!isPath || (script === null ? folder === null : folder === null && /^[a-z]+:|;/.test(script)))
    return refuse('return sieve_script/personal/active_path instead of sieve');
  const mark = driver === 'mysql' ? '`' : '"';
  return `${expression} AS ${mark}${prefix}sieve_script/personal/active_path${mark}`;
}

/** The part of the user's own limit that the last mail may exceed it by, in bytes. */
function graceOf({ text, expressions }: Template, driver: string, scope: Scope): string | null {
  const percent = gracePercent(scope);
  const [, , size = '', unit = ''] = RULE.exec(text) ?? [];
  const expression = size.startsWith('\0') ? expressions[Number(size.replaceAll('\0', ''))] : size;
  if (percent === null || expression === undefined) return null;
  const factor = percent * 1024 ** 'bkmgt'.indexOf(unit.toLowerCase() || 'b');
  if (driver === 'sqlite') return `CAST((${expression}) * ${factor} / 100 AS INTEGER)`;
  return `FLOOR(CAST((${expression}) AS DECIMAL(20, 0)) * ${factor} / 100)`;
}

type Columns = (readonly [name: string, text: string])[] | null;

/** Each part of the location, also those that 2.3 did not take over from mail_location. */
function locationColumns({ text }: Template, above: string | null): Columns {
  const [, driver, rest] = /^(\0\d+\0):([^]*)$/.exec(text) ?? [];
  const location = driver === undefined ? text : `maildir:${rest}`;
  if (location.startsWith('\0')) return null;
  const outcome = withoutInherited(convertLocation(location), above);
  if (!('lines' in outcome)) return null;
  return outcome.lines.map((line) => {
    const [, name = '', value = ''] = /^(\S+) = ?([^]*)$/.exec(line) ?? [];
    return [name, name === 'mail_driver' && driver !== undefined ? driver : value];
  });
}

function ruleColumns({ text }: Template): Columns {
  const [, kind, size, unit = '', messages] = RULE.exec(text) ?? [];
  const bare = kind?.toLowerCase() === 'storage' && unit === '';
  // For `storage` a column without a unit behind it may contain one, or mean kilobytes, as a bare number does.
  if (size === undefined || (bare && size.startsWith('\0'))) return null;
  return [
    ['quota_storage_size', size + (bare ? 'k' : unit)],
    ...(messages === undefined ? [] : [['quota_message_count', messages] as const]),
  ];
}
