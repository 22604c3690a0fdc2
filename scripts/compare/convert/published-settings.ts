/** Single settings by Dovecot's published rules. */

import { LONG, REMOVED, RENAMED, SHORT } from './published-names.ts';

export const variables = (value: string): string =>
  value
    .replace(/%(L?)([a-z])/g, (all, lower: string, letter: string) => {
      const name = SHORT[letter];
      return name === undefined ? all : `%{${name}${lower === '' ? '' : ' | lower'}}`;
    })
    .replace(/%\{(\w+)\}/g, (all, name: string) => (LONG[name] === undefined ? all : `%{${LONG[name]}}`))
    .replaceAll('%%', '%');

const strip = (value: string): string => value.replace(/^<\s*/, '');

/** `driver:path:KEY=value`, split as the table says. */
function mailLocation(value: string): string[] {
  const [driver = '', path = '', ...rest] = value.split(':');
  const parts = rest.flatMap((part) => {
    const [key = '', to = ''] = part.split('=');
    const name = {
      INBOX: 'mail_inbox_path',
      INDEX: 'mail_index_path',
      CONTROL: 'mail_control_path',
      ALT: 'mail_alt_path',
    }[key];
    if (key === 'LAYOUT') return [`mailbox_list_layout = ${to}`];
    return name === undefined ? [`# ${part}`] : [`${name} = ${variables(to)}`];
  });
  return value === '' ? [] : [`mail_driver = ${driver}`, `mail_path = ${variables(path)}`, ...parts];
}

const list = (name: string, words: string): string[] => [
  `${name} {`,
  ...words
    .replaceAll('"', '')
    .split(' ')
    .filter((word) => word !== '' && !word.startsWith('$'))
    .map((word) => `  ${word} = yes`),
  '}',
];

/** One setting outside of `plugin`. */
export function setting(key: string, value: string): string[] {
  if (REMOVED.has(key)) return [];
  if (key === 'mail_location' || key === 'location') return mailLocation(value);
  if (key === 'disable_plaintext_auth') return [`auth_allow_cleartext = ${value === 'no' ? 'yes' : 'no'}`];
  if (key === 'mail_plugins' || key === 'protocols') return list(key, value);
  if (key === 'verbose_ssl') return value === 'yes' ? ['log_debug = category=ssl'] : [];
  if (key === 'auth_debug') return value === 'yes' ? ['log_debug = category=auth'] : [];
  if (key === 'ssl_ca') return [`ssl_server_ca_file = ${strip(value)}`];
  if (key === 'ssl_prefer_server_ciphers')
    return [`ssl_server_prefer_ciphers = ${value === 'yes' ? 'server' : 'client'}`];
  if (key === 'service_count' && value === '0') return ['restart_request_count = unlimited'];
  const name = RENAMED[key];
  return [`${name ?? key} = ${variables(name?.startsWith('ssl_') === true ? strip(value) : value)}`];
}

/** A setting of the `plugin` block, which is global in 2.4. */
export function plugin(key: string, value: string): string[] {
  if (key === 'quota') {
    const [driver = '', name = 'User quota'] = value.split(':');
    return [`quota "${name}" {`, `  driver = ${driver}`, '}'];
  }
  const limit = /^\*:storage=(\S+)$/.exec(value);
  if (key === 'quota_rule' && limit) return [`quota_storage_size = ${limit[1]}`];
  if (key === 'sieve') {
    const [, path = '', active] = /^(?:file:)?([^;]*)(?:;active=(.*))?$/.exec(value) ?? [];
    const lines = [
      `  path = ${variables(path)}`,
      ...(active === undefined ? [] : [`  active_path = ${variables(active)}`]),
    ];
    return ['sieve_script personal {', ...lines, '}'];
  }
  if (key === 'sieve_dir') return ['sieve_script personal {', `  path = ${variables(value)}`, '}'];
  const global = /^sieve_(before|after|default)\d*$/.exec(key);
  if (global) return [`sieve_script ${key} {`, `  type = ${global[1]}`, `  path = ${variables(value)}`, '}'];
  if (key === 'sieve_plugins' || key === 'sieve_extensions' || key === 'sieve_global_extensions') {
    return list(key, value.replaceAll('+', ''));
  }
  return setting(key, value);
}
