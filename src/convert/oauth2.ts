/**
 * dovecot-oauth2.conf.ext (2.3 documentation, "OAuth2 database"; 2.4 documentation, "OAuth2"). In 2.3 one kind of passdb checked tokens and asked for
 * them with passwords. In 2.4 the block `oauth2 { }` checks tokens, and only `passdb oauth2 { }` sends passwords; it inherits that block's settings.
 */
import { satisfies } from '../formats/versions.ts';
import { own, type Block } from './blocks.ts';
import { nested, refuse, set, type Converted, type ExternalEntry, type OldSetting, type Scope } from './conversion.ts';
import { dictBlock } from './dictionary.ts';
import { convertFields } from './fields.ts';
import { yes } from './old-values.ts';

type Read = (key: string) => string | null;

const SAME =
  /^(tokeninfo_url|introspection_url|force_introspection|username_attribute|active_attribute|active_value|client_id|client_secret|issuers|openid_configuration_url|scope|send_auth_headers)$/;

const RENAMED: Readonly<Record<string, string>> = {
  tls_ca_cert_file: 'ssl_client_ca_file',
  tls_ca_cert_dir: 'ssl_client_ca_dir',
  tls_cert_file: 'ssl_client_cert_file',
  tls_key_file: 'ssl_client_key_file',
  tls_cipher_suite: 'ssl_cipher_list',
  rawlog_dir: 'http_client_rawlog_dir',
  max_parallel_connections: 'http_client_max_parallel_connections',
  max_pipelined_requests: 'http_client_max_pipelined_requests',
};

/** Of what the block for tokens sets: 2.3's defaults, which a passdb without the setting had instead. */
const DEFAULTS: Readonly<Record<string, string>> = {
  tokeninfo_url: '',
  force_introspection: 'no',
  username_attribute: 'email',
  active_attribute: '',
  active_value: '',
  issuers: '',
  scope: '',
  send_auth_headers: 'no',
};

/** Settings that change nothing in the other block: each has its own, or they only help to look for a mistake. */
const ALONE =
  /^(introspection_mode|username_format|grant_url|use_grant_password|debug|rawlog_dir|openid_configuration_url|local_validation_key_dict)$/;

/** The mechanisms that send a token. */
const TOKENS = /^(xoauth2|oauthbearer)$/;

/** Does this passdb check tokens? In 2.4 it is no passdb. */
export const checksTokens = (block: Block, scope: Scope): boolean =>
  block.type === 'passdb' &&
  own(block, 'driver') === 'oauth2' &&
  own(block, 'args') !== null &&
  !sendsPasswords(readerOf(block, scope));

const sendsPasswords = (read: Read): boolean => yes(read('use_grant_password') ?? '');

/** Reads the file of a passdb without an import of the module that parses such files. */
function readerOf(block: Block, { files }: Scope): Read {
  const bytes = files[own(block, 'args') ?? ''] ?? '';
  const pairs = [...bytes.matchAll(/^[ \t]*(\w+)[ \t]*=[ \t]*(.*?)[ \t\r]*$/gm)];
  return (key) => pairs.findLast(([, name]) => name === key)?.[2] ?? null;
}

export const isToken = (mechanism: string): boolean => TOKENS.test(mechanism);

/** A setting of a passdb that checks tokens; null: as in any other passdb. */
export function tokensSetting({ key, value, block }: OldSetting, scope: Scope): Converted | null {
  switch (key) {
    case 'driver':
      return whole(block, scope);
    case 'mechanisms':
    case 'name':
      return { lines: [] };
    case 'args':
      return null;
    case 'override_fields':
    case 'default_fields': {
      if (value !== '' && !hasFields(scope)) return refuse(noFields(key, scope));
      if (readerOf(block, scope)('pass_attrs')) return refuse('move these fields into pass_attrs: 2.4 has one list');
      const fields = convertFields(value, 'passdb', scope);
      return Array.isArray(fields) ? { lines: nested('oauth2_fields', fields) } : fields;
    }
    default:
      return /^(auth_verbose=default|skip=never|result_success=return-ok|result_(failure|internalfail)=(continue|return|return-fail))$/.test(`${key}=${value}`)
        ? { drop: true }
        : refuse(`remove ${key}: 2.4 checks tokens in no passdb, and has no such setting for them`); // oxfmt-ignore
  }
}

