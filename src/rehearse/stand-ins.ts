/**
 * A host's files without its secrets, for the copy: each secret is replaced by a stand-in of the same form. The same text gives
 * the same result, so that the diffs of host and copy can be compared. A part that is not understood is replaced.
 */
import { redact } from '../formats/redact.ts';
import { PATHS, type Bytes } from '../model/index.ts';
import { SNI_MAP_HEAD } from '../model/sni-map.ts';
import type { Capture, CapturedFile } from './capture.ts';

const STAND_IN = 'rehearsal';
const MASK = '********';
const COMMENT = '# (a comment of the host)';

/** A name that speaks of secrets. */
const SPEAKS = /passw|passphrase|secret|token|credential|\bpw\b|api.?key|private.?key|\bpass\s*[:=]/i;
/** A file's name that says that it holds secrets. */
const SECRET_NAME = /passw|\bpw\b|secret|sasl|cred|token|auth(?!-)|users?$|shadow|htpasswd|\.key/i;
/** The value is no secret but the place of something: a file, a map in a file, a database that is asked, a variable. */
const PLACE =
  /^(<?\s*\/|(proxy:)?(hash|btree|lmdb|cdb|texthash|regexp|pcre|cidr|mysql|pgsql|sqlite|ldap|unix|memcache):\/?[\w./-]*$|[%$]|password$)/;
/** Parameters whose maps hold routes and addresses. */
const ROUTES =
  /^(transport_maps|virtual_\w+|local_recipient_maps|\w*canonical_maps|alias_maps|smtp_tls_policy_maps|tls_server_sni_maps(?!.*LS0tLS1)|relay_\w+|mydestination|mynetworks|\w+_restrictions)\s*=|check_\w+_access\s+(inline|static):/;

/** Facts that tell secrets from the rest in the files of one host. */
export interface Clues {
  /** The lines of comments that its packages ship. */
  readonly stock: ReadonlySet<string>;
  /** Files that a setting for passwords names. */
  readonly secretPaths: ReadonlySet<string>;
  /** Names of files, without their folders, that settings name as tables. */
  readonly tables: ReadonlySet<string>;
  /** Files that Dovecot reads as its configuration. */
  readonly read: ReadonlySet<string>;
}

export function cluesOf({ files, stock, read }: Pick<Capture, 'files' | 'stock' | 'read'>): Clues {
  const settings = files
    .filter(
      ({ path }) => path === PATHS.MAIN_CF || path === PATHS.MASTER_CF || /\.conf$/.test(path) || read.includes(path),
    )
    .flatMap(({ bytes }) => bytes.replace(/\n[ \t]+(?=\S)/g, ' ').split('\n'));
  const secret = settings.filter((line) => SPEAKS.test(line)).flatMap((line) => line.match(/\/[\w./@+-]+/g) ?? []);
  const tables = settings.flatMap((line) =>
    [...line.matchAll(/\b(?:hash|btree|lmdb|cdb|texthash|regexp|pcre|cidr|vfile):[^\s,{}]*\/([\w.@+-]+)/g)].map(
      ([, name = '']) => name,
    ),
  );
  return { stock: new Set(stock), secretPaths: new Set(secret), tables: new Set(tables), read: new Set(read) };
}

/** The file as the copy gets it. */
export function withStandIns(
  file: Pick<CapturedFile, 'path' | 'mode' | 'bytes' | 'pristine'>,
  clues: Clues,
): { readonly bytes: Bytes; readonly replaced: boolean } {
  if (file.pristine) return { bytes: file.bytes, replaced: false };
  const bytes = REPLACERS[kindOf(file, clues)](file.bytes, clues);
  return { bytes, replaced: bytes !== file.bytes };
}

/** Files that harden-mail itself writes. */
const OWN: readonly string[] = [
  PATHS.RECORD,
  PATHS.DEPLOY_HOOK,
  PATHS.DOVECOT_OPENSSL,
  PATHS.ACME_CA_UNIT,
  PATHS.WATCH,
  PATHS.WATCH_SERVICE,
  PATHS.WATCH_AT_BOOT,
  PATHS.WATCH_SCRIPT,
];

type Kind =
  | 'configuration'
  | 'query'
  | 'sasl'
  | 'variables'
  | 'passwd-file'
  | 'aliases'
  | 'table'
  | 'names'
  | 'secret table'
  | 'plain';

