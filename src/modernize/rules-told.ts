import { DEPRECATION, NOTES, type PostfixRule } from './rule.ts';

const DEBIAN_NEWS = 'Debian NEWS of postfix';

/** Types of tables, defaults, services and package scripts. */
export const TOLD_RULES: readonly PostfixRule[] = [
  {
    what: 'disable_dns_lookups',
    kind: 'parameter',
    since: '3.9',
    state: 'deprecated',
    instead: '`smtp_dns_support_level = disabled`, for lmtp `lmtp_dns_support_level = disabled`; nothing for `no`',
    step: { how: 'dns' },
    task: 'sasl',
    why: 'postconf warns that it will go. It counts only while the level is not set.',
    source: DEPRECATION,
  },
  ...['hash', 'btree'].map((what): PostfixRule => {
    const type = what === 'hash' ? 'cdb' : 'lmdb';
    return {
      what: `${what}:`,
      kind: 'table',
      since: '3.11',
      state: 'deprecated',
      instead: `\`${type}:\``,
      step: {
        how: 'tell',
        level: 'info',
        todo: `tables of type ${what} still work, and each program logs a warning; when nothing else writes the table: ${what}: → ${type}:, then \`postmap ${type}:FILE\``,
      },
      task: 'sasl',
      why: `Debian leaves Berkeley DB: the defaults are cdb and lmdb. Other programs (mailman, panels) may run postmap on ${what}: tables, so the type is not changed for them.`,
      source: `${DEBIAN_NEWS}, 3.11.0-3; Postfix NON_BERKELEYDB_README`,
    };
  }),
  {
    what: 'mysql:',
    kind: 'table',
    since: '3.9',
    state: 'changed',
    instead: '`charset = latin1` in the table’s file, for a database in latin1',
    step: { how: 'tell', level: 'info', todo: 'it speaks utf8mb4 from now on: for a database in latin1, write charset = latin1 into the table’s file' }, // oxfmt-ignore
    task: 'sasl',
    why: 'The client of MySQL speaks utf8mb4 by default.',
    source: `${NOTES('3.9')}, 20230419`,
  },
  {
    what: 'pgsql:',
    kind: 'table',
    since: '3.8',
    state: 'changed',
    instead: '`encoding = LATIN1` in the table’s file, for what it was before',
    step: { how: 'tell', level: 'info', todo: 'it speaks UTF8 from now on: for what it was before, write encoding = LATIN1 into the table’s file' }, // oxfmt-ignore
    task: 'sasl',
    why: 'The client of PostgreSQL speaks UTF8 by default, LATIN1 before.',
    source: `${NOTES('3.8')}, 20220509`,
  },
  {
    what: 'pcre:',
    kind: 'table',
    since: '3.7',
    state: 'changed',
    instead: 'patterns without the flag `X`',
    step: { how: 'tell', level: 'info', todo: 'pcre2 reads the patterns from now on: the flag X is gone; `postmap -q KEY pcre:FILE` shows what it says' }, // oxfmt-ignore
    task: 'sasl',
    why: 'Debian builds it with pcre2.',
    source: `${NOTES('3.7')}, 20211127`,
  },
  {
    what: 'nis:',
    kind: 'table',
    since: '3.11',
    state: 'changed',
    instead: '',
    step: { how: 'tell', level: 'info', todo: 'NIS is no longer a part of the default of alias_maps; the line here still works' }, // oxfmt-ignore
    task: 'sasl',
    why: 'Packages no longer add nis:mail.aliases to alias_maps of a new host. The type is still there.',
    source: 'Debian, postfix.postinst of 3.11; postconf -m',
  },
  {
    what: 'milter_default_action',
    kind: 'default',
    onlyWith: 'smtpd_milters',
    since: '3.11',
    state: 'changed',
    instead: '`milter_default_action = tempfail` for what it was before',
    step: { how: 'tell', level: 'info', todo: 'without an answer of the filter the session ends with 421 (shutdown) instead of 451 for each message (tempfail)' }, // oxfmt-ignore
    task: 'sasl',
    why: 'shutdown also ends the session, so that the client connects to a filter that works again.',
    source: `${NOTES('3.11')}, 20251208`,
  },
  {
    what: 'multi_instance_directories',
    kind: 'parameter',
    since: '3.9.1',
    state: 'changed',
    instead: 'a systemd unit for each instance',
    step: { how: 'tell', level: 'warning', todo: 'systemd starts only the main instance from Debian 13 on: `systemctl enable --now postfix@NAME` for each other (README.Debian, "Multiple Postfix instances under systemd")' }, // oxfmt-ignore
    task: 'sasl',
    why: 'postfix@-.service became postfix.service; other instances are not started by themselves.',
    source: `${DEBIAN_NEWS}, 3.9.1-7`,
  },
  ...(
    [
      ['smtpd_forbid_unauth_pipelining', 'no → yes: a client that does not wait for answers is cut off', '20230603'],
      ['smtpd_forbid_bare_newline', 'no → normalize: a message ends only at CR LF . CR LF', '20240118'],
    ] as const
  ).map(([what, changes, note]): PostfixRule => ({
    what,
    kind: 'default',
    since: '3.9',
    state: 'changed',
    instead: '',
    step: { how: 'keep' },
    task: 'sasl',
    why: `The default changes: ${changes}. It is stricter and stays so.`,
    source: `${NOTES('3.9')}, ${note}`,
  })),
  {
    what: 'compatibility_level',
    kind: 'default',
    since: '3.6',
    state: 'changed',
    instead: '',
    step: { how: 'keep' },
    task: 'sasl',
    why: 'An upgrade keeps the level, and with it the earlier defaults: below 3.6 fingerprints are md5 and smtpd_recipient_restrictions come before smtpd_relay_restrictions; below 3.11 smtp_tls_security_level is empty where it is not set (the recipe sets it). apply never raises the level.',
    source: 'Postfix COMPATIBILITY_README',
  },
  {
    what: 'the column chroot of master.cf',
    kind: 'service',
    since: '3.11',
    state: 'changed',
    instead: '',
    step: { how: 'keep' },
    task: 'sasl',
    why: 'Debian’s sample runs no program in a chroot from 3.11 on. An entry keeps its column in an upgrade; a new entry takes over the column of its neighbour on 25.',
    source: 'Debian, master.cf.dist of 3.10 and 3.11',
  },
  {
    what: 'entries that package scripts add to master.cf',
    kind: 'service',
    since: '3.5',
    state: 'changed',
    instead: '',
    step: { how: 'keep' },
    task: 'sasl',
    why: 'Up to Debian 12 the scripts add a missing flush, proxymap, trace, verify, tlsmgr, anvil, scache, discard, retry or relay. From Debian 13 on they add none. Commented samples (maildrop, uucp, mailman, …) of 13 do not touch a host’s own entries.',
    source: 'Debian, postfix.postinst of 3.7 and 3.10',
  },
  {
    what: 'settings that package scripts write into main.cf',
    kind: 'service',
    since: '3.9',
    state: 'changed',
    instead: '',
    step: { how: 'keep' },
    task: 'sasl',
    why: 'The upgrade to Debian 13 writes cyrus_sasl_config_path where it is not set, and comments html_directory = no and readme_directory = no; the one to 3.11 comments meta_directory.',
    source: 'Debian, postfix.postinst of 3.10 and 3.11',
  },
];