const takesPasswords = (block: Block, scope: Scope): boolean => !checksTokens(block, scope);

/** The reasons for which the whole block is refused. */
function whole(block: Block, scope: Scope): Converted {
  const mechanisms = (own(block, 'mechanisms') ?? '').toLowerCase().split(/\s+/);
  if (!mechanisms.every(isToken))
    return refuse('set `mechanisms = xoauth2 oauthbearer`: 2.4 takes a token as a password by no other mechanism');
  const first = scope.first('passdb', checksTokens);
  if (first !== block) return refuse('remove one of these passdbs: 2.4 asks one server only about tokens');
  const offered = (scope.global('auth_mechanisms') ?? 'plain').toLowerCase().split(/\s+/);
  const other = offered.find((word) => !/^(xoauth2|oauthbearer|external|anonymous|gssapi|gss-spnego)$/.test(word));
  if (other !== undefined && scope.first('passdb', takesPasswords) === undefined)
    return refuse(`remove ${other} from auth_mechanisms: without another passdb nobody logs in by it, and 2.4 does not start`); // oxfmt-ignore
  return { lines: [] };
}

/** Lines beside the file's own. */
export function oauth2Defaults(read: Read, scope: Scope): string[] | { readonly refuse: string } {
  const lines = [
    ...(read('introspection_mode') === null ? [`oauth2_introspection_mode = ${modeOf(read)}`] : []),
    ...(read('username_format') === null ? [`oauth2_username_validation_format = ${LOWER}`] : []),
  ];
  if (read('username_format') === null) {
    const format = validated('%Lu', scope);
    if (typeof format !== 'string') return format;
  }
  if (!sendsPasswords(read)) return lines;
  if (!read('introspection_url')) return refuse('set introspection_url in this file: 2.4 needs it beside grant_url');
  const tokens = scope.first('passdb', checksTokens);
  if (tokens === undefined) return lines;
  const names = namesOf(tokens, scope).filter((name) => read(name) === null && !ALONE.test(name));
  const lost = names.find((name) => DEFAULTS[name] === undefined);
  if (lost !== undefined)
    return refuse(`set ${lost} in this file too: in 2.4 this passdb inherits it from the file for tokens`);
  return [...names.map((name) => `oauth2_${name} = ${DEFAULTS[name]}`.trimEnd()), ...lines];
}

const namesOf = (block: Block, { files }: Scope): string[] => [
  ...new Set([...(files[own(block, 'args') ?? ''] ?? '').matchAll(/^[ \t]*(\w+)[ \t]*=/gm)].map(([, name = '']) => name)),
]; // oxfmt-ignore

const modeOf = (read: Read): string => read('introspection_mode') || 'auth';

const LOWER = '%{user | lower}';

/**
 * The form in which the token's user is compared. 2.3 put the user of the login into the same form, 2.4 compares that user as auth_username_format has
 * left it: so it must be in that form already.
 */
function validated(format: string, { global }: Scope): string | { readonly refuse: string } {
  const login = global('auth_username_format') ?? '%Lu';
  if (format === '%u') return '%{user}';
  if (format === '%Lu' && /^%L[un]$/.test(login)) return LOWER;
  if (format === '%n' && /^%L?n$/.test(login)) return '%{user | username}';
  if (format === '%Ln' && login === '%Ln') return '%{user | username | lower}';
  return refuse(`set auth_username_format = ${format}: 2.4 puts only the user of the token into the form of username_format (${format})`); // oxfmt-ignore
}

