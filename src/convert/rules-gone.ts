/** Settings of 2.3 that nothing of 2.4 reads. */
import type { Rule } from './conversion.ts';

const REMOVED = 'Dovecot documentation, "Upgrading from 2.3 to 2.4", removed settings';

/** Nothing is lost with it. */
const lost = (old: string, why: string): Rule => {
  return { place: 'global', old, now: '', by: () => ({ drop: true }), why, source: REMOVED };
};

/** Nothing is lost as long as it says nothing. */
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

const DIRECTOR = 'Directors are gone from Dovecot; without `director_servers` it has no effect.';
const OLD_STATS = 'The old statistics plugin is gone; nothing but itself read it.';
const REPLICATOR = 'The replicator is gone; without the replication plugin it has no effect.';

export const gone: readonly Rule[] = [
  lost('auth_stats', 'The old statistics are gone; nothing but themselves read it.'),
  lost('config_cache_size', 'The configuration is kept in memory in another way.'),
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
  unused('dict_db_config', 'move this dictionary to another driver: Berkeley DB is gone', 'Berkeley DB is gone.'),
  unused(
    'login_access_sockets',
    'check access in another way (Lua): TCP wrappers are gone',
    'Dovecot 2.4 asks no socket before a login.',
  ),
  unused('imap_id_log', 'take it out, and log the event `imap_id_received` instead', 'An event takes its place.'),
  unused('doveadm_http_rawlog_dir', 'set `http_server_rawlog_dir` within `doveadm_server { }`', 'Part of a block.'),
  unused('stats_http_rawlog_dir', 'set `http_server_rawlog_dir` within `stats_server { }`', 'Part of a block.'),
  unused('master_user_separator', 'set `auth_master_user_separator` instead', 'Nothing of 2.4 reads it.'),
];
