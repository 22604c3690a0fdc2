/**
 * What Dovecot 2.4 must show of a configuration, from what 2.3's doveconf showed of it. A table and a reading of its own:
 * nothing here comes from src/convert, so that a wrong rule there does not agree with itself.
 */
import type { Files } from '../support/convert-cases.ts';

type Pairs = readonly (readonly [name: string, value: string])[];
type Row = readonly [name: RegExp, now: (value: string, groups: readonly string[]) => Pairs];

/** 2.4's output with one name for each setting: `ssl_server > cert_file` and `ssl_server_cert_file` are the latter. */
export function flat(settings: ReadonlyMap<string, string>): Map<string, string> {
  const all = [...settings].filter(([name]) => !/(^| > )$/.test(name));
  return new Map(
    all.flatMap(([shown, value]): Pairs => {
      const name = flatName(shown.split(' > '));
      if (!/(^|> )(mail_plugins|protocols)$/.test(name)) return [[name, value]];
      const words = value.split(' ').filter((word) => word !== '');
      return words.map((word) => [`${name}_${word}`, 'yes']);
    }),
  );
}

function flatName(path: readonly string[]): string {
  const parts: string[] = [];
  let prefix = '';
  for (const [i, part] of path.entries()) {
    const last = i === path.length - 1;
    const before = parts.at(-1) ?? '';
    const named = / /.exec(part) !== null && !last;
    if (named) parts.push((prefix + part).replace(new RegExp(`^${before.split(' ')[0]}_`), ''));
    else if (last) {
      const [type = ''] = before.split(' ');
      const short = (prefix + part)
        .replace(new RegExp(`^${type}_`), '')
        .replace(/^(passdb|userdb)$/.test(type) ? /^(sql|ldap|pam|static)_/ : /^$/, '');
      parts.push(before === '' ? prefix + part : short);
    }
    prefix = named || last ? '' : `${prefix}${part}_`;
  }
  return parts.join(' > ');
}

/** Values as they are told apart: sizes and times as numbers, lists without commas. */
export function same(seen: string | undefined, wanted: string): boolean {
  if (seen === undefined) return false;
  return plain(seen) === plain(wanted) || String(amount(seen)) === String(amount(wanted));
}

const plain = (value: string): string => value.replace(/,? +/g, ' ').trim();

const UNITS: Readonly<Record<string, number>> = { b: 1, k: 2 ** 10, m: 2 ** 20, g: 2 ** 30, s: 1, sec: 1, secs: 1, min: 60, mins: 60, h: 3600, hour: 3600, hours: 3600, d: 86400, day: 86400, days: 86400 }; // oxfmt-ignore

function amount(value: string): number | string {
  const [, number, unit = 'b'] = /^(\d+) ?([a-z]+)?$/i.exec(value) ?? [];
  const factor = UNITS[unit.toLowerCase()];
  return number === undefined || factor === undefined ? value : Number(number) * factor;
}

/** What 2.4 shows of a list beside the members that were set. */
export const nonsense = (name: string): boolean =>
  /^import_environment_/.test(name) ||
  /^dovecot_(config|storage)_version$|^sieve_(global_)?extensions_/.test(name) ||
  // 2.3 had no limit: test/convert-hosts/sieve-script-alone proves it.
  /(^| > )sieve_vacation_max_period$/.test(name);

/** Every variable of the corpus, word for word. */
const VARIABLES: Readonly<Record<string, string>> = {
  '%u': '%{user}', '%n': '%{user | username}', '%d': '%{user | domain}', '%h': '%{home}', '%s': '%{protocol}',
  '%Lu': '%{user | lower}', '%Ln': '%{user | username | lower}', '%Ld': '%{user | domain | lower}',
  '%1Mu': '%{user | md5 | hexlify | substr(0, 1)}', '%2.1Mu': '%{user | md5 | hexlify | substr(2, 1)}',
  '%1Ln': '%{user | username | lower | substr(0, 1)}', '%{username}': '%{user | username}',
  '%m': '%{mechanism}', '%r': '%{remote_ip}', '%l': '%{local_ip}', '%e': '%{mail_pid}', '%c': '%{secured}',
  '%{session}': '%{session}', '%{size}': '%{size}', '%{pid}': '%{process:pid}', '%{sha256}': '%{sha256}',
  '%{sha1}': '%{sha1}', '%{ldap:uid}': '%{ldap:uid}', '%%': '%%',
}; // oxfmt-ignore

function variables(value: string): string {
  return value.replace(/\$(?=default_)/g, '$$SET:').replace(/%%|%\{[^}]*\}|%[\d.]*[A-Z]*[A-Za-z]/g, (name) => {
    const now = VARIABLES[name];
    if (now === undefined) throw new Error(`the test has no word for ${name} in ${value}`);
    return now;
  });
}

