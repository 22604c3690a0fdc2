import { nested, refuse, set, type OldSetting, type Converted, type Rule, type Scope } from './conversion.ts';
import { own } from './blocks.ts';
import { dictionary } from './dictionary.ts';
import { inMailbox, inMailboxes } from './mailboxes.ts';
import { lines, renamed, rule } from './plugin-rule.ts';
import { convertVariables } from './variables.ts';
import { path } from './old-values.ts';

function acl({ value }: OldSetting, scope: Scope): Converted {
  const [driver = '', ...options] = value.split(':');
  const found = [`acl_driver = ${driver}`];
  for (const option of options) {
    const seconds = /^cache_secs=(\d+)$/.exec(option)?.[1];
    if (seconds !== undefined) found.push(`acl_cache_ttl = ${seconds} secs`);
    else {
      const rights = globalAcls(option, scope);
      if (!('lines' in rights)) return rights;
      found.push(...rights.lines);
    }
  }
  return { lines: found };
}

/** The lines of a file of global access lists: `Public/* user=ben lrs`; a name in quotes may have spaces. */
function globalAcls(file: string, scope: Scope): Converted {
  const bytes = scope.files[file];
  if (bytes === undefined)
    return refuse(
      'rewrite the global ACLs as `mailbox NAME { acl WHO { rights } }`: 2.4 does not read them from files',
    );
  const found: string[] = [];
  for (const line of bytes
    .split('\n')
    .map((one) => one.trim())
    .filter((one) => one !== '' && !one.startsWith('#'))) {
    const [, quotedName, plainName = quotedName, who = '', rights] =
      /^(?:"([^"]*)"|(\S+))\s+((?:owner|anyone|authenticated)|(?:user|group|group-override)=\S+)\s+([a-z]+)$/.exec(
        line,
      ) ?? [];
    if (plainName === undefined || rights === undefined)
      return refuse(`rewrite the line ${line} of ${file} as \`acl WHO { rights }\` in a block of the mailbox`);
    const outcome = inMailboxes(plainName, nested(`acl ${who}`, [`rights = ${rights}`]), scope);
    if (!('lines' in outcome)) return outcome;
    found.push(...outcome.lines);
  }
  return { lines: found };
}

/** The compression level. Its name contains the method. */
function level({ value }: OldSetting, { plugin }: Scope): Converted {
  const method = plugin('zlib_save') ?? '';
  const name = { gz: 'gz_level', bz2: 'bz2_block_size_100k', deflate: 'deflate_level', zstd: 'zstd_level' }[method];
  return name === undefined ? { drop: true } : lines(`compress_${name} = ${value}`);
}

/** Converts the plugin's file, which has a number and a mailbox in each line. */
function trash({ value }: OldSetting, scope: Scope): Converted {
  const bytes = scope.files[value];
  if (bytes === undefined) return refuse(`create ${value}, or remove this line`);
  const found: string[] = [];
  for (const line of bytes.split('\n').filter((one) => /^\s*\d/.test(one))) {
    const [, priority = '', mailbox = ''] = /^\s*(\d+)\s+(.*?)\s*$/.exec(line) ?? [];
    const outcome = inMailbox(mailbox, [`trash_priority = ${priority}`], scope);
    if (!('lines' in outcome)) return outcome;
    found.push(...outcome.lines);
  }
  return { lines: found };
}

function welcome({ value, key }: OldSetting): Converted {
  const [, command = '', args = ''] = /^(\S+)\s*(.*)$/.exec(value) ?? [];
  const converted = convertVariables(args, key);
  if (typeof converted !== 'string') return converted;
  const inner = nested(`execute ${command}`, converted === '' ? [] : [`args = ${converted}`]);
  return { lines: nested('welcome', inner) };
}

