/** dovecot-ldap.conf.ext (2.3 documentation, "LDAP"; 2.4 documentation, "LDAP Authentication"). */
import { nested, refuse, set, type Converted, type Scope, type ExternalEntry } from './conversion.ts';
import { own } from './blocks.ts';
import { convertField } from './fields.ts';
import { limitsOf, locationOf } from './own-fields.ts';
import { commonLimit, gracePercent, ownStorage, TENTH } from './own-limits.ts';
import { schemes } from './schemes.ts';
import { renamedInPlace } from './text.ts';
import { yes } from './old-values.ts';
import { convertVariables } from './variables.ts';

const RENAMED: Readonly<Record<string, string>> = {
  uris: 'ldap_uris',
  dn: 'ldap_auth_dn',
  dnpass: 'ldap_auth_dn_password',
  sasl_mech: 'ldap_auth_sasl_mechanisms',
  sasl_realm: 'ldap_auth_sasl_realm',
  sasl_authz_id: 'ldap_auth_sasl_authz_id',
  tls: 'ldap_starttls',
  tls_ca_cert_file: 'ssl_client_ca_file',
  tls_ca_cert_dir: 'ssl_client_ca_dir',
  tls_cert_file: 'ssl_client_cert_file',
  tls_key_file: 'ssl_client_key_file',
  tls_cipher_suite: 'ssl_cipher_list',
  debug_level: 'ldap_debug_level',
  ldap_version: 'ldap_version',
  base: 'ldap_base',
  deref: 'ldap_deref',
  scope: 'ldap_scope',
  auth_bind: 'passdb_ldap_bind',
  auth_bind_userdn: 'passdb_ldap_bind_userdn',
  pass_filter: 'passdb_ldap_filter',
  user_filter: 'userdb_ldap_filter',
  iterate_filter: 'userdb_ldap_iterate_filter',
};