const is =
  (now: string) =>
  (value: string): Pairs => [[now, variables(value)]];
const file =
  (now: string) =>
  (value: string): Pairs => [[now, value.replace(/^<\s*/, '')]];
const none = (): Pairs => [];
const LOCATION: Readonly<Record<string, string>> = {
  INBOX: 'mail_inbox_path', INDEX: 'mail_index_path', CONTROL: 'mail_control_path', ALT: 'mail_alt_path',
  LAYOUT: 'mailbox_list_layout', LISTINDEX: 'mailbox_list_index_prefix', VOLATILEDIR: 'mail_volatile_path',
  INDEXPVT: 'mail_index_private_path', MAILBOXDIR: 'mailbox_root_directory_name', DIRNAME: 'mailbox_directory_name',
  SUBSCRIPTIONS: 'mailbox_subscriptions_filename',
}; // oxfmt-ignore
const WORDS: Pairs = [
  ['UTF-8', 'mailbox_list_utf8'],
  ['ITERINDEX', 'mailbox_list_iter_from_index_dir'],
  ['NO-NOSELECT', 'mailbox_list_drop_noselect'],
];

function location(value: string, before = ''): Pairs {
  if (value === '') return [];
  const owner = value.replaceAll('%%h', '%{owner_home}').replaceAll('%%u', '%{owner_user}');
  const [driver = '', path = '', ...rest] = owner.split(/:(?![^{]*\})/);
  const text = (word: string): string => (word.includes('%{owner') ? word : variables(word));
  return [
    [`${before}mail_driver`, driver],
    [`${before}mail_path`, text(path)],
    ...rest.map((option): [string, string] => {
      const word = WORDS.find(([name]) => name === option)?.[1];
      if (word !== undefined) return [before + word, 'yes'];
      const [key = '', now = ''] = option.split('=');
      return [before + LOCATION[key], text(now)];
    }),
    ...(/^[sm]dbox:.*:(INDEX|INDEXPVT|CONTROL)=/.test(value) ? [[`${before}mailbox_directory_name_legacy`, 'yes'] as const] : []), // oxfmt-ignore
  ];
}

/** What locations of the corpus have to take back of mail_location; a blank stands for nothing. */
const TAKEN_BACK: Readonly<Record<string, Pairs>> = {
  'maildir:/srv/public:CONTROL=~/control': [['mail_inbox_path', '.'], ['mail_index_path', ' '], ['mailbox_list_layout', 'maildir++']],
  'sdbox:~/sdbox': [['mail_inbox_path', ' '], ['mail_index_path', ' '], ['mailbox_list_layout', 'fs']],
}; // oxfmt-ignore

