/** Dictionaries: `file:/path`, `proxy::name`, `redis:host=…`, `mysql:/path/of/its.conf` (2.3 documentation, "Dictionaries"). */
import { nested, refuse, set, type OldSetting, type Converted, type Scope } from './conversion.ts';
import { convertVariables } from './variables.ts';

type Lines = string[] | { readonly refuse: string };

const REDIS: Readonly<Record<string, string>> = {
  host: 'redis_host',
  port: 'redis_port',
  path: 'redis_socket_path',
  db: 'redis_db_id',
  password: 'redis_password',
  prefix: 'redis_key_prefix',
  timeout_msecs: 'redis_request_timeout',
  expire_secs: 'redis_expire',
};

const UNITS: Readonly<Record<string, string>> = { timeout_msecs: ' ms', expire_secs: ' secs' };

const SQL = /^(mysql|pgsql|sqlite):(\/\S+)$/;

/** Converts the value of a setting to a `dict` block within another block. */
export function dictionary(around: string) {
  return ({ value }: OldSetting): Converted => {
    if (value === '') return { drop: true };
    const lines = dictBlock(value);
    return Array.isArray(lines) ? { lines: nested(around, lines) } : lines;
  };
}

/** `proxy::quota` → `dict proxy { name = quota }` */
export function dictBlock(uri: string): Lines {
  const driver = SQL.test(uri) ? 'sql' : (/^[a-z]+/.exec(uri)?.[0] ?? '');
  const lines = dictSettings(uri);
  return Array.isArray(lines) ? nested(`dict ${driver}`, lines) : lines;
}

/** A line of 2.3's `dict { }`, which names the dictionaries of the dict server: `quota = mysql:/etc/dovecot/dict-sql.conf`. */
export function servedDictionary(name: string, uri: string, files: Scope['files']): Converted {
  const file = dictFile(uri);
  if (file !== null && files[file.path] === undefined) return refuse(`create ${file.path}, or remove this line`);
  const driver = SQL.test(uri) ? 'sql' : (/^[a-z]+/.exec(uri)?.[0] ?? '');
  const lines = dictSettings(uri);
  return Array.isArray(lines) ? { lines: nested(`dict ${name}`, [`driver = ${driver}`, ...lines]) } : lines;
}

/** Files with the SQL maps of dictionaries, by the value that names one. */
export function dictFile(uri: string): { readonly path: string; readonly driver: string } | null {
  const [, driver, path] = SQL.exec(uri) ?? [];
  return driver === undefined || path === undefined ? null : { path, driver };
}

function dictSettings(uri: string): Lines {
  const file = dictFile(uri);
  if (file !== null) return [`sql_driver = ${file.driver}`, `!include_try ${file.path}`];
  const [, driver = '', rest = ''] = /^([a-z]+):(.*)$/.exec(uri) ?? [];
  const pairs = pairsOf(driver, rest);
  if (!Array.isArray(pairs)) return pairs;
  const lines: string[] = [];
  for (const [name, text] of pairs) {
    const now = convertVariables(text, name);
    if (typeof now !== 'string') return now;
    lines.push(set(name, now));
  }
  return lines;
}

function pairsOf(driver: string, rest: string): [string, string][] | { readonly refuse: string } {
  switch (driver) {
    case 'file':
      return [['path', rest]];
    case 'proxy': {
      const [socket = '', name = ''] = rest.split(':');
      return [['name', name], ...(socket === '' ? [] : [['socket_path', socket] as [string, string]])];
    }
    case 'redis': {
      const words = rest.split(':').map((word) => /^([a-z_]+)=(.*)$/.exec(word)?.slice(1) ?? [word]);
      const unknown = words.find(([name = '', text]) => REDIS[name] === undefined || text === undefined);
      if (unknown !== undefined) return refuse(`rewrite ${unknown[0]} in 2.4 syntax: harden-mail cannot convert it`);
      return words.map(([name = '', text = '']) => [REDIS[name] ?? name, text + (UNITS[name] ?? '')]);
    }
    default:
      return refuse(`rewrite the dictionary ${driver}: as a block \`dict\`: harden-mail cannot convert it`);
  }
}
