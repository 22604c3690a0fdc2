/** The args of a passdb or userdb, by driver (2.3 and 2.4 documentation, "Authentication databases"). */
import { own, type Block } from './blocks.ts';
import { nested, refuse, type OldSetting, type Converted, type Scope } from './conversion.ts';
import { includeExternal } from './external.ts';
import { convertFields } from './fields.ts';
import { locationOf } from './own-fields.ts';
import { ownLimits } from './own-limits.ts';

import { passwdFileArgs, starred } from './passwd-file.ts';
import { yes } from './old-values.ts';
import { convertVariables } from './variables.ts';

const driverOf = (block: OldSetting['block']): string => own(block, 'driver') ?? block.name ?? '';

export function convertArgs(entry: OldSetting, scope: Scope): Converted {
  const { value, block } = entry;
  if (value === '') return { drop: true };
  switch (driverOf(block)) {
    case 'pam':
      return pam(value, scope);
    case 'passwd-file':
      return passwdFile(value, block, scope);
    case 'passwd':
      return passwd(value.split(/\s+/), block.type, scope);
    case 'sql':
    case 'ldap':
    case 'oauth2':
      return includeExternal(block, scope);
    case 'lua':
      return lua(value);
    case 'static':
      return convertStatic(value, block.type, scope);
    default:
      return refuse(`rewrite args of the driver ${driverOf(block)} in 2.4 syntax: harden-mail cannot convert them`);
  }
}

/** Converts `name=value` words; refuses any that is not in the table. */
function options(
  words: readonly string[],
  known: Readonly<Record<string, (text: string) => string[] | { readonly refuse: string }>>,
): Converted {
  const lines: string[] = [];
  for (const word of words) {
    const [, name = word, text = ''] = /^([^=]*)=(.*)$/.exec(word) ?? [];
    const found = known[name]?.(text) ?? refuse(`write ${word} in 2.4's words: harden-mail does not know it`);
    if (!Array.isArray(found)) return found;
    lines.push(...found);
  }
  return { lines };
}

/** `session=yes dovecot` → one setting for each option; the last word is PAM's service, `*` means the protocol. */
function pam(value: string, { global }: Scope): Converted {
  const words = value.split(/\s+/);
  const service = words.at(-1)?.includes('=') === false ? words.pop() : undefined;
  const named = service === undefined ? [] : serviceName(service);
  if (!Array.isArray(named)) return named;
  const outcome = options(words, {
    session: (text) => [`pam_session = ${text}`],
    setcred: (text) => [`pam_setcred = ${text}`],
    max_requests: (text) => [`pam_max_requests = ${text}`],
    failure_show_msg: (text) => [`pam_failure_show_msg = ${text}`],
    blocking: (text) => [`use_worker = ${text}`],
    cache_key: () =>
      /^(0|)$/.test(global('auth_cache_size') ?? '') ? [] : refuse('remove cache_key: 2.4 chooses the key by itself'),
  });
  return 'lines' in outcome ? { lines: [...outcome.lines, ...named] } : outcome;
}

/** `file=/etc/dovecot/auth.lua blocking=no`; the script ran in a worker unless told otherwise. 2.4 chooses the key of its cache. */
function lua(value: string): Converted {
  const words = value.split(/\s+/);
  const outcome = options(words, {
    file: (text) => [`lua_file = ${text}`],
    blocking: () => [],
    cache_key: () => [],
  });
  const worker = words.includes('blocking=no') ? 'no' : 'yes';
  return 'lines' in outcome ? { lines: [...outcome.lines, `use_worker = ${worker}`] } : outcome;
}

/** `blocking=no`; every other word is a field for all users. */
function passwd(words: readonly string[], type: string, scope: Scope): Converted {
  const isOption = (word: string): boolean => word.startsWith('blocking=');
  const worker = words
    .filter(isOption)
    .map((word) => `use_worker = ${yes(word.slice('blocking='.length)) ? 'yes' : 'no'}`);
  const unknown = words.find((word) => word !== '' && !word.includes('='));
  if (unknown !== undefined) return refuse(`write ${unknown} in 2.4's words: harden-mail does not know it`);
  const fields = convertFields(words.filter((word) => !isOption(word)).join(' '), type, scope);
  if (!Array.isArray(fields)) return fields;
  return { lines: [...worker, ...(fields.length === 0 ? [] : nested('fields', fields))] };
}