const ROWS: readonly Row[] = [
  [/^mail_location$/, (value) => location(value)],
  [/^(namespace .+ > )location$/, (value, [before = '']) => [...location(value, before), ...(TAKEN_BACK[value] ?? []).map(([name, then]) => [before + name, then] as const)]],
  [/^(namespace .+ > )prefix$/, (value, [at]) => (value === '' ? [] : [[`${at}prefix`, value.replace('%%u', '$user')]])],
  [/^((?:.* > )?)disable_plaintext_auth$/, (value, [at = '']) => [[`${at}auth_allow_cleartext`, value === 'yes' ? 'no' : 'yes']]],
  [/^auth_default_realm$/, is('auth_default_domain')],
  [/^auth_worker_max_count$/, is('service auth-worker > process_limit')],
  [/^default_idle_kill$/, is('default_idle_kill_interval')],
  [/^((?:.* > )?)ssl_(cert|key|alt_cert|alt_key|dh|ca)$/, (value, [at, name]) => file(`${at}ssl_server_${name}_file`)(value)],
  [/^ssl_client_(cert|key)$/, (value, [name]) => file(`ssl_client_${name}_file`)(value)],
  [/^ssl_(key_password|cert_username_field|require_crl)$/, (value, [name]) => [[`ssl_server_${name}`, value]]],
  [/^ssl_verify_client_cert$/, is('ssl_server_request_client_cert')],
  [/^ssl_prefer_server_ciphers$/, (value) => [['ssl_server_prefer_ciphers', value === 'yes' ? 'server' : 'client']]],
  [/^ssl_options$/, none],
  [/^verbose_ssl$/, (value) => (value === 'yes' ? [['log_debug', 'category=ssl']] : [])],
  [/^mail_attachment_(dir|hash|min_size)$/, (value, [what]) => [[`mail_ext_attachment_${what === 'dir' ? 'path' : what}`, value]]],
  [/^mail_attachment_fs$/, (value) => (value === 'posix' ? [['mail_ext_attachment_fs posix', '']] : [])],
  [/^mail_attribute_dict$/, (value) => [['mail_attribute_dict file > path', variables(value.replace('file:', ''))]]],
  [/^imap_capability$/, (value) => value.slice(1).split(' ').map((word) => [`imap_capability_${word}`, 'yes'])],
  [/^import_environment$/, () => [['import_environment_TZ', '%{env:TZ}'], ['import_environment_MALLOC_ARENA_MAX', '1']]],
  [/^imap_id_send$/, () => [['imap_id_send_name', 'Mail Server'], ['imap_id_send_version', '%{dovecot:version}']]],
  [/^lmtp_user_concurrency_limit$/, (value) => [['lmtp_user_concurrency_limit', value === '0' ? 'unlimited' : value]]],
  [/^(config_cache_size|last_valid_uid|mail_vsize_bg_after_count)$/, (value, [name]) => (name === 'config_cache_size' || value === '0' ? [] : [[name ?? '', value]])],
  [/^log_timestamp$/, (value) => [['log_timestamp', value]]],
  [/^login_greeting$/, (value) => [['login_greeting', value]]],
  [/^mail_log_prefix$/, () => [['mail_log_prefix', '%{service}(%{user})<%{process:pid}><%{session}>: ']]],
  [/^login_log_format$/, () => [['login_log_format', '%{message}: %{elements}']]],
  [/^deliver_log_format$/, () => [['deliver_log_format', 'from=%{from}, subject=%{subject}, msgid=%{msgid}, size=%{size}, %{message}']]],
  [/^((?:.* > )?)(imap|managesieve)_logout_format$/, (value, [at, name]) => [[`${at}${name}_logout_format`, value.replace('%i', '%{input}').replace('%o', '%{output}')]]],
  [/^pop3_logout_format$/, () => [['pop3_logout_format', 'top=%{top_count}/%{top_bytes}, retr=%{retr_count}/%{retr_bytes}, del=%{deleted_count}/%{deleted_bytes}, size=%{message_bytes}']]],
  [/^pop3_uidl_format$/, (value) => [['pop3_uidl_format', value === '%v.%u' ? '%{uidvalidity}.%{uid}' : '%{uid | hex(8)}%{uidvalidity | hex(8)}']]],
  [/^rejection_subject$/, () => [['rejection_subject', 'Rejected: %{subject}']]],
  [/^rejection_reason$/, () => [['rejection_reason', "Your message to <%{to}> was rejected:%{literal('\\r\\n')}%{reason}"]]],
  [/^(service .* > )service_count$/, (value, [at]) => [[`${at}restart_request_count`, value === '0' ? 'unlimited' : value]]],
  [/^(service .* > )idle_kill$/, (value, [at]) => [[`${at}idle_kill_interval`, value]]],
  [/^(service .* > inet_listener .*)address$/, (value, [at]) => [[`${at}listen`, value]]],
  [/^(namespace .* > )alias_for$/, (_value, [at]) => [[`${at}alias_for`, 'inbox']]],
  [/^(service .* > )inet_listener > (.*)$/, (value, [at, key]) => [[`${at}inet_listener port-${at?.includes('quota') ? 12340 : 12345} > ${key}`, value]]],
  [/^service director /, none],
]; // oxfmt-ignore

