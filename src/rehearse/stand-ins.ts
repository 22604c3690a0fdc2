/**
 * A host's files without its secrets, for the copy: each secret is replaced by a stand-in of the same form. The same text gives
 * the same result, so that the diffs of host and copy can be compared. What is not understood is replaced.
 */
import { redact } from '../formats/redact.ts';
import type { Bytes } from '../model/index.ts';
import { PATHS } from '../model/index.ts';
import type { CapturedFile } from './capture.ts';

const STAND_IN = 'rehearsal';
const MASK = '********';

/** A word in a comment or a name that speaks of secrets. */
const SPEAKS = /pass|secret|token|credential|\bpw\b|\bpin\b|api.?key|private.?key|\bauth\b.*[:=]/i;
/** A file's name that says that it holds secrets. */
const SECRET_NAME = /passw|\bpw\b|secret|sasl|cred|token|auth(?!-)|users?$|shadow|htpasswd|\.key/i;
/** The value is the place of something: a file, a map in a file, a database that is asked. */
const PLACE =
  /^(<?\s*\/|(proxy:)?(hash|btree|lmdb|cdb|texthash|regexp|pcre|cidr|mysql|pgsql|sqlite|ldap|unix|memcache):\/?[\w./-]*$)/;

type Kind = 'configuration' | 'query' | 'external' | 'passwd-file' | 'table' | 'secret table' | 'plain';

/** Null if the whole of it is replaced: the copy's file has then the same form, and says nothing of the host. */
export function withStandIns(file: Pick<CapturedFile, 'path' | 'mode' | 'bytes' | 'pristine'>): {
  readonly bytes: Bytes;
  readonly replaced: boolean;
} {
  if (file.pristine) return { bytes: file.bytes, replaced: false };
  const bytes = REPLACERS[kindOf(file)](file.bytes);
  return { bytes, replaced: bytes !== file.bytes };
}