function serviceName(service: string): string[] | { readonly refuse: string } {
  if (service === '*') return ['pam_service_name = %{protocol}'];
  const name = convertVariables(service, 'args');
  return typeof name === 'string' ? [`pam_service_name = ${name}`] : name;
}

const prefetches = (block: Block): boolean => own(block, 'driver') === 'prefetch';

/** `scheme=CRYPT username_format=%n /etc/dovecot/users` */
function passwdFile(value: string, block: OldSetting['block'], scope: Scope): Converted {
  const { type } = block;
  const args = passwdFileArgs(value);
  if (args.path === '') return refuse('add the path of the file');
  const path = convertVariables(args.path, 'args');
  if (typeof path !== 'string') return path;
  const outcome = options(args.options, {
    scheme: (text) => (type === 'passdb' ? [`default_password_scheme = ${text}`] : []),
    username_format: (text) => usernameFormat(text, scope),
  });
  if (!('lines' in outcome)) return outcome;
  const fields = fieldsOfFile(args.path, type, scope);
  if (!Array.isArray(fields)) return fields;
  // 2.3's default, which 2.4 does not have for each block: a hash without a scheme would be compared as a text.
  const stored = type === 'passdb' && !yes(own(block, 'deny') ?? '') && !args.options.some((word) => /^scheme=/.test(word)); // oxfmt-ignore
  const scheme = stored ? ['default_password_scheme = CRYPT'] : [];
  return { lines: [...scheme, ...outcome.lines, `passwd_file_path = ${path}`, ...fields] };
}

/** The lines for fields of single users that have another form in 2.4. With a userdb prefetch nothing reads them there. */
function fieldsOfFile(path: string, type: string, scope: Scope): string[] | { readonly refuse: string } {
  const unread = scope.userFields(starred(path)).filter(({ name }) => name === 'mail' || scope.isOldField(name));
  const prefetched = type === 'passdb' && scope.first('userdb', prefetches) !== undefined;
  if (type !== 'userdb' && !prefetched) return [];
  const hasLocations = !prefetched && unread.some(({ name }) => name === 'mail');
  const location = hasLocations ? locationOf('passwd_file:mail', scope) : [];
  const lines = Array.isArray(location) ? location : [];
  const left = unread.filter(
    ({ name }) => prefetched || !(name === 'quota_rule' || (name === 'mail' && lines.length > 0)),
  );
  if (left.length > 0) {
    const counts = left.map(({ name, count }) => `userdb_${name} of ${count}`).join(', ');
    return refuse(
      `rewrite fields in this file in 2.4 syntax (${counts} users): 2.4 has mail_driver, mail_path and the like, and ignores these`,
    );
  }
  if (!prefetched && scope.plugin('quota') !== null) lines.push(...ownLimits('passwd_file:quota_rule', scope));
  return lines.length === 0 ? [] : nested('fields', lines);
}

/** In 2.3 it applied to the name after auth_username_format, in lower case by default; `%u` changed nothing. */
function usernameFormat(text: string, { global }: Scope): string[] | { readonly refuse: string } {
  if (text === '%u') return [];
  const format = convertVariables(text, 'username_format');
  if (typeof format !== 'string') return format;
  const small = /%L/.test(global('auth_username_format') ?? '%Lu') && !format.includes('lower');
  return [`auth_username_format = ${small ? format.replace(/\}/g, ' | lower}') : format}`];
}

function convertStatic(value: string, type: string, scope: Scope): Converted {
  const words = value.split(/\s+/);
  const [, password] = /^password=(.*)$/.exec(words.find((word) => word.startsWith('password=')) ?? '') ?? [];
  const [, all] = /^allow_all_users=(.*)$/.exec(words.find((word) => word.startsWith('allow_all_users=')) ?? '') ?? [];
  const rest = words.filter((word) => !/^(password|allow_all_users)=/.test(word)).join(' ');
  const fields = convertFields(rest, type, scope);
  if (!Array.isArray(fields)) return fields;
  return {
    lines: [
      ...(password === undefined ? [] : [`static_password = ${password}`]),
      ...(all === undefined ? [] : [`static_allow_all_users = ${all}`]),
      ...(fields.length === 0 ? [] : nested('fields', fields)),
    ],
  };
}