const PLUGIN: readonly Row[] = [
  [/^quota$/, (value) => root(value)],
  [/^quota2$/, (value) => root(value)],
  [/^quota_rule$/, (value) => LIMITS[value] ?? [['?', value]]],
  [/^quota_rule2$/, () => [['namespace inbox > mailbox Trash > quota_storage_extra', '100M']]],
  [/^quota_rule3$/, () => [['namespace inbox > mailbox Old Junk > quota_ignore', 'yes']]],
  [/^quota2_rule$/, () => [['quota Disk > storage_size', '2G'], ['quota Disk > message_count', 'unlimited']]],
  [/^quota_grace$/, (value) => [['quota_storage_grace', value]]],
  [/^quota_max_mail_size$/, is('quota_mail_size')],
  [/^quota_vsizes$/, none],
  [/^quota_warning(\d?)$/, (value) => {
    const [, sign = '', percent = '', args = ''] = /^(-?)storage=(\d+)%% quota-warning (.*)$/.exec(value) ?? [];
    const at = `quota User quota > warning storage-${sign && 'below-'}${percent} > `;
    return [[`${at}quota_storage_percentage`, percent], [`${at}execute quota-warning > args`, variables(args)], ...(sign ? [[`${at}threshold`, 'under'] as const] : [])];
  }],
  [/^quota2_warning$/, () => [['quota Disk > warning messages-90 > resource', 'message'], ['quota Disk > warning messages-90 > quota_message_percentage', '90'], ['quota Disk > warning messages-90 > execute quota-warning > args', '90 %{user}']]],
  [/^quota_over_flag_value$/, is('quota_over_status_mask')],
  [/^quota_over_flag_lazy_check$/, is('quota_over_status_lazy_check')],
  [/^quota_over_script$/, () => [['quota_over_status_execute quota-warning > args', 'mismatch %{user}']]],
  [/^sieve$/, (value) => [['sieve_script personal > driver', 'file'], ['sieve_script personal > path', '~/sieve'], ['sieve_script personal > active_path', '~/.dovecot.sieve'], ...(value.includes('file:') ? [] : [])]],
  [/^sieve_dir$/, none],
  [/^sieve_default$|^sieve_global_path$/, (value) => [['sieve_script default > type', 'default'], ['sieve_script default > driver', 'file'], ['sieve_script default > path', value]]],
  [/^sieve_default_name$/, is('sieve_script default > name')],
  [/^sieve_global(_dir)?$/, (value) => [['sieve_script global > type', 'global'], ['sieve_script global > driver', 'file'], ['sieve_script global > path', value]]],
  [/^sieve_(before|after)(\d?)$/, (value, [type = '', number]) => {
    const [path = '', name] = value.replace('file:', '').split(';name=');
    const at = `sieve_script ${type}${number} > `;
    return [[`${at}type`, type], [`${at}driver`, 'file'], [`${at}path`, variables(path)], ...(name ? [[`${at}name`, name] as const] : [])];
  }],
  [/^sieve_(global_)?extensions$/, (value, [kind]) => value.split(' ').map((word) => [`sieve_${kind ?? ''}extensions_${word.slice(1)}`, word.startsWith('+') ? 'yes' : 'no'])],
  [/^sieve_quota_max_scripts$/, is('sieve_quota_script_count')],
  [/^sieve_quota_max_storage$/, is('sieve_quota_storage_size')],
  [/^sieve_user_log$/, is('sieve_user_log_path')],
  [/^imapsieve_mailbox\d_(name|from|causes)$/, none],
  [/^imapsieve_mailbox1_before$/, () => [['mailbox Spam > sieve_script imapsieve1-before > driver', 'file'], ['mailbox Spam > sieve_script imapsieve1-before > type', 'before'], ['mailbox Spam > sieve_script imapsieve1-before > cause', 'copy append'], ['mailbox Spam > sieve_script imapsieve1-before > path', '/usr/local/lib/sieve/report-spam.sieve']]],
  [/^imapsieve_mailbox2_before$/, () => [['imapsieve_from Spam > sieve_script imapsieve2-before > driver', 'file'], ['imapsieve_from Spam > sieve_script imapsieve2-before > type', 'before'], ['imapsieve_from Spam > sieve_script imapsieve2-before > cause', 'copy'], ['imapsieve_from Spam > sieve_script imapsieve2-before > path', '/usr/local/lib/sieve/report-ham.sieve']]],
  [/^acl$/, () => [['acl_driver', 'vfile'], ['acl_cache_ttl', '300 secs']]],
  [/^acl_shared_dict$/, (value) => [['acl_sharing_map_dict file > path', value.replace('file:', '')]]],
  [/^acl_anyone$/, () => [['imap_acl_allow_anyone', 'yes']]],
  [/^fts$/, none],
  [/^fts_solr$/, () => [['fts solr > url', 'http://localhost:8983/solr/dovecot/'], ['fts solr > batch_size', '500'], ['fts solr > soft_commit', 'no']]],
  [/^fts_autoindex_exclude(2?)$/, (value) => [[`namespace inbox > mailbox ${value.replace('\\', '')} > fts_autoindex`, 'no']]],
  [/^fts_enforced$/, (value) => [['fts_search_add_missing', value === 'yes' ? 'yes' : 'body-search-only'], ['fts_search_read_fallback', 'no']]],
  [/^fts_index_timeout$/, is('fts_search_timeout')],
  [/^fts_tika$/, (value) => [['fts_decoder_driver', 'tika'], ['fts_decoder_tika_url', value]]],
  [/^fts_decoder$/, (value) => [['fts_decoder_driver', 'script'], ['fts_decoder_script_socket_path', value]]],
  [/^fts_languages$/, () => [['language en > default', 'yes'], ['language de', '']]],
  [/^fts_(filters|tokenizers)$/, (value, [name]) => [[`language_${name}`, value]]],
  [/^fts_tokenizer_generic$/, () => [['language_tokenizer_generic_algorithm', 'simple'], ['language_tokenizer_generic_token_maxlen', '40']]],
  [/^fts_tokenizer_email_address$/, () => [['language_tokenizer_address_token_maxlen', '100']]],
  [/^zlib_save$/, is('mail_compress_write_method')],
  [/^zlib_save_level$/, is('compress_gz_level')],
  [/^trash$/, () => [['namespace inbox > mailbox Spam > trash_priority', '1'], ['namespace inbox > mailbox Deleted Messages > trash_priority', '2']]],
  [/^lazy_expunge$/, is('lazy_expunge_mailbox')],
  [/^last_login_dict$/, () => [['last_login_dict file > path', '~/.last-login']]],
  [/^welcome_script$/, () => [['welcome_execute welcome > args', '%{user}']]],
  [/^(.*)$/, (value, [name = '']) => [[name, variables(value)]]],
]; // oxfmt-ignore

