import { nested, refuse, set, type Converted, type OldSetting, type Rule, type Scope } from './conversion.ts';
import { convertLocation, withLayout, withoutInherited, withoutPackaged } from './mail-location.ts';
import { checksTokens, isToken } from './oauth2.ts';
import { convertVariables } from './variables.ts';
import { not, unlimited, yes } from './old-values.ts';

const SOURCE = 'Dovecot documentation, "Upgrading from 2.3 to 2.4", converted settings';

const renamed = (old: string, now: string): Rule => {
  return { place: 'global', old, now, why: 'Renamed.', source: SOURCE };
};

/** 2.3's default for attachments: identical ones share their space. */
const SINGLE_INSTANCES = 'sis posix';

/** `sis posix` → a block for each file system, the outer one first. */
const attachmentsIn = (systems: string): string[] =>
  nested('mail_ext_attachment', systems.split(' ').flatMap((name) => nested(`fs ${name}`, []))); // oxfmt-ignore

/**
 * `mail_location`, at the top or in a block for some connections. Deliveries first put the mail into a storage of their own, whose format a setting in
 * `protocol lmtp` or `protocol lda` would replace: there the location belongs into the namespaces.
 */
function location({ value, block }: OldSetting, { global, blocks, nameOf }: Scope): Converted {
  const outcome = convertLocation(value);
  if (block.type === '') return withoutPackaged(outcome, global);
  const own = withLayout(withoutInherited(outcome, global('mail_location')));
  if (!('lines' in own) || block.type !== 'protocol' || !/^(lmtp|lda)$/.test(block.name ?? '')) return own;
  const namespaces = blocks('namespace').filter((one) => !one.settings.some(({ line }) => line.key === 'location'));
  if (namespaces.length === 0)
    return refuse('add `namespace inbox { inbox = yes }`, so that the location of deliveries can go into its block');
  const names = [...new Set(namespaces.map(nameOf))];
  return { lines: names.flatMap((name) => nested(`namespace ${name}`, own.lines)) };
}

/** Features of imapc that are off in 2.3 unless they are named, and 2.4's names for their absence. */
const IMAPC: readonly (readonly [old: string, off: string])[] = [
  ['rfc822.size', 'no-fetch-size'],
  ['fetch-headers', 'no-fetch-headers'],
  ['fetch-bodystructure', 'no-fetch-bodystructure'],
  ['search', 'no-search'],
  ['modseq', 'no-modseq'],
  ['delay-login', 'no-delay-login'],
  ['acl', 'no-acl'],
];

function imapcFeatures({ value }: OldSetting): Converted {
  const words = value.split(/\s+/).filter((word) => word !== '');
  const kept = words.filter((word) => !IMAPC.some(([old]) => old === word));
  const off = IMAPC.flatMap(([old, name]) => (words.includes(old) ? [] : [name]));
  return { lines: [`imapc_features = ${[...kept, ...off].join(' ')}`.trimEnd()] };
}

/** Dovecot's auth process does not start where it is to offer a mechanism that it does not have: then nobody can log in. */
function mechanisms({ value }: OldSetting, scope: Scope): Converted {
  const { blocks, global } = scope;
  const words = value.toLowerCase().split(/\s+/);
  const gone = words.find((word) => /^(ntlm|otp|skey|rpa)$/.test(word));
  if (gone !== undefined && !(gone === 'ntlm' && yes(global('auth_use_winbind') ?? '')))
    return { refuse: `remove ${gone}: Dovecot 2.4 has no such mechanism, and does not start with it` };
  const token = words.find(isToken);
  if (token !== undefined && blocks('oauth2').length === 0 && !blocks('passdb').some((block) => checksTokens(block, scope)))
    return { refuse: `remove ${token}, or add \`oauth2 { }\`: Dovecot 2.4 does not start without the settings of a server that knows the tokens` }; // oxfmt-ignore
  return { lines: [`auth_mechanisms = ${value}`] };
}

/** `+XOWN XOTHER` adds to what the server announces, as members of the list do; `=` replaces all of it. */
function capability({ value }: OldSetting): Converted {
  if (!value.startsWith('+')) return { lines: [`imap_capability = ${value}`.trimEnd()] };
  const words = value
    .slice(1)
    .split(/\s+/)
    .filter((word) => word !== '');
  return { lines: nested('imap_capability', words.map((word) => `${/[=\s]/.test(word) ? `"${word}"` : word} = yes`)) }; // oxfmt-ignore
}