/** `ox:url=http://…:cache_lifetime=60` → a block for each driver. */
function pushDriver({ key, value }: OldSetting): Converted {
  const [, driver = value, rest = ''] = /^([a-z0-9_]+):?(.*)$/.exec(value) ?? [];
  const number = /\d+$/.exec(key)?.[0] ?? '';
  const found = [`driver = ${driver}`];
  // A `:` within a value, as in a URL, is not followed by a name and a `=`.
  for (const word of rest.split(/:(?=[a-z_]+(?:=|:|$))/).filter((one) => one !== '')) {
    const [, name = word, text = ''] = /^([^=]*)=?(.*)$/.exec(word) ?? [];
    const now = PUSH[driver]?.[name];
    if (now === undefined) return refuse(`rewrite ${word} in 2.4 syntax: harden-mail cannot convert it`);
    found.push(set(now, name === 'user_from_metadata' ? 'yes' : name === 'cache_lifetime' ? `${text} secs` : text));
  }
  return { lines: nested(`push_notification ${driver}${number}`, found) };
}

const PUSH: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  ox: {
    url: 'ox_url',
    user_from_metadata: 'ox_user_from_metadata',
    cache_lifetime: 'ox_cache_ttl',
    timeout_msecs: 'http_client_request_timeout',
  },
  lua: { file: 'lua_file' },
};

const CRYPT = 'mail_crypt';

/** The second and later keys, with which old mail was encrypted, have a number. */
const keyName = (key: string): string => {
  const number = /key(\d+)/.exec(key)?.[1];
  return number === undefined ? 'main' : `key${number}`;
};

/** Drafts that are deleted stay out of the mailbox for expunged mails. */
const excluded = ({ value }: OldSetting, scope: Scope): Converted =>
  inMailbox(value, ['lazy_expunge_mailbox ='], scope);

/** The namespace with this prefix. */
function ignored({ value }: OldSetting, { blocks, nameOf }: Scope): Converted {
  const found = blocks('namespace').find((one) => (own(one, 'prefix') ?? '') === value);
  if (found === undefined) return refuse('set `acl_ignore = yes` in the blocks of these namespaces instead');
  return { lines: nested(`namespace ${nameOf(found)}`, ['acl_ignore = yes']) };
}

/** `shift_jis:cp932` → a list of names with values. */
const aliases = ({ value }: OldSetting): Converted => ({
  lines: nested('charset_aliases', value.split(/\s+/).filter((one) => one !== '').map((one) => one.replace(':', ' = '))), // oxfmt-ignore
});

const EXPIRE = 'The plugin is removed. It made `doveadm expunge` faster, which does the same without it.';

const dropped = (source: string, old: string, why: string): Rule => rule(source, old, '', () => ({ drop: true }), why);