/** The corpus' rules for all mailboxes, word for word. */
const LIMITS: Readonly<Record<string, Pairs>> = {
  '*:': [],
  '*:storage=1G': [['quota_storage_size', '1G']],
  '*:storage=102400:messages=5000': [['quota_storage_size', '102400k'], ['quota_message_count', '5000']],
  '*:bytes=0': [['quota_storage_size', 'unlimited']],
}; // oxfmt-ignore

function root(value: string): Pairs {
  if (value === 'dict:User quota::proxy::quota') return [['quota User quota > driver', 'count'], ['quota_clone_dict proxy > name', 'quota']]; // oxfmt-ignore
  const [driver = '', name = '', ...options] = value.split(':');
  const at = `quota ${name} > `;
  const now: Readonly<Record<string, Pairs[number]>> = {
    noenforcing: [`${at}enforce`, 'no'],
    user: [`${at}fs_type`, 'user'],
    'mount=/home': [`${at}fs_mount_path`, '/home'],
    inode_per_mail: [`${at}fs_message_limit`, 'yes'],
  };
  return [[`${at}driver`, driver], ...options.map((option) => now[option] ?? (['?', option] as const))];
}

/** Everything that 2.4 must show. `files` are those of 2.3: its doveconf does not read the ones that databases name. */
export function expected(
  was: ReadonlyMap<string, string>,
  defaults: ReadonlyMap<string, string>,
  files: Files,
  version: string,
): Map<string, string> {
  const named = namesOf(was);
  const wanted = new Map<string, string>();
  const lists = new Map<string, string>();
  for (const [shown, value] of was) {
    if ((defaults.get(shown) === value && shown !== 'auth_mechanisms') || /^managesieve_.*_capability$/.test(shown))
      continue;
    // A protocol is shown with all of plugin { } again.
    const above = /^(?:protocol|local|remote).* > (plugin > .*)$/.exec(shown)?.[1];
    if (above !== undefined && was.get(above) === value) continue;
    const [block = '', ...rest] = shown.split(' > ');
    const name = [named.get(block) ?? block, ...rest].join(' > ');
    const list = /(?:^|> )(mail_plugins|protocols)$/.exec(name);
    if (list) lists.set(name, value);
    else if (/^(passdb|userdb) /.test(name))
      for (const [now, then] of database(name, value, was, block, files)) wanted.set(now, then);
    else for (const [now, then] of rowsFor(name, value)) wanted.set(now, then);
  }
  for (const [now, then] of unsaid(was, named, files, version)) wanted.set(now, then);
  for (const [name, value] of lists) for (const [now, then] of listed(name, value, lists)) wanted.set(now, then);
  for (const [name, value] of wanted) if (value === '') wanted.delete(name);
  return wanted;
}

/** What 2.3 did without a setting, and 2.4 needs one for. */
function unsaid(
  was: ReadonlyMap<string, string>,
  named: ReadonlyMap<string, string>,
  files: Files,
  version: string,
): Pairs {
  // oxfmt-ignore
  const say = (name: string): string => was.get(name) ?? '';
  const stored = [...named.keys()].some((block) => {
    if (!block.startsWith('passdb') || say(`${block} > deny`) === 'yes') return false;
    const driver = say(`${block} > driver`);
    const binds = /^auth_bind = yes$/m.test(files[say(`${block} > args`)] ?? '');
    return driver === 'sql' || driver === 'passwd-file' || (driver === 'ldap' && !binds);
  });
  const lmtp = say('service lmtp > user');
  return [
    ...(stored ? [['auth_allow_weak_schemes', 'yes'] as const] : []),
    ...(say('plugin > fts') === '' || say('plugin > fts_languages') !== ''
      ? []
      : [['language en > default', 'yes'] as const]),
    ...(lmtp === '' ? [] : [['service anvil > unix_listener anvil > user', lmtp] as const]),
    ...(lmtp === '' || version === '2.4.1' ? [] : [['service anvil > unix_listener anvil-connect-limit > user', lmtp] as const]), // oxfmt-ignore
    ...(say('plugin > quota') === '' || say('plugin > quota_grace') !== ''
      ? []
      : [['quota_storage_grace', TENTHS[say('plugin > quota_rule')] ?? '10M'] as const]),
  ];
}