function kindOf({ path, mode, bytes }: Pick<CapturedFile, 'path' | 'mode' | 'bytes'>): Kind {
  const isOpen = /[4567]$/.test(mode);
  const lines = bytes.split('\n').filter((line) => /^[^#\s]/.test(line));
  if (path === PATHS.MAIN_CF || path === PATHS.MASTER_CF) return 'configuration';
  if (lines.length > 0 && lines.every((line) => /^[^:\s]+:[^:]*(:[^:]*){0,6}/.test(line) && !/^[^:]*[ =]/.test(line)) && !/\/aliases$|\/pam\.d\//.test(path)) return 'passwd-file'; // oxfmt-ignore
  if (/\.ext$/.test(path)) return 'external';
  if (path.startsWith(`${PATHS.DOVECOT}/`) && /\.conf$/.test(path)) return 'configuration';
  if (path.startsWith('/etc/pam.d/') || path.startsWith('/etc/default/') || path.startsWith(`${PATHS.UNITS}/`)) return 'configuration'; // oxfmt-ignore
  if (path.startsWith(`${PATHS.RENEWAL}/`)) return 'external';
  if (lines.length > 0 && lines.some((line) => /^(hosts|server_host|dbpath|query|bind_dn|search_base)\s*=/.test(line))) return 'query'; // oxfmt-ignore
  if (path === '/etc/mailname') return 'plain';
  return isOpen && !SECRET_NAME.test(path.slice(path.lastIndexOf('/') + 1)) ? 'table' : 'secret table';
}

/** Names in files of queries whose values are the way to a database and what is asked there, and no secret. */
const QUERY_NAMES =
  /^#?\s*(hosts|server_host|server_port|dbname|dbpath|query|table|select_field|where_field|additional_conditions|result_format|domain|expansion_limit|search_base|query_filter|result_attribute|scope|bind|version|start_tls|option_group|driver|default_pass_scheme|\w+_query|uris|base|deref|\w+_attrs|\w+_filter|auth_bind|ldap_version|tls|tls_require_cert|authenticator|server|archive_dir|cert|privkey|chain|fullchain|renew_before_expiry|key_type|account|webroot_path|http01_port)\s*=/;
/** The words of `connect = host=db dbname=mail user=…` that say where the database is. */
const CONNECT_WORD = /^(host|port|dbname|\/[\w./-]+$)/;

const REPLACERS: Readonly<Record<Kind, (text: Bytes) => Bytes>> = {
  configuration: (text) => configuration(text),
  query: (text) => queries(text),
  external: (text) => queries(text),
  'passwd-file': (text) => eachLine(text, passwdLine),
  table: (text) => configuration(text),
  'secret table': (text) => eachLine(text, tableLine),
  plain: (text) => text,
};

/** The file keeps its lines and their order: what the planner edits stays where it is. */
function configuration(text: Bytes): Bytes {
  const masked = redact(text).split('\n');
  return text
    .split('\n')
    .map((line, index) => {
      const shown = masked[index] ?? '';
      const kept = shown === line ? line : unmasked(line, shown);
      return /^\s*[#;]/.test(kept) ? comment(kept) : argument(kept);
    })
    .join('\n');
}

/** The masked line with a stand-in for each secret; the place of a table or a file is none. */
function unmasked(line: string, shown: string): string {
  const parts = shown.split(MASK);
  const pattern = new RegExp(`^${parts.map(escaped).join('(.*?)')}$`, 's');
  const secrets = pattern.exec(line)?.slice(1) ?? [];
  const filled = parts.reduce((sofar, part, index) => {
    const secret = secrets[index - 1] ?? '';
    return `${sofar}${PLACE.test(secret.trim()) ? secret : standIn(sofar, secret)}${part}`;
  });
  return filled;
}

function standIn(before: string, secret: string): string {
  if (/inline:$/i.test(before)) return `{ ${STAND_IN}=${STAND_IN} }`;
  if (/^\{[\w.-]+\}/.test(secret)) return `${/^\{[\w.-]+\}/.exec(secret)?.[0] ?? ''}${STAND_IN}`;
  if (/^["']/.test(secret)) return `${secret[0]}${STAND_IN}${secret[0]}`;
  return /static:$/i.test(before) && secret.includes(':') ? `${STAND_IN}:${STAND_IN}` : STAND_IN;
}

/** A comment keeps its words unless it speaks of secrets: then a setting in it keeps its name only. */
function comment(line: string): string {
  if (!SPEAKS.test(line)) return line;
  const [, setting] = /^(\s*[#;]\s*[\w.-]+\s*=\s*)\S/.exec(line) ?? [];
  const isHarmless = setting !== undefined && (/=\s*(yes|no|\d+|<?\/\S*)\s*$/.test(line) || line.endsWith(STAND_IN));
  if (isHarmless) return line;
  return setting === undefined ? '# (a comment of the host)' : `${setting}${STAND_IN}`;
}

/** `--token abc`, `--password=abc` and the like in the command line of a program. */
const ARGUMENT = /((?:^|\s)--?[\w-]*(?:pass|token|secret|key|credential)[\w-]*(?:=|\s+))("[^"]*"|'[^']*'|[^\s"']+)/gi;

function argument(line: string): string {
  return line.replace(ARGUMENT, (_, option: string, value: string) => `${option}${/^\/|^-/.test(value) ? value : STAND_IN}`); // oxfmt-ignore
}

/** Only the settings of QUERY_NAMES keep their values. */
function queries(text: Bytes): Bytes {
  let open = false;
  return eachLine(configuration(text), (line) => {
    if (line.trim() === '' || /^\s*\[+[\w. -]+\]+\s*$/.test(line)) return line;
    if (QUERY_NAMES.test(line)) {
      open = true;
      return line;
    }
    if (open && /^\s+\S/.test(line)) return line; // the rest of a query
    open = false;
    const [, connect, words = ''] = /^(\s*connect\s*=\s*)(.*)$/.exec(line) ?? [];
    if (connect !== undefined)
      return connect + words.split(/\s+/).map((word) => (CONNECT_WORD.test(word) ? word : word.replace(/^(\w+=)?.*$/, `$1${STAND_IN}`))).join(' '); // oxfmt-ignore
    const [, setting] = /^([#\s]*[\w.-]+\s*=\s*)\S/.exec(line) ?? [];
    if (setting !== undefined) return `${setting}${STAND_IN}`;
    return /^\s*#/.test(line) ? '# (a comment of the host)' : /[={}]/.test(line) ? line.replace(/=.*/, `= ${STAND_IN}`) : ''; // oxfmt-ignore
  });
}

/** `user:{SCHEME}hash:uid:gid:gecos:home:shell:fields`: the user and the places stay. */
function passwdLine(line: string): string {
  if (!/^[^#\s]/.test(line)) return /^#/.test(line) ? '# (a comment of the host)' : '';
  const [user = '', password = '', uid = '', gid = '', , home = '', shell = '', ...fields] = line.split(':');
  const isId = (text: string): string => (/^[\w.-]{0,32}$/.test(text) && !SPEAKS.test(text) ? text : '');
  const isPath = (text: string): string => (/^(\/[\w.@%/+-]*)?$/.test(text) ? text : '');
  const scheme = /^\{[\w.-]+\}/.exec(password)?.[0] ?? '';
  const extra = fields
    .join(':')
    .split(/\s+/)
    .filter((field) =>
      /^(userdb_)?(mail|quota_rule|quota|uid|gid|home|sieve|allow_nets|nologin|nodelay)(=|$)/.test(field),
    );
  const fieldText = extra.length > 0 ? `:${extra.join(' ')}` : '';
  return `${[user, `${scheme}${STAND_IN}`, isId(uid), isId(gid), '', isPath(home), isPath(shell)].join(':')}${fieldText}`;
}

/** `KEY VALUE` of a table that may hold secrets: the key stays. */
function tableLine(line: string): string {
  if (line.trim() === '') return line;
  if (/^#/.test(line)) return '# (a comment of the host)';
  const [, key, space] = /^([\w.@[\]:*+-]{1,255})(\s+)\S/.exec(line) ?? [];
  return key === undefined ? '' : `${key}${space}${STAND_IN}:${STAND_IN}`;
}

function eachLine(text: Bytes, change: (line: string) => string): Bytes {
  return text.split('\n').map(change).join('\n');
}

function escaped(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
}
