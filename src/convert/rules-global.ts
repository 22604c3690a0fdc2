import { nested, type Rule } from './conversion.ts';
import { convertLocation } from './mail-location.ts';
import { convertVariables } from './variables.ts';
import { not, unlimited } from './values.ts';

const SOURCE = 'Dovecot documentation, "Upgrading from 2.3 to 2.4", converted settings';
const REMOVED = 'Dovecot documentation, "Upgrading from 2.3 to 2.4", removed settings';

const renamed = (old: string, now: string): Rule => {
  return { place: 'global', old, now, why: 'A new name.', source: SOURCE };
};

/** Nothing is lost with it. */
const gone = (old: string, why: string): Rule => {
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

const LIST = 'A list that is read member by member: with a `=` it would lose what other files put into it.';

/** `x = $x a b` → a block that adds to the list; without the reference to itself it stays as it is. */
const list = (name: string, rename: Readonly<Record<string, string>> = {}, has?: ReadonlySet<string>): Rule => {
  return {
    place: 'global',
    old: name,
    now: `${name} { … = yes }`,
    by: ({ value, line }) => {
      const words = value.split(/[\s,]+/).filter((word) => word !== '');
      const own = words.filter((word) => word !== `$${name}`);
      const now = own.map((word) => rename[word] ?? word).filter((word) => word !== '');
      const unknown = has && now.find((word) => !has.has(word));
      if (unknown) return { refuse: `take ${unknown} out: Debian's Dovecot 2.4 has no such plugin` };
      if (words.length > own.length && line.form === 'plain') {
        if (now.length === 0) return { drop: true };
        const lines = now.map((word) => `${word} = yes`);
        return { lines: nested(name, lines) };
      }
      return { lines: [`${name} = ${(now.join() === words.join() ? value : now.join(' ')).trim()}`.trim()] };
    },
    why: LIST,
    source: 'Dovecot documentation, "Settings syntax", boolean lists',
  };
};

/** Debian's Dovecot 2.4 and Pigeonhole have these. */
const HAS = new Set(
  (
    'acl apparmor charset_alias fts fts_flatcurve fts_solr imap_acl imap_filter_sieve imap_quota imap_sieve last_login ' +
    'lazy_expunge mail_compress mail_crypt mail_crypt_acl mail_log mail_lua notify notify_status pop3_migration ' +
    'push_notification push_notification_lua quota quota_clone sieve trash virtual welcome'
  ).split(' '),
);

/** Plugins that have another name, or became part of the core. */
const PLUGINS: Readonly<Record<string, string>> = { zlib: 'mail_compress', imap_zlib: '', old_stats: '', imap_old_stats: '', stats: '', imap_stats: '' }; // prettier-ignore

const DIRECTOR = 'Directors are gone from Dovecot; without `director_servers` it has no effect.';
const OLD_STATS = 'The old statistics plugin is gone; nothing but itself read it.';
const REPLICATOR = 'The replicator is gone; without the replication plugin it has no effect.';

export const global: readonly Rule[] = [
  {
    place: 'global',
    old: 'mail_location',
    now: 'mail_driver, mail_path, mail_inbox_path, mail_index_path, …',
    by: ({ value }) => convertLocation(value),
    why: 'Every part of a location is a setting of its own.',
    source: SOURCE,
  },
  {
    place: 'global',
    old: 'disable_plaintext_auth',
    now: 'auth_allow_cleartext',
    value: not,
    why: 'The same, asked the other way round.',
    source: SOURCE,
  },
  renamed('auth_default_realm', 'auth_default_domain'),
  renamed('default_idle_kill', 'default_idle_kill_interval'),
  renamed('mail_attachment_dir', 'mail_ext_attachment_path'),
  renamed('mail_attachment_hash', 'mail_ext_attachment_hash'),
  renamed('mail_attachment_min_size', 'mail_ext_attachment_min_size'),
  {
    place: 'global',
    old: 'mail_attachment_fs',
    now: 'mail_ext_attachment { fs … }',
    by: ({ value }) =>
      value === 'posix'
        ? { lines: nested('mail_ext_attachment', nested('fs posix', [])) }
        : {
            refuse:
              'set `fs` within `mail_ext_attachment { }`; attachments cannot be saved as single instances any more',
          },
    why: 'File systems are blocks.',
    source: SOURCE,
  },
  {
    place: 'global',
    old: 'mail_attribute_dict',
    now: 'mail_attribute { dict file { path } }',
    by: ({ value }) => {
      if (value === '') return { drop: true };
      const [, where] = /^file:(\S+)$/.exec(value) ?? [];
      const path = where === undefined ? where : convertVariables(where, 'mail_attribute_dict');
      if (typeof path !== 'string')
        return { refuse: 'write the dictionary as a block `mail_attribute { dict … { } }`' };
      return { lines: nested('mail_attribute', nested('dict file', [`path = ${path}`])) };
    },
    why: 'Dictionaries are blocks.',
    source: SOURCE,
  },
  {
    place: 'global',
    old: 'auth_worker_max_count',
    now: 'service auth-worker { process_limit }',
    by: ({ value }) => ({ lines: nested('service auth-worker', [`process_limit = ${value}`]) }),
    why: 'It is the limit of that service, like any other.',
    source: SOURCE,
  },
  {
    place: 'global',
    old: 'auth_policy_server_timeout_msecs',
    now: 'auth_policy { http_client_request_timeout }',
    by: ({ value }) => ({ lines: nested('auth_policy', [`http_client_request_timeout = ${value} ms`]) }),
    why: 'HTTP clients have settings in common.',
    source: SOURCE,
  },
  {
    place: 'global',
    old: 'imapc_ssl_verify',
    now: 'imapc { ssl_client_require_valid_cert }',
    by: ({ value }) => ({ lines: nested('imapc', [`ssl_client_require_valid_cert = ${value}`]) }),
    why: 'TLS clients have settings in common.',
    source: SOURCE,
  },
  {
    place: 'global',
    old: 'import_environment',
    now: 'import_environment { NAME = … }',
    by: ({ value }) => {
      const words = value.split(/\s+/).filter((word) => word !== '' && word !== '$import_environment');
      const lines = words.map((word) => {
        const [, name = word, text = `%{env:${word}}`] = /^([^=]*)=(.*)$/.exec(word) ?? [];
        return `${name} = ${text}`;
      });
      return lines.length === 0 ? { drop: true } : { lines: nested('import_environment', lines) };
    },
    why: 'A list of names with values.',
    source: 'Dovecot documentation, import_environment',
  },
  {
    place: 'global',
    old: 'imap_id_send',
    now: 'imap_id_send { NAME = … }',
    by: ({ value }) => {
      if (value === '' || value === 'name *') return { drop: true };
      const pairs = [...value.matchAll(/(\S+)\s+("[^"]*"|\S+)/g)].map(([, name = '', text = '']) => [name, text]);
      const lines = pairs.map(([name, text]) => `${name} = ${text === '*' ? `%{dovecot:${name}}` : text}`);
      return { lines: nested('imap_id_send', lines) };
    },
    why: 'A list of names with values; the name is sent by default.',
    source: 'Dovecot documentation, imap_id_send',
  },
  {
    place: 'global',
    old: 'auth_policy_request_attributes',
    now: 'auth_policy_request_attributes { NAME = … }',
    by: ({ value }) => {
      const pairs = [...value.matchAll(/([^\s=]+)=(\S*)/g)];
      const lines: string[] = [];
      for (const [, name = '', text = ''] of pairs) {
        const converted = convertVariables(text, 'auth_policy_request_attributes');
        if (typeof converted !== 'string') return converted;
        lines.push(`${name} = ${converted}`);
      }
      return { lines: nested('auth_policy_request_attributes', lines) };
    },
    why: 'A list of names with values.',
    source: 'Dovecot documentation, auth_policy_request_attributes',
  },
  list('mail_plugins', PLUGINS, HAS),
  list('protocols'),
  ...['imapc_max_line_length', 'lmtp_user_concurrency_limit'].map((name): Rule => {
    return { ...renamed(name, name), value: unlimited, why: '0 was no limit, and is refused now.' };
  }),
  ...['last_valid_uid', 'last_valid_gid', 'mail_sort_max_read_count', 'mail_vsize_bg_after_count'].map((name): Rule => {
    return {
      place: 'global',
      old: name,
      now: name,
      by: ({ value }) => (value === '0' ? { drop: true } : { lines: [`${name} = ${value}`] }),
      why: '0 was no limit, which is the default; 2.4.5 refuses it.',
      source: `Dovecot documentation, ${name}`,
    };
  }),
  gone('auth_stats', 'The old statistics are gone; nothing but themselves read it.'),
  gone('config_cache_size', 'The configuration is kept in memory in another way.'),
  gone('director_max_parallel_kicks', DIRECTOR),
  gone('director_max_parallel_moves', DIRECTOR),
  gone('director_output_buffer_size', DIRECTOR),
  gone('director_ping_idle_timeout', DIRECTOR),
  gone('director_ping_max_timeout', DIRECTOR),
  gone('director_user_expire', DIRECTOR),
  gone('director_user_kick_delay', DIRECTOR),
  gone('director_username_hash', DIRECTOR),
  gone('director_flush_socket', DIRECTOR),
  gone('director_consistent_hashing', DIRECTOR),
  gone('director_doveadm_port', DIRECTOR),
  unused('director_servers', 'set up a proxy instead: Dovecot 2.4 has no directors', DIRECTOR),
  unused('director_mail_servers', 'set up a proxy instead: Dovecot 2.4 has no directors', DIRECTOR),
  gone('old_stats_carbon_interval', OLD_STATS),
  gone('old_stats_carbon_name', OLD_STATS),
  gone('old_stats_carbon_server', OLD_STATS),
  gone('old_stats_command_min_time', OLD_STATS),
  gone('old_stats_domain_min_time', OLD_STATS),
  gone('old_stats_ip_min_time', OLD_STATS),
  gone('old_stats_memory_limit', OLD_STATS),
  gone('old_stats_session_min_time', OLD_STATS),
  gone('old_stats_user_min_time', OLD_STATS),
  gone('replication_dsync_parameters', REPLICATOR),
  gone('replication_full_sync_interval', REPLICATOR),
  gone('replication_max_conns', REPLICATOR),
  gone('replicator_host', REPLICATOR),
  gone('replicator_port', REPLICATOR),
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