/** A tenth of each limit of the corpus. */
const TENTHS: Readonly<Record<string, string>> = {
  '*:storage=1G': '104857k',
  '*:storage=102400:messages=5000': '10240k',
};

/** What the nameless blocks of 2.3 are called in 2.4, by the order in which they stand. */
function namesOf(was: ReadonlyMap<string, string>): Map<string, string> {
  const names = new Map<string, string>();
  for (const shown of was.keys()) {
    const [block = ''] = shown.split(' > ');
    const [, type] = /^(passdb|userdb|namespace) #\d+$/.exec(block) ?? [];
    if (type === undefined || names.has(block)) continue;
    const say = (key: string): string => was.get(`${block} > ${key}`) ?? '';
    const base =
      type === 'namespace'
        ? say('inbox') === 'yes' ? 'inbox' : say('type')
        : say('deny') === 'yes' ? 'deny' : say('master') === 'yes' ? 'master' : say('driver'); // oxfmt-ignore
    const taken = [...names.values()].filter((name) => name.startsWith(`${type} ${base}`)).length;
    names.set(block, `${type} ${base}${taken > 0 ? taken + 1 : ''}`);
  }
  return names;
}

/** 2.3 shows the whole list of each protocol; 2.4 adds to that of the top what the protocol's own block has. */
function listed(name: string, value: string, lists: ReadonlyMap<string, string>): Pairs {
  const renamed: Readonly<Record<string, string>> = { zlib: 'mail_compress', imap_zlib: '' };
  const words = (text: string): string[] =>
    text.split(/\s+/).map((word) => renamed[word] ?? word).filter((word) => word !== ''); // oxfmt-ignore
  const key = name.split(' > ').at(-1) ?? '';
  const above = name === key ? [] : words(lists.get(key) ?? '');
  return words(value)
    .filter((word) => !above.includes(word))
    .map((word) => [name === key ? `${key}_${word}` : `${name}_${word}`, 'yes']);
}

// ── passdb, userdb ───────────────────────────────────────────────────────────────────────────────────────────────────

/** In a block a setting is shown without the names of the block and its driver. */
const short = (type: string, name: string): string =>
  name.replace(new RegExp(`^${type}_`), '').replace(/^(sql|ldap|pam|static)_/, '');

function database(name: string, value: string, was: ReadonlyMap<string, string>, block: string, files: Files): Pairs {
  const [at = '', key = ''] = name.split(' > ');
  const [type = '', called = ''] = at.split(' ');
  const driver = was.get(`${block} > driver`) ?? '';
  const put = (pairs: Pairs): Pairs => pairs.map(([now, then]) => [`${at} > ${short(type, now)}`, then]);
  switch (key) {
    case 'driver':
      return called === driver ? [] : put([['driver', value]]);
    case 'args':
      return put(argumentsOf(driver, type, value, files));
    case 'pass':
      return value === 'yes' ? put([['result_success', 'continue']]) : [];
    case 'mechanisms':
      return value === '' ? [] : put([['mechanisms_filter', value]]);
    case 'auth_verbose':
      return value === 'default' ? [] : put([['auth_verbose', value]]);
    case 'default_fields':
    case 'override_fields':
      return put(fields(value, key === 'default_fields' ? ':default' : ''));
    default:
      return value === '' ? [] : put([[key, value]]);
  }
}

function fields(value: string, mark: string): Pairs {
  return value.split(' ').filter(Boolean).flatMap((word): Pairs => {
    const [, key = '', text = ''] = /^([^=]*)=(.*)$/.exec(word) ?? [];
    if (key === 'mail') return [...location(text), ...(TAKEN_BACK[text] ?? [])].map(([now, then]) => [`fields_${now}${mark}`, then]);
    if (key === 'quota_rule') return [[`fields_quota_storage_size${mark}`, text.replace('*:bytes=', '')]];
    if (key === 'quota_rule2') return [[`fields_mailbox/Trash/quota_storage_percentage${mark}`, '110']];
    return [[`fields_${key}${mark}`, variables(text)]];
  }); // oxfmt-ignore
}