export const plugin: readonly Rule[] = [
  rule('acl', 'acl', 'acl_driver, acl_cache_ttl; mailbox NAME { acl WHO { rights } }', acl, 'Each part is a separate setting; the lines of a file of global ACLs belong in the blocks of the mailboxes.'), // oxfmt-ignore
  rule(
    'acl',
    'acl_shared_dict',
    'acl_sharing_map { dict … }',
    dictionary('acl_sharing_map'),
    'Dictionaries are blocks.',
  ),
  rule(
    'acl',
    'acl_anyone',
    'imap_acl_allow_anyone',
    ({ value }) => lines(`imap_acl_allow_anyone = ${value === 'allow' ? 'yes' : 'no'}`),
    'The value is `yes` or `no`.',
  ),
  rule(
    'mail_compress',
    'zlib_save',
    'mail_compress_write_method',
    ({ value }) =>
      /^(xz|)$/.test(value)
        ? refuse('choose a method that 2.4 has: gz, bz2, deflate, lz4 or zstd')
        : lines(`mail_compress_write_method = ${value}`),
    'The plugin is named mail_compress.',
  ),
  rule('mail_compress', 'zlib_save_level', 'compress_gz_level, …', level, 'Each method has its own level.'),
  rule(
    'lazy_expunge',
    'lazy_expunge',
    'lazy_expunge_mailbox; lazy_expunge_only_last_instance',
    ({ value }, { plugin }) =>
      /[/. ]$/.test(value)
        ? refuse('name a mailbox instead of a namespace: 2.4 moves expunged mails into one mailbox only')
        : lines(
            set('lazy_expunge_mailbox', value),
            ...(plugin('lazy_expunge_only_last_instance') === null ? ['lazy_expunge_only_last_instance = no'] : []),
          ),
    "Renamed; the value is a mailbox. 2.3's default for lazy_expunge_only_last_instance is written out.",
  ),
  rule('lazy_expunge', 'lazy_expunge_exclude', 'mailbox NAME { lazy_expunge_mailbox = }', excluded, 'It belongs in the block of the mailbox.'), // oxfmt-ignore
  rule('acl', 'acl_ignore_namespace', 'namespace NAME { acl_ignore }', ignored, 'It belongs in the block of the namespace.'), // oxfmt-ignore
  rule('charset_alias', 'charset_aliases', 'charset_aliases { NAME = … }', aliases, 'A list of names with values.'),
  rule('push_notification', 'push_notification_driver', 'push_notification NAME { driver }', pushDriver, 'Each driver is a block.'), // oxfmt-ignore
  rule('last_login', 'last_login_dict', 'last_login { dict … }', dictionary('last_login'), 'Dictionaries are blocks.'),
  rule('notify_status', 'notify_status_dict', 'notify_status { dict … }', dictionary('notify_status'), 'Dictionaries are blocks.'), // oxfmt-ignore
  rule(
    'quota_clone',
    'quota_clone_dict',
    'quota_clone { dict … }',
    dictionary('quota_clone'),
    'Dictionaries are blocks.',
  ),
  rule('trash', 'trash', 'mailbox NAME { trash_priority }', trash, 'The contents of the file belong in the blocks of the mailboxes.'), // oxfmt-ignore
  rule('welcome', 'welcome_script', 'welcome { execute NAME { args } }', welcome, 'An `execute` block runs the program.'), // oxfmt-ignore
  {
    ...renamed(CRYPT, 'mail_crypt_global_public_key', 'crypt_global_public_key_file'),
    value: path,
    why: 'The setting takes the path itself, without a `<`.',
  },
  rule(
    CRYPT,
    'mail_crypt_global_private_key',
    'crypt_global_private_key main { crypt_private_key_file }',
    ({ value, key }) => {
      const file = path(value);
      if (typeof file !== 'string') return file;
      return { lines: nested(`crypt_global_private_key ${keyName(key)}`, [`crypt_private_key_file = ${file}`]) };
    },
    'There may be several keys, each in its own block.',
  ),
  rule(
    CRYPT,
    'mail_crypt_global_private_key_password',
    'crypt_global_private_key main { crypt_private_key_password }',
    ({ value, key }) => ({
      lines: nested(`crypt_global_private_key ${keyName(key)}`, [set('crypt_private_key_password', value)]),
    }),
    'It belongs in the block of the key.',
  ),
  rule(
    CRYPT,
    'mail_crypt_save_version',
    'crypt_write_algorithm',
    ({ value }) =>
      value === '2'
        ? { drop: true }
        : value === '0'
          ? lines('crypt_write_algorithm =')
          : refuse('choose 2, or 0 for none'),
    '2 is the default now; 0 meant no encryption.',
  ),
  renamed(CRYPT, 'mail_crypt_curve', 'crypt_user_key_curve'),
  renamed(CRYPT, 'mail_crypt_require_encrypted_user_key', 'crypt_user_key_require_encrypted'),
  renamed(CRYPT, 'mail_crypt_acl_require_secure_key_sharing', 'crypt_acl_require_secure_key_sharing'),
  renamed(CRYPT, 'mail_crypt_private_password', 'crypt_user_key_password'),
  ...['expire', 'expire_dict', 'expire_cache'].map((name) => dropped('expire', name, EXPIRE)),
  ...['stats_refresh', 'stats_track_cmds', 'stats_notify_path'].flatMap((name) =>
    [name, `old_${name}`].map((one) => dropped('old_stats', one, 'The old statistics plugin is removed.')),
  ),
  rule('listescape', 'listescape_char', 'mailbox_list_storage_escape_char', () => ({ lines: [] }), 'It is written where mail_plugins has `listescape`.'), // oxfmt-ignore
  { ...renamed('fts_flatcurve', 'fts_flatcurve_rotate_time', 'fts_flatcurve_rotate_time'), value: (value) => (/^\d+$/.test(value) ? `${value} ms` : value), why: 'The value is a time with a unit.' }, // oxfmt-ignore
  {
    ...renamed('apparmor', 'apparmor_hat', 'apparmor_hats { NAME = yes }'),
    by: ({ value }) => ({ lines: nested('apparmor_hats', [`${value} = yes`]) }),
    why: 'A list with separate members.',
  },
];