export const global: readonly Rule[] = [
  {
    place: 'global',
    old: 'imap_capability',
    now: 'imap_capability { NAME = yes }',
    by: capability,
    why: 'Members of the list are added to what the server announces; `=` replaces all of it.',
    source: 'seen with Dovecot 2.4.1 and 2.4.5',
  },
  {
    place: 'global',
    old: 'auth_mechanisms',
    now: 'auth_mechanisms',
    by: mechanisms,
    why: '`ntlm` (without winbind), `otp`, `skey` and `rpa` are removed; 2.4 does not start with them.',
    source: 'seen with Dovecot 2.4.1 and 2.4.5',
  },
  {
    place: 'global',
    old: 'imapc_features',
    now: 'imapc_features',
    by: imapcFeatures,
    why: 'These features are the default now, so `no-…` stands for each one that the list lacks.',
    source: 'Dovecot documentation, imapc_features',
  },
  {
    place: 'global',
    old: 'mail_location',
    now: 'mail_driver, mail_path, mail_inbox_path, mail_index_path, …',
    by: location,
    why: 'Each part of a location is a separate setting; a block resets the parts that only the top sets, and so does a location beside files of packages for 2.4.',
    source: SOURCE,
  },
  {
    place: 'global',
    old: 'disable_plaintext_auth',
    now: 'auth_allow_cleartext',
    by: ({ value, block }, { global }) => {
      const own = block.settings.findLast(({ line }) => line.key === 'ssl')?.line.value;
      const isDead = !yes(value) && (own ?? global('ssl')) === 'required';
      return isDead ? { drop: true } : { lines: [`auth_allow_cleartext = ${not(value)}`] };
    },
    why: 'The same setting with its value inverted. Beside `ssl = required`, `no` had no effect, and 2.4 ends such logins: there it becomes a comment. In a block for some connections apply writes `ssl = yes` beside it, so that they still log in.',
    source: SOURCE,
  },
  renamed('auth_default_realm', 'auth_default_domain'),
  renamed('default_idle_kill', 'default_idle_kill_interval'),
  {
    place: 'global',
    old: 'mail_attachment_dir',
    now: 'mail_ext_attachment_path; mail_ext_attachment { fs … }',
    by: ({ value, line }, { global }) => {
      if (value === '') return { drop: true };
      const path = convertVariables(value, 'mail_attachment_dir');
      if (typeof path !== 'string') return path;
      const own = global('mail_attachment_fs') === null ? attachmentsIn(SINGLE_INSTANCES) : [];
      return { lines: [set('mail_ext_attachment_path', path, line.form === 'quoted'), ...own] };
    },
    why: "Renamed; 2.3's default for mail_attachment_fs, `sis posix`, is written out, because 2.4 has none.",
    source: SOURCE,
  },
  renamed('mail_attachment_hash', 'mail_ext_attachment_hash'),
  renamed('mail_attachment_min_size', 'mail_ext_attachment_min_size'),
  {
    place: 'global',
    old: 'mail_attachment_fs',
    now: 'mail_ext_attachment { fs … }',
    by: ({ value }) =>
      value === 'posix' || value === SINGLE_INSTANCES
        ? { lines: attachmentsIn(value) }
        : { refuse: `set fs within mail_ext_attachment { }: harden-mail cannot convert the file system ${value}` },
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
        return { refuse: 'rewrite the dictionary as a block `mail_attribute { dict … { } }`' };
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
    why: 'It is the process limit of that service.',
    source: SOURCE,
  },
  {
    place: 'global',
    old: 'auth_policy_server_timeout_msecs',
    now: 'auth_policy { http_client_request_timeout }',
    by: ({ value }) => ({ lines: nested('auth_policy', [`http_client_request_timeout = ${value} ms`]) }),
    why: 'HTTP clients share their settings.',
    source: SOURCE,
  },
  {
    place: 'global',
    old: 'imapc_ssl_verify',
    now: 'imapc { ssl_client_require_valid_cert }',
    by: ({ value }) => ({ lines: nested('imapc', [`ssl_client_require_valid_cert = ${value}`]) }),
    why: 'TLS clients share their settings.',
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
  ...['imapc_max_line_length', 'lmtp_user_concurrency_limit', 'submission_max_mail_size'].map((name): Rule => {
    return { ...renamed(name, name), value: unlimited, why: '0 meant no limit; 2.4 refuses it.' };
  }),
  ...[
    'last_valid_uid',
    'last_valid_gid',
    'mail_sort_max_read_count',
    'mail_vsize_bg_after_count',
    'submission_max_recipients',
  ].map((name): Rule => {
    return {
      place: 'global',
      old: name,
      now: name,
      by: ({ value }) => (value === '0' ? { drop: true } : { lines: [`${name} = ${value}`] }),
      why: '0 meant no limit, which is the default; 2.4.5 refuses 0.',
      source: `Dovecot documentation, ${name}`,
    };
  }),
];