function argumentsOf(driver: string, type: string, value: string, files: Files): Pairs {
  if (value === '') return [];
  const words = value.split(' ');
  switch (driver) {
    case 'pam':
      return words.map((word): Pairs[number] => {
        const [key = '', text] = word.split('=');
        return text === undefined ? ['service_name', variables(word)] : [key, text];
      });
    case 'passwd':
      return words.flatMap((word) =>
        word.startsWith('blocking=') ? [['use_worker', word.slice(9)] as const] : fields(word, ''),
      );
    case 'passwd-file':
      // The words of a list of denied users have no password; those of the corpus name it so.
      return [...(type === 'passdb' && !/scheme=|den/.test(value) ? ['scheme=CRYPT'] : []), ...words].flatMap(
        (word): Pairs => {
          if (word.startsWith('scheme=')) return [['default_password_scheme', word.slice(7)]];
          if (word === 'username_format=%u') return [];
          if (word === 'username_format=%n') return [['auth_username_format', '%{user | username | lower}']];
          return [['passwd_file_path', variables(word)]];
        },
      );
    case 'static':
      return words.flatMap((word): Pairs => {
        if (word.startsWith('allow_all_users=')) return [['allow_all_users', word.slice(16)]];
        return fields(word, '');
      });
    default:
      return external(driver, type, files[value] ?? '');
  }
}

// ── dovecot-sql.conf.ext, dovecot-ldap.conf.ext ──────────────────────────────────────────────────────────────────────

const REWRITTEN: Pairs = [
  ["quota) AS userdb_quota FROM", 'quota) AS userdb_old_quota FROM'],
  ["CONCAT('maildir:/var/vmail/', maildir) AS userdb_mail", "'maildir' AS userdb_mail_driver, CONCAT('/var/vmail/', maildir) AS userdb_mail_path"],
  ["CONCAT('*:bytes=', quota) AS userdb_quota_rule", 'quota AS userdb_quota_storage_size'],
  ["'*:bytes=' || quota_bytes AS quota_rule", 'quota_bytes AS quota_storage_size'],
]; // oxfmt-ignore

const LDAP: Readonly<Record<string, string>> = {
  uris: 'ldap_uris', ldap_version: 'ldap_version', auth_bind: 'passdb_ldap_bind', auth_bind_userdn: 'passdb_ldap_bind_userdn',
  base: 'ldap_base', tls_ca_cert_file: 'ssl_client_ca_file', default_pass_scheme: 'passdb_default_password_scheme',
  dn: 'ldap_auth_dn', dnpass: 'ldap_auth_dn_password', tls: 'ldap_starttls', scope: 'ldap_scope', deref: 'ldap_deref',
  pass_filter: 'passdb_ldap_filter', user_filter: 'userdb_ldap_filter', iterate_filter: 'userdb_ldap_iterate_filter',
}; // oxfmt-ignore

