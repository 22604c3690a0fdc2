/** dovecot-ldap.conf.ext (2.3 documentation, "LDAP"; 2.4 documentation, "LDAP Authentication"). */
import { nested, refuse, set, type Outcome, type Scope, type ExternalEntry } from './conversion.ts';
import { convertField } from './fields.ts';
import { schemes } from './schemes.ts';
import { renamedInPlace } from './text.ts';
import { yes } from './values.ts';

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

export function ldapSetting({ line, read, scope }: ExternalEntry, bytes: string): Outcome {
  const { key, value } = line;
  const name = RENAMED[key];
  if (name !== undefined) return value === '' ? { drop: true } : renamedInPlace(bytes, line, name);
  switch (key) {
    case 'hosts':
      if (value === '') return { drop: true };
      return { lines: [`ldap_uris = ${value.split(/\s+/).map((host) => `ldap://${host}`).join(' ')}`] }; // oxfmt-ignore
    case 'sasl_bind':
      return yes(value) && read('sasl_mech') === null ? refuse('name the mechanism in sasl_mech') : { drop: true };
    case 'tls_require_cert':
      if (/^(hard|demand)$/.test(value)) return { lines: ['ssl_client_require_valid_cert = yes'] };
      if (/^(never|allow)$/.test(value)) return { lines: ['ssl_client_require_valid_cert = no'] };
      return refuse('choose `demand` or `never`: 2.4 knows nothing in between');
    case 'blocking':
      return { lines: [`passdb_use_worker = ${value}`, `userdb_use_worker = ${value}`] };
    case 'default_pass_scheme':
      return schemes(value);
    case 'pass_attrs':
      return attributes(value, 'passdb_fields', 'passdb', scope);
    case 'user_attrs':
      return attributes(value, 'userdb_fields', 'userdb', scope);
    case 'iterate_attrs':
      return attributes(value, 'userdb_ldap_iterate_fields', 'userdb', scope);
    default:
      return refuse(`take it out, or write it in 2.4's words: harden-mail does not know ${key} here`);
  }
}

/** `uid=user, =home=/srv/%{ldap:uid}, quota=quota_rule=*:bytes=%$` → a block with one line for each field. */
function attributes(value: string, list: string, type: string, scope: Scope): Outcome {
  const lines: string[] = [];
  for (const word of value.split(',').map((one) => one.trim())) {
    if (word === '') continue;
    const [, attribute = word, field = attribute, template] = /^([^=]*)=([^=]*)(?:=(.*))?$/.exec(word) ?? [];
    if (!/^[\w-]*$/.test(attribute)) return refuse(`write ${word} in 2.4's words: harden-mail does not know it`);
    const text = template === undefined ? `%{ldap:${attribute}}` : template.replaceAll('%$', `%{ldap:${attribute}}`);
    if (/^(userdb_)?(mail|quota_rule)$/.test(field) && /^%\{ldap:[^}]*\}$/.test(text)) {
      return refuse(`let another field than ${field} hold it: 2.4 has settings for its parts only`);
    }
    const pairs = convertField(field, text, type, scope);
    if (!Array.isArray(pairs)) return pairs;
    lines.push(...pairs.map(([name, then]) => set(name, then)));
  }
  return { lines: nested(list, lines) };
}