function kindOf(
  { path, mode, bytes }: Pick<CapturedFile, 'path' | 'mode' | 'bytes'>,
  { secretPaths, tables, read }: Clues,
): Kind {
  const name = path.slice(path.lastIndexOf('/') + 1);
  const lines = bytes.split('\n').filter((line) => /^[^#\s]/.test(line));
  const all = (pattern: RegExp): boolean => lines.length > 0 && lines.every((line) => pattern.test(line));
  if (OWN.includes(path)) return path === PATHS.RECORD ? 'configuration' : 'plain';
  const isOfPostfix = path.startsWith(`${PATHS.POSTFIX}/`);
  if (path === PATHS.MAIN_CF || path === PATHS.MASTER_CF) return 'configuration';
  if (path === PATHS.SNI_MAP) return 'names';
  if (name === 'aliases') return 'aliases';
  if (name === 'smtpd.conf') return 'sasl';
  if (path.startsWith('/etc/default/') || path.startsWith(`${PATHS.UNITS}/`)) return 'variables';
  if (path.startsWith('/etc/pam.d/') || name.endsWith('.sieve')) return 'configuration';
  if (/^(-----BEGIN DH PARAMETERS-----[\w+/=\s]+-----END DH PARAMETERS-----\s*)+$/.test(bytes)) return 'plain';
  if (path.startsWith(`${PATHS.RENEWAL}/`) || /\.ext$/.test(path)) return 'query';
  if ((path.startsWith(`${PATHS.DOVECOT}/`) && /\.conf$/.test(path)) || read.has(path)) return 'configuration';
  if (!isOfPostfix && all(/^[^:\s=]+:[^:]*(:[^:]*){0,7}/)) return 'passwd-file';
  if (lines.some((line) => /^(hosts|server_host|dbpath|query|bind_dn|search_base)\s*=/.test(line))) return 'query';
  if (path === '/etc/mailname') return 'plain';
  const isSecret = !tables.has(name) || !/[4567]$/.test(mode) || SECRET_NAME.test(name) || secretPaths.has(path);
  return isSecret ? 'secret table' : 'table';
}

/** Names in files of queries whose values are the way to a database and what is asked there, and no secret. */
const QUERY_NAMES =
  /^\s*#?\s*(hosts|server_host|server_port|dbname|dbpath|query|table|select_field|where_field|additional_conditions|result_format|domain|expansion_limit|dn|bind_dn|search_base|query_filter|result_attribute|scope|bind|version|start_tls|option_group|driver|default_pass_scheme|\w+_query|uris|base|deref|\w+_attrs|\w+_filter|auth_bind|auth_bind_userdn|ldap_version|tls|tls_require_cert|pattern|username_field|value_field|authenticator|server|archive_dir|cert|privkey|chain|fullchain|renew_before_expiry|key_type|account|webroot_path|http01_port)\s*=/;
/** A function of SQL that gets a key. */
const KEYED = /\b((?:aes|des)_\w+|decode|encode|pgp_sym_\w+|hmac)(\([^()']{0,99},\s*)'[^']*'/gi;
/** The words of `connect = host=db dbname=mail user=…` that say where the database is. */
const CONNECT_WORD = /^((host|port|dbname)=[\w./:-]+|\/[\w./-]+)$/;

const REPLACERS: Readonly<Record<Kind, (text: Bytes, clues: Clues) => Bytes>> = {
  configuration,
  query: queries,
  sasl: (text) => eachLine(text, saslLine),
  variables: (text, clues) => eachLine(configuration(text, clues), variable),
  'passwd-file': (text) => eachLine(text, passwdLine),
  aliases: (text, clues) => eachLine(configuration(text, clues), alias),
  table: configuration,
  names: (text) => eachLine(text, nameLine),
  'secret table': (text) => eachLine(text, tableLine),
  plain: (text) => text,
};

/** The file keeps its lines and their order: what the planner edits stays where it is. */
function configuration(text: Bytes, { stock }: Clues): Bytes {
  const masked = redact(text).split('\n');
  return text
    .split('\n')
    .map((line, index) => {
      if (stock.has(line)) return line;
      const shown = masked[index] ?? '';
      const kept = shown === line ? line : unmasked(line, shown);
      return /^\s*[#;]/.test(kept) ? comment(kept) : argument(kept);
    })
    .join('\n');
}

/** The masked line with a stand-in for each secret. */
function unmasked(line: string, shown: string): string {
  const parts = shown.split(MASK);
  const secrets = new RegExp(`^${parts.map(escaped).join('(.*?)')}$`, 's').exec(line)?.slice(1) ?? [];
  return parts.reduce((sofar, part, index) => {
    const secret = secrets[index - 1] ?? '';
    const isRoute = /(inline|static):$/i.test(sofar) && ROUTES.test(line);
    return `${sofar}${isRoute || PLACE.test(secret.trim()) ? secret : standIn(sofar, secret)}${part}`;
  });
}

function standIn(before: string, secret: string): string {
  if (/inline:$/i.test(before)) return `{ ${STAND_IN}=${STAND_IN} }`;
  if (/^["']/.test(secret)) return `${secret[0]}${STAND_IN}${secret[0]}`;
  if (/static:$/i.test(before) && secret.includes(':')) return `${STAND_IN}:${STAND_IN}`;
  return `${/^\{[\w.-]+\}/.exec(secret)?.[0] ?? ''}${STAND_IN}`;
}

/** A setting in a comment stays, without its secret. */
function comment(line: string): string {
  return /^\s*[#;]\s*[\w.-]+\s*=\s*[\w./:,<$@-]*\s*$/.test(line) ? line : COMMENT;
}

/** `--token abc`, `--password=abc` and the like in the command line of a program. */
const ARGUMENT = /((?:^|\s)--?[\w-]*(?:pass|token|secret|key|credential)[\w-]*(?:=|\s+))("[^"]*"|'[^']*'|[^\s"']+)/gi;

/** A line that is no comment: words that programs get, and the comment at its end. */
function argument(line: string): string {
  const [, before, program = '', words = ''] = /^(.*\bargv=)(\S+)(.*)$/.exec(line) ?? [];
  const options = before === undefined ? line : `${before}${program}${words.replace(/(?<=\s)[^\s$/-][^\s$]{5,}(?=\s|$)/g, STAND_IN)}`; // oxfmt-ignore
  return options
    .replace(ARGUMENT, (_, option: string, value: string) => option + (/^[-/$]/.test(value) ? value : STAND_IN))
    .replace(/^([^"']*?\S)(\s+)#\s.*$/, `$1$2${COMMENT}`);
}

/** Only the settings of QUERY_NAMES keep their values. */
function queries(text: Bytes, clues: Clues): Bytes {
  let open = false;
  return eachLine(configuration(text, clues), (line) => {
    if (line.trim() === '' || /^\s*\[+[\w. -]+\]+\s*$|^\d+ [\w./ -]+$|^\s*(map \{|\w+ \{|\})\s*$/.test(line))
      return line;
    if (QUERY_NAMES.test(line)) {
      open = true;
      return line.replace(KEYED, `$1$2'${STAND_IN}'`);
    }
    if (clues.stock.has(line)) return line;
    if (open && /^\s+\S/.test(line) && !/^\s+[\w.-]+\s*=/.test(line)) return line.replace(KEYED, `$1$2'${STAND_IN}'`); // the rest of a query
    open = false;
    const [, connect, words = ''] = /^(\s*connect\s*=\s*)(.*)$/.exec(line) ?? [];
    if (connect !== undefined) return connect + words.split(/\s+/).map(connectWord).join(' ');
    const [, setting] = /^([#\s]*[\w.-]+\s*=\s*)\S/.exec(line) ?? [];
    if (setting !== undefined) return `${setting}${STAND_IN}`;
    return /^\s*#/.test(line) ? COMMENT : '';
  });
}

function connectWord(word: string): string {
  return CONNECT_WORD.test(word) ? word : `${/^\w+=/.exec(word)?.[0] ?? ''}${STAND_IN}`;
}

/** Cyrus SASL's settings. */
function saslLine(line: string): string {
  if (/^\s*(pwcheck_method|mech_list|saslauthd_path|auxprop_plugin|log_level|sql_engine)\s*:\s*[\w./ -]*$/.test(line))
    return line;
  const [, setting] = /^([\w.-]+\s*:\s*)\S/.exec(line) ?? [];
  return setting === undefined ? (line.trim() === '' ? line : COMMENT) : `${setting}${STAND_IN}`;
}

/** `NAME=value` of /etc/default, and `Environment=NAME=value` of a unit. */
function variable(line: string): string {
  const [, before, name = ''] = /^(\s*(?:export\s+|Environment=["']?)?([A-Za-z_]\w*)=)\S/.exec(line) ?? [];
  const isKnown = /^(START|DESC|NAME|MECHANISMS|MECH_OPTIONS|THREADS|OPTIONS|PARAMS|ENABLED|LANG|LC_\w+|TZ|PATH|After|Before|Wants|Requires|Exec\w*|Limit\w+|Restart\w*|Private\w+|Protect\w+|ReadWritePaths|Description|EnvironmentFile|Nice|User|Group|Type)$/.test(name); // oxfmt-ignore
  return before === undefined || isKnown ? line : `${before}${STAND_IN}`;
}

/** A program of an alias keeps its path. */
function alias(line: string): string {
  return line.replace(/\|\s*("?)(\/[\w./-]+)?.*$/, (_, quoted: string, program = '/bin/true') => `|${quoted}${program}${quoted === '' && /"\s*$/.test(line) ? '"' : quoted}`); // oxfmt-ignore
}

/** `user:{SCHEME}hash:uid:gid:gecos:home:shell:fields`: the user and the places stay. */
function passwdLine(line: string): string {
  if (!/^[^#\s]/.test(line)) return /^#/.test(line) ? COMMENT : '';
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
  if (/^#/.test(line)) return COMMENT;
  const [, key, space] = /^([\w.@[\]:*+-]{1,255})(\s+)\S/.exec(line) ?? [];
  return key === undefined ? '' : `${key}${space}${STAND_IN}:${STAND_IN}`;
}

/** `NAME KEY, CERTIFICATE` of harden-mail's map: names and paths. */
function nameLine(line: string): string {
  const isOwn = /^[\w.*-]+ (\/[\w.@+/-]+(, )?){1,9}$/.test(line) || SNI_MAP_HEAD.split('\n').includes(line);
  return isOwn ? line : tableLine(line);
}

function eachLine(text: Bytes, change: (line: string) => string): Bytes {
  return text.split('\n').map(change).join('\n');
}

function escaped(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
}