function external(driver: string, type: string, bytes: string): Pairs {
  const lines = bytes
    .replace(/^#.*$/gm, '')
    .replace(/\\\n\s*/g, ' ')
    .split('\n');
  const said = new Map(
    lines.flatMap((line) => {
      const [, key = '', value = ''] = /^(\w+)\s*=\s*(.*?)\s*$/.exec(line) ?? [];
      return key === '' ? [] : [[key, value.replace(/^"(.*)"$/, '$1')] as const];
    }),
  );
  const scheme = said.get('default_pass_scheme') ?? (type === 'passdb' ? (driver === 'sql' ? 'MD5' : 'CRYPT') : '');
  const schemed: Pairs = scheme === '' ? [] : [['passdb_default_password_scheme', scheme]];
  return [...schemed, ...(driver === 'sql' ? sql(said, type) : ldap(said, type))];
}

const TLS: Readonly<Record<string, string>> = {
  ssl_ca: 'ssl_client_ca_file',
  ssl_verify_server_cert: 'ssl_client_require_valid_cert',
};

function sql(said: ReadonlyMap<string, string>, type: string): Pairs {
  const driver = said.get('driver') ?? '';
  const connect = (said.get('connect') ?? '').split(' ').map((word) => word.split('='));
  const queries = (
    [['password_query', 'passdb_sql_query'], ['user_query', 'userdb_sql_query'], ['iterate_query', 'userdb_sql_iterate_query']] as const
  ).flatMap(([old, now]): Pairs => {
    const listed = type === 'userdb' && old === 'iterate_query' && /FROM users/.test(said.get('user_query') ?? 'FROM users');
    const unsaid = listed ? 'SELECT username, domain FROM users' : '';
    const query = REWRITTEN.reduce((text, [a, b]) => text.replace(a, b), said.get(old) ?? unsaid);
    return query === '' ? [] : [[now, variables(query)]];
  }); // oxfmt-ignore
  if (driver === 'sqlite') {
    return [
      ['sql_driver', driver],
      ['sqlite_path', connect[0]?.[0] ?? ''],
      ...connect.slice(1).map(([key = '', value = '']) => [`sqlite_${key}`, value] as const),
      ...queries,
    ];
  }
  const hosts = connect.filter(([key]) => key === 'host').map(([, host = '']) => host);
  const rest = connect.filter(([key]) => key !== 'host');
  const tls: Pairs = rest.some(([key]) => key === 'ssl_ca') ? hosts.map((host) => [`mysql ${host} > ssl`, 'yes']) : [];
  const servers = hosts.flatMap((host) =>
    rest.map(([key = '', value = '']): Pairs[number] => {
      const own =
        key === 'maxconns' ? 'connection_limit' : driver === 'pgsql' ? `parameters_${key}` : (TLS[key] ?? key);
      return [`${driver} ${host} > ${own}`, value];
    }),
  );
  return [['sql_driver', driver], ...servers, ...tls, ...queries];
}

function ldap(said: ReadonlyMap<string, string>, type: string): Pairs {
  const pairs = [...said].flatMap(([key, value]): Pairs => {
    const now = LDAP[key];
    if (now !== undefined) return [[now, variables(value)]];
    if (key === 'hosts') return [['ldap_uris', value.split(' ').map((host) => `ldap://${host}`).join(' ')]];
    if (key === 'tls_require_cert') return [['ssl_client_require_valid_cert', value === 'never' ? 'no' : 'yes']];
    if (key === 'blocking') return [['passdb_use_worker', value], ['userdb_use_worker', value]];
    const list = { pass_attrs: 'passdb_fields', user_attrs: 'userdb_fields', iterate_attrs: 'userdb_ldap_iterate_fields' }[key];
    return (ATTRIBUTES[value] ?? [['?', `${key} = ${value}`]]).map(([field, then]) => [`${list}_${field}`, then]);
  }); // oxfmt-ignore
  const filter = '(&(objectClass=posixAccount)(uid=%{user}))';
  const bind = said.has('auth_bind_userdn');
  const unsaid: Pairs =
    type === 'passdb'
      ? [
          ...(bind || said.has('pass_filter') ? [] : [['passdb_ldap_filter', filter] as const]),
          ...(bind || said.has('pass_attrs') ? [] : (ATTRIBUTES['uid=user,userPassword=password'] ?? []).map(([a, b]) => [`passdb_fields_${a}`, b] as const)),
        ]
      : [
          ...(said.has('user_filter') ? [] : [['userdb_ldap_filter', filter] as const]),
          ...(said.has('iterate_filter') ? [] : [['userdb_ldap_iterate_filter', '(objectClass=posixAccount)'] as const]),
          ...(said.has('iterate_attrs') ? [] : [['userdb_ldap_iterate_fields_user', '%{ldap:uid}'] as const]),
          ...(said.has('user_attrs') ? [] : (ATTRIBUTES['homeDirectory=home,uidNumber=uid,gidNumber=gid'] ?? []).map(([a, b]) => [`userdb_fields_${a}`, b] as const)),
        ]; // oxfmt-ignore
  return [...pairs, ...unsaid];
}

/** The corpus' lists of attributes, word for word, and 2.3's defaults. */
const ATTRIBUTES: Readonly<Record<string, Pairs>> = {
  'uid=user,userPassword=password': [['user', '%{ldap:uid}'], ['password', '%{ldap:userPassword}']],
  'homeDirectory=home,uidNumber=uid,gidNumber=gid': [['home', '%{ldap:homeDirectory}'], ['uid', '%{ldap:uidNumber}'], ['gid', '%{ldap:gidNumber}']],
  'mail=user,userPassword=password': [['user', '%{ldap:mail | default(user)}'], ['password', '%{ldap:userPassword}']],
  'mail=user': [['user', '%{ldap:mail}']],
  'homeDirectory=home, uidNumber=uid, gidNumber=gid, =mail=maildir:/srv/%{ldap:uid}/Maildir, quotaBytes=quota_rule=*:bytes=%$': [
    ['home', '%{ldap:homeDirectory}'], ['uid', "%{ldap:uidNumber | default('vmail')}"], ['gid', "%{ldap:gidNumber | default('vmail')}"],
    ['mail_driver', 'maildir'], ['mail_path', "/srv/%{ldap:uid | default('')}/Maildir"], ['quota_storage_size', "%{ldap:quotaBytes | default('0')}"],
  ],
}; // oxfmt-ignore

function rowsFor(name: string, value: string): Pairs {
  const [, at = '', key] = /^(.* > )?plugin > (.*)$/.exec(name) ?? [];
  for (const [pattern, now] of key === undefined ? ROWS : PLUGIN) {
    const groups = pattern.exec(key ?? name);
    if (groups) return now(value, groups.slice(1)).map(([one, then]) => [at + one, then]);
  }
  return [[name, variables(value)]];
}
