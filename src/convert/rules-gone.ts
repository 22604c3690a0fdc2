/** Settings of 2.3 that 2.4 does not read. */
import { refuse, type Converted, type OldSetting, type Rule, type Scope } from './conversion.ts';

const REMOVED = 'Dovecot documentation, "Upgrading from 2.3 to 2.4", removed settings';

/** Always safe to remove. */
const lost = (old: string, why: string): Rule => {
  return { place: 'global', old, now: '', by: () => ({ drop: true }), why, source: REMOVED };
};

/** Safe to remove if it is off; otherwise the admin must act. */
const unused = (old: string, todo: string, why: string, off = /^(|0|no)$/): Rule => {
  return {
    place: 'global',
    old,
    now: '',
    by: ({ value }) => (off.test(value) ? { drop: true } : { refuse: todo }),
    why,
    source: REMOVED,
  };
};

const DIRECTOR = 'Dovecot 2.4 has no directors; without `director_servers` the setting has no effect.';
const OLD_STATS = 'The old statistics plugin is removed; only the plugin read this setting.';
const REPLICATOR = 'The replicator is removed; without the replication plugin the setting has no effect.';

const ALIAS =
  'The plugin mailbox_alias is removed. Folders that have two names keep both; a folder that a client makes later has one.';

const OLD_TLS = '2.3 only warned of it: it has taken its parameters from ssl_dh since 2.3.';

/** Versions of TLS from the oldest on. SSLv2 and SSLv3 are gone. */
const VERSIONS = ['TLSv1', 'TLSv1.1', 'TLSv1.2', 'TLSv1.3'];

/** `!SSLv3 !TLSv1` or `TLSv1.2`: 2.3 warned, and took the lowest version as ssl_min_protocol. A stricter one in the files stays. */
function protocols({ value }: OldSetting, { global }: Scope): Converted {
  const words = value.split(/\s+/);
  const named = VERSIONS.filter((name) => words.includes(name));
  const lowest = (named.length > 0 ? named : VERSIONS.filter((name) => !words.includes(`!${name}`)))[0];
  if (lowest === undefined) return refuse('set ssl_min_protocol: this value forbids every version');
  const said = global('ssl_min_protocol');
  if (VERSIONS.indexOf(lowest) <= VERSIONS.indexOf(said ?? 'TLSv1.2')) return { drop: true };
  return said === null
    ? { lines: [`ssl_min_protocol = ${lowest}`] }
    : refuse(`set ssl_min_protocol = ${lowest} and remove this line`);
}

export const gone: readonly Rule[] = [
  ...['mailbox_alias_old', 'mailbox_alias_new'].map((old) => ({ ...lost(old, ALIAS), place: 'plugin' as const })),
  {
    place: 'global',
    old: 'ssl_protocols',
    now: 'ssl_min_protocol',
    by: protocols,
    why: 'One setting has the lowest version. It is written where it is stricter than what holds anyway.',
    source: REMOVED,
  },
  lost('ssl_dh_parameters_length', OLD_TLS),
  lost('ssl_parameters_regenerate', OLD_TLS),
  lost('mail_log_max_lines_per_sec', '2.3 only warned of it.'),
  lost('maildir_copy_preserve_filename', '2.3 only warned of it.'),
  lost('login_dir', '2.3 only warned of it.'),
  lost('auth_stats', 'The old statistics are removed; nothing else read this setting.'),
  lost('config_cache_size', 'Dovecot 2.4 keeps its configuration in memory in another way.'),
  lost('director_max_parallel_kicks', DIRECTOR),
  lost('director_max_parallel_moves', DIRECTOR),
  lost('director_output_buffer_size', DIRECTOR),
  lost('director_ping_idle_timeout', DIRECTOR),
  lost('director_ping_max_timeout', DIRECTOR),
  lost('director_user_expire', DIRECTOR),
  lost('director_user_kick_delay', DIRECTOR),
  lost('director_username_hash', DIRECTOR),
  lost('director_flush_socket', DIRECTOR),
  lost('director_consistent_hashing', DIRECTOR),
  lost('director_doveadm_port', DIRECTOR),
  unused('director_servers', 'set up a proxy instead: Dovecot 2.4 has no directors', DIRECTOR),
  unused('director_mail_servers', 'set up a proxy instead: Dovecot 2.4 has no directors', DIRECTOR),
  lost('old_stats_carbon_interval', OLD_STATS),
  lost('old_stats_carbon_name', OLD_STATS),
  lost('old_stats_carbon_server', OLD_STATS),
  lost('old_stats_command_min_time', OLD_STATS),
  lost('old_stats_domain_min_time', OLD_STATS),
  lost('old_stats_ip_min_time', OLD_STATS),
  lost('old_stats_memory_limit', OLD_STATS),
  lost('old_stats_session_min_time', OLD_STATS),
  lost('old_stats_user_min_time', OLD_STATS),
  lost('replication_dsync_parameters', REPLICATOR),
  lost('replication_full_sync_interval', REPLICATOR),
  lost('replication_max_conns', REPLICATOR),
  lost('replicator_host', REPLICATOR),
  lost('replicator_port', REPLICATOR),
  unused(
    'dict_db_config',
    'move this dictionary to another driver: 2.4 does not support Berkeley DB',
    '2.4 does not support Berkeley DB.',
  ),
  unused(
    'login_access_sockets',
    'check access in another way (Lua): 2.4 has no TCP wrappers',
    'Dovecot 2.4 queries no socket before a login.',
  ),
  unused('imap_id_log', 'remove it, and log the event `imap_id_received` instead', 'An event replaces it.'),
  unused(
    'doveadm_http_rawlog_dir',
    'set `http_server_rawlog_dir` within `doveadm_server { }`',
    'It belongs in a block.',
  ),
  unused('stats_http_rawlog_dir', 'set `http_server_rawlog_dir` within `stats_server { }`', 'It belongs in a block.'),
  unused('master_user_separator', 'set `auth_master_user_separator` instead', 'Renamed.'),
];