export function oauth2Setting({ line, read, scope }: ExternalEntry): Converted {
  const { key, value } = line;
  // 2.3 took such values as they are. Any other `%` is text in 2.4, too.
  if (value.includes('%{') && key !== 'pass_attrs')
    return refuse('write the value without %{: 2.4 takes it for a variable');
  const renamed = RENAMED[key];
  if (renamed !== undefined) return value === '' ? { drop: true } : { lines: [set(renamed, value)] };
  const grants = sendsPasswords(read);
  switch (key) {
    case 'grant_url':
      return grants ? { lines: [set('oauth2_grant_url', value)] } : { drop: true };
    case 'use_grant_password':
    case 'debug':
      return { drop: true };
    case 'username_format': {
      const format = validated(value, scope);
      return typeof format === 'string' ? { lines: [`oauth2_username_validation_format = ${format}`] } : format;
    }
    case 'introspection_mode':
      return { lines: [`oauth2_introspection_mode = ${modeOf(read)}`] };
    case 'local_validation_key_dict':
      // Without this mode 2.3 asked the server, too, and never looked for a key.
      return modeOf(read) === 'local' ? keys(value) : { drop: true };
    case 'pass_attrs':
      return attributes(value, { line, read, scope });
    case 'timeout_msecs':
      return /^0*$/.test(value) ? { drop: true } : { lines: [`http_client_request_timeout = ${value} ms`] };
    case 'max_idle_time_msecs':
      return { lines: [`http_client_max_idle_time = ${value} ms`] };
    case 'tls_allow_invalid_cert':
      return { lines: [`ssl_client_require_valid_cert = ${yes(value) ? 'no' : 'yes'}`] };
    case 'client_id':
    case 'client_secret':
      if (!read('client_id') !== !read('client_secret'))
        return refuse('set client_id and client_secret, or none of them: 2.4 does not start with one');
      break;
    case 'active_attribute':
      if (value !== '' && (grants || (read('tokeninfo_url') && modeOf(read) !== 'local')))
        return refuse(`remove ${grants ? 'active_attribute' : 'tokeninfo_url or active_attribute'}: 2.4 looks for ${value} in the first answer already, before it asks introspection_url`); // oxfmt-ignore
  }
  if (!SAME.test(key)) return refuse(`remove it, or rewrite it in 2.4 syntax: harden-mail cannot convert ${key} here`);
  return { lines: [set(`oauth2_${key}`, value)] };
}

/** `fs:posix:prefix=/etc/dovecot/keys/` */
function keys(uri: string): Converted {
  const [, folder] = /^fs:posix:prefix=(\S+)$/.exec(uri) ?? [];
  const dict = folder === undefined ? dictBlock(uri) : nested('dict fs', nested('fs posix', [set('prefix', folder)]));
  return Array.isArray(dict) ? { lines: nested('oauth2_local_validation', dict) } : dict;
}

/** 2.4.1 does not give the fields to the session, and its auth process ends where an answer lacks one; 2.4.5 has neither fault. */
const hasFields = ({ version }: Scope): boolean => satisfies(version, '>=2.4.5');

const noFields = (key: string, { version }: Scope): string =>
  `remove ${key}: Dovecot ${version} does not give such fields to the sessions of users with a token`;

/** `userdb_home=/srv/%{oauth2:id} userdb_lang=%$` → the fields of a user with a valid token. */
function attributes(value: string, { scope }: ExternalEntry): Converted {
  if (value !== '' && !hasFields(scope)) return refuse(noFields('pass_attrs', scope));
  const lines: string[] = [];
  for (const word of value.split(/\s+/).filter((one) => one !== '')) {
    const [, name = word, text = ''] = /^([^=]*)=(.*)$/.exec(word) ?? [];
    if (/^pass(word)?$/.test(name)) return refuse(`remove ${name} from pass_attrs: harden-mail cannot convert it`);
    const put = text.replaceAll('%$', `%{oauth2:${name}}`);
    const fields = convertFields(
      `${name}=${put}`.replace(/%\{oauth2:([^:}]*):[^}]*\}/g, '%{oauth2:$1}'),
      'passdb',
      scope,
    );
    if (!Array.isArray(fields)) return fields;
    lines.push(...fields.map((one) => withDefaults(one, put)));
  }
  return lines.length === 0 ? { drop: true } : { lines: nested('oauth2_fields', lines) };
}

/** 2.3 put the text behind a second colon, or nothing, where an answer lacked the field. */
function withDefaults(line: string, text: string): string {
  const defaults = new Map([...text.matchAll(/%\{oauth2:([^:}]*):?([^}]*)\}/g)].map(([, name = '', then = '']) => [name, then]));
  return line.replace(/%\{oauth2:([^:}]*)\}/g, (_, name: string) => {
    return `%{oauth2:${name} | default('${(defaults.get(name) ?? '').replaceAll("'", "\\'")}')}`;
  });
} // oxfmt-ignore