export function ldapSetting({ line, read, scope }: ExternalEntry, bytes: string): Converted {
  const { key, value } = line;
  const name = RENAMED[key];
  if (name !== undefined) return value === '' ? { drop: true } : renamedInPlace(bytes, line, name);
  switch (key) {
    case 'hosts':
      if (value === '') return { drop: true };
      return { lines: [`ldap_uris = ${value.split(/\s+/).map((host) => `ldap://${host}`).join(' ')}`] }; // oxfmt-ignore
    case 'sasl_bind':
      return yes(value) && read('sasl_mech') === null ? refuse('set the mechanism in sasl_mech') : { drop: true };
    case 'tls_require_cert':
      if (/^(hard|demand)$/.test(value)) return { lines: ['ssl_client_require_valid_cert = yes'] };
      if (/^(never|allow)$/.test(value)) return { lines: ['ssl_client_require_valid_cert = no'] };
      return refuse('choose `demand` or `never`: 2.4 has no other value');
    case 'blocking':
      return { lines: [`passdb_use_worker = ${value}`, `userdb_use_worker = ${value}`] };
    case 'default_pass_scheme':
      return schemes(value);
    case 'pass_attrs':
      return attributes(value, 'passdb', { line, read, scope });
    case 'user_attrs':
      return attributes(value, 'userdb', { line, read, scope });
    case 'iterate_attrs':
      return iterated(value);
    default:
      return refuse(`remove it, or rewrite it in 2.4 syntax: harden-mail cannot convert ${key} here`);
  }
}

/** `mail=user` or `=user=%{ldap:uid}@example.org` → the names of all users. */
function iterated(value: string): Converted {
  const lines: string[] = [];
  for (const { word, attribute, field, text } of pairsOf(value)) {
    const converted = convertVariables(text, 'iterate_attrs');
    if (!/^[\w-]*$/.test(attribute) || field === '' || typeof converted !== 'string')
      return refuse(`rewrite ${word} in 2.4 syntax: harden-mail cannot convert it`);
    lines.push(set(field, converted));
  }
  return lines.length === 0 ? { drop: true } : { lines: nested('userdb_ldap_iterate_fields', lines) };
}

interface Pair {
  readonly word: string;
  readonly attribute: string;
  readonly field: string;
  /** The field's value in 2.3's words. */
  readonly text: string;
}

/** `uid=user, =home=/srv/%{ldap:uid}, quota=quota_rule=*:bytes=%$`, each by itself. */
function pairsOf(value: string): Pair[] {
  const words = value.split(',').map((one) => one.trim());
  return words.filter((word) => word !== '').map((word) => {
    const [, attribute = word, field = attribute, template] = /^([^=]*)=([^=]*)(?:=(.*))?$/.exec(word) ?? [];
    const text = template === undefined ? `%{ldap:${attribute}}` : template.replaceAll('%$', `%{ldap:${attribute}}`);
    return { word, attribute, field, text };
  }); // oxfmt-ignore
}

/** Attributes with their fields → a block with one line for each field. */
function attributes(value: string, type: 'passdb' | 'userdb', entry: ExternalEntry): Converted {
  const { scope, read } = entry;
  const lines: string[] = [];
  for (const { word, attribute, field, text } of pairsOf(value)) {
    if (!/^[\w-]*$/.test(attribute)) return refuse(`rewrite ${word} in 2.4 syntax: harden-mail cannot convert it`);
    // Where Dovecot binds as the user it reads no password; 2.3 did not look for the attribute either.
    if (type === 'passdb' && field === 'password' && yes(read('auth_bind') ?? '')) continue;
    const own = ownLines(field, text, type, scope);
    if (own !== null) {
      if (!Array.isArray(own)) return own;
      lines.push(...own);
      continue;
    }
    const pairs = convertField(field, text, type, scope);
    if (!Array.isArray(pairs)) return pairs;
    for (const [name, then] of pairs) {
      const now = withDefault(name, then, attribute, entry);
      if (typeof now !== 'string') return now;
      lines.push(set(name, now));
      if (name.endsWith('quota_storage_size') && gracePercent(scope) === 10)
        lines.push(`${name.replace('size', 'grace')} = ${tenthOf(now)}`);
    }
  }
  return lines.length === 0 ? { drop: true } : { lines: nested(`${type}_fields`, lines) };
}

/** An attribute with a whole location or rule, or with a size whose unit only the directory knows; null: any other. */
function ownLines(
  field: string,
  text: string,
  type: 'passdb' | 'userdb',
  scope: Scope,
): string[] | { readonly refuse: string } | null {
  const [, prefix = '', name] = /^(userdb_)?(mail|quota_rule)$/.exec(field) ?? [];
  const [, kind, source] = /^(\*:storage=)?%\{(ldap:[\w-]+)\}$/.exec(text) ?? [];
  if (name === undefined || source === undefined || (type === 'userdb') !== (prefix === '')) return null;
  if (kind !== undefined && name === 'mail') return null;
  const read = name === 'mail' ? locationOf : kind === undefined ? limitsOf : ownStorage;
  // 2.4 takes an empty field of a passdb for `yes`, and most parts of a location are empty.
  if (name === 'mail' && prefix !== '')
    return refuse(`use another field than ${field}: 2.4 has a separate field for each of its parts`);
  const lines = read(source, scope);
  return Array.isArray(lines) ? lines.map((line) => prefix + line) : lines;
}

/**
 * 2.3 left out a field whose attribute an entry lacks; 2.4 refuses the user. So the default is what 2.3 took instead. An attribute within a
 * template (`=home=/srv/%{ldap:uid}`) was empty.
 */
function withDefault(
  field: string,
  text: string,
  attribute: string,
  { scope }: ExternalEntry,
): string | { readonly refuse: string } {
  const put = (value: string): string =>
    text.replace(/%\{ldap:([\w-]+)\}/g, `%{ldap:$1 | default('${value.replaceAll("'", "\\'")}')}`);
  if (attribute === '') return put('');
  const name = field.replace(/^userdb_/, '');
  if (name === 'user') return text.replace(/%\{ldap:([\w-]+)\}/g, '%{ldap:$1 | default(user)}');
  if (name === 'password') return text;
  if (name === 'quota_storage_size') return size(text, commonLimit(scope), put);
  const instead = usual(name, scope);
  if (text !== `%{ldap:${attribute}}`)
    return instead === null
      ? put('')
      : refuse(`set ${field} for every entry, and remove its default: 2.4 has one of them only`);
  return instead === null && REQUIRED.has(name) ? text : put(instead ?? '');
}

/** `%{ldap:x | default('5')}M` → a tenth of it, as 2.3 lets the last mail exceed the limit. */
function tenthOf(text: string): string {
  const [, variable = '', unit = ''] = /^(%\{[^}]*)\}(\w*)$/.exec(text) ?? [];
  const behind = { m: '00k', g: '00M', t: '00G' }[unit.toLowerCase().charAt(0)];
  if (behind !== undefined) return `${variable}}${behind}`;
  return `${[variable, ...TENTH].join(' | ')}}${unit.toLowerCase().startsWith('k') ? 'k' : ''}`;
}

/** A user without them has none: an empty one would be an error of another kind. */
const REQUIRED = new Set(['home', 'uid', 'gid']);

/** The limit of all users, in the unit that stands behind the attribute. */
function size(text: string, limit: string, put: (value: string) => string): string | { readonly refuse: string } {
  const unit = /\}([bkmgt])b?$/i.exec(text)?.[1]?.toLowerCase();
  if (unit === undefined) return put(limit === 'unlimited' ? '0' : limit);
  if (limit === 'unlimited') return put('0');
  const [, number = '', own = 'b'] = /^(\d+)([bkmgt]?)$/i.exec(limit) ?? [];
  const units = 'bkmgt';
  const scaled = Number(number) * 1024 ** (units.indexOf(own.toLowerCase() || 'b') - units.indexOf(unit));
  return Number.isInteger(scaled)
    ? put(String(scaled))
    : refuse(`set quota_rule in plugin { } to a number of ${unit.toUpperCase()}`);
}

/** What a user has without the field: the userdb's default_fields, or the setting for all. The mail processes replace the variables in it. */
function usual(name: string, { blocks, global }: Scope): string | null {
  const fields = blocks('userdb').map((block) => own(block, 'default_fields') ?? '');
  const given = fields.flatMap((text) => new RegExp(`(?:^|\\s)${name}=(\\S+)`).exec(text)?.[1] ?? [])[0];
  const value = given ?? global(`mail_${name}`);
  if (value === null || value === '') return null;
  const converted = convertVariables(value, 'fields');
  return typeof converted === 'string' ? converted : null;
}
