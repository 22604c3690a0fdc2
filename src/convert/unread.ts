/**
 * Settings in `plugin { }` that nothing reads: 2.3 takes every name there, also one with a mistake, or of a plugin that is not loaded. Such a
 * setting has no effect, so it becomes a comment where it cannot be converted.
 */
import type { Scope } from './conversion.ts';

/** By the beginnings of names: the plugins that read them. */
const READERS: readonly (readonly [names: RegExp, plugins: string])[] = [
  [/^acl(_|$)|^master_user$/, 'acl'],
  [/^antispam_/, 'antispam'],
  [/^apparmor_/, 'apparmor'],
  [/^auto(create|subscribe)\d*$/, 'autocreate'],
  [/^charset_/, 'charset_alias'],
  [/^expire/, 'expire'],
  [/^fts/, 'fts'],
  [/^last_login_/, 'last_login'],
  [/^lazy_expunge/, 'lazy_expunge'],
  [/^listescape_/, 'listescape'],
  [/^mail_crypt_/, 'mail_crypt mail_crypt_acl'],
  [/^mail_log_/, 'mail_log'],
  [/^mail_lua_/, 'mail_lua'],
  [/^(mail_replica|replication_)/, 'replication'],
  [/^mailbox_alias_/, 'mailbox_alias'],
  [/^notify_status_/, 'notify_status'],
  [/^pop3_migration_/, 'pop3_migration'],
  [/^push_notification_/, 'push_notification push_notification_lua'],
  [/^quota/, 'quota quota_clone'],
  [/^snarf/, 'snarf'],
  [/^trash$/, 'trash'],
  [/^virtual_/, 'virtual'],
  [/^welcome_/, 'welcome'],
  [/^zlib_/, 'zlib imap_zlib'],
];

/** ManageSieve and the tools for Sieve read these whatever plugins are loaded. */
const ALWAYS = /^(sieve|imapsieve|managesieve|recipient_delimiter)/;

const NO_PLUGIN = 'No plugin of Dovecot 2.3 has this setting.';

/** Why a setting has no effect that would have one outside of `plugin { }`, as `auth_socket_path`; null if it is a plugin's. */
export const outOfPlace = (key: string): string | null =>
  ALWAYS.test(key) || READERS.some(([names]) => names.test(key)) ? null : NO_PLUGIN;

/** Why nothing reads this setting; null if something may. */
export function unread(key: string, { loaded, plugin }: Scope): string | null {
  if (ALWAYS.test(key)) return null;
  if (key === 'master_user' && plugin('acl_user') !== null) return 'acl_user takes its place.';
  const [, plugins] = READERS.find(([names]) => names.test(key)) ?? [];
  if (plugins === undefined) return NO_PLUGIN;
  const names = plugins.split(' ');
  return loaded(names) ? null : `The plugin ${names[0]}, which reads it, is not loaded.`;
}
