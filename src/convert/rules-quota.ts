import { nested, refuse, type OldSetting, type Converted, type Rule, type Scope } from './conversion.ts';
import { own } from './blocks.ts';
import { dictBlock, dictFile } from './dictionary.ts';
import { inMailbox } from './mailboxes.ts';
import { convertVariables } from './variables.ts';
import { unlimited } from './old-values.ts';
import { ruleOfMailbox, whole } from './quota-rule.ts';

const SOURCE = 'Dovecot documentation, quota plugin';

/** `quota2_rule3` → 2; the first root has no number. */
const rootOf = (key: string): string => /^quota(\d*)/.exec(key)?.[1] ?? '';

/** The root's name as IMAP shows it. 2.4 requires a name. */
function nameOf(number: string, { plugin }: Scope): string {
  const [, name] = (plugin(`quota${number}`) ?? '').split(':');
  return name || `User quota${number && ` ${number}`}`;
}

const header = (number: string, scope: Scope): string => `quota "${nameOf(number, scope)}"`;

function root({ key, value }: OldSetting, scope: Scope): Converted {
  if (value === '') return { drop: true };
  if (isDict(value)) return counted(key, value, scope);
  const [driver = '', , ...options] = value.split(':');
  if (!/^(count|maildir|fs|imapc)$/.test(driver)) {
    return refuse(`use \`quota = count:${nameOf(rootOf(key), scope)}\`: Dovecot 2.4 has no quota driver ${driver}`);
  }
  const lines = [`driver = ${driver}`];
  for (const option of options) {
    const mount = /^mount=(.*)$/.exec(option)?.[1];
    if (option === 'noenforcing') lines.push('enforce = no');
    else if (option === 'ignoreunlimited') lines.push('ignore_unlimited = yes');
    else if (option === 'hidden') lines.push('hidden = yes');
    else if (option === 'user' || option === 'group') lines.push(`fs_type = ${option}`);
    else if (option === 'inode_per_mail') lines.push('fs_message_limit = yes');
    else if (mount !== undefined) lines.push(`fs_mount_path = ${mount}`);
    else if (option !== '') return refuse(`rewrite ${option} in 2.4 syntax: harden-mail cannot convert it`);
  }
  return { lines: [...nested(header(rootOf(key), scope), lines), ...grace(key, scope)] };
}

const isDict = (value: string): boolean => /^dict:/.test(value);

/**
 * `dict:User quota::proxy::quota` → the driver `count`, which counts what is in the mailboxes, and quota_clone, which goes on
 * writing the dictionary for the programs that read it.
 */
function counted(key: string, value: string, scope: Scope): Converted {
  const { user, options, uri } = dictRoot(value);
  if (!/^(%u|%\{user\}|)$/.test(user)) return refuse('give each user a quota: 2.4 has none that several users share');
  const unknown = options.find((option) => !/^(noenforcing|ignoreunlimited|hidden|no-unset|ns=)$/.test(option));
  if (unknown !== undefined) return refuse(`rewrite ${unknown} in 2.4 syntax: harden-mail cannot convert it`);
  const dict = dictBlock(uri);
  if (!Array.isArray(dict)) return dict;
  const root = [
    'driver = count',
    ...(options.includes('noenforcing') ? ['enforce = no'] : []),
    ...(options.includes('ignoreunlimited') ? ['ignore_unlimited = yes'] : []),
    ...(options.includes('hidden') ? ['hidden = yes'] : []),
  ];
  const unset = servedBy(uri, scope) === 'pgsql' && !options.includes('no-unset') ? ['unset = yes'] : [];
  const clone = rootOf(key) === '' ? nested('quota_clone', [...dict, ...unset]) : [];
  return { lines: [...nested(header(rootOf(key), scope), root), ...clone, ...grace(key, scope)] };
}

/** The database behind a dictionary. PostgreSQL's trigger adds to the row that is there, so it is removed first, as 2.3 did. */
function servedBy(uri: string, { blocks }: Scope): string | null {
  const name = /^proxy::(\w+)$/.exec(uri)?.[1];
  const served =
    blocks('dict')
      .map((block) => own(block, name ?? ''))
      .find((value) => value !== null) ?? uri;
  return dictFile(served)?.driver ?? null;
}

/** `dict:NAME:USER[:OPTION…]:URI`; a URI begins with the name of a driver of dictionaries. */
function dictRoot(value: string): { user: string; options: string[]; uri: string } {
  const [, , user = '', ...rest] = value.split(':');
  const at = rest.findIndex((word) =>
    /^(file|proxy|redis|mysql|pgsql|sqlite|fs|memcached|memcached-ascii|ldap)$/.test(word),
  );
  return {
    user,
    options: rest.slice(0, Math.max(at, 0)).filter((word) => word !== ''),
    uri: rest.slice(Math.max(at, 0)).join(':'),
  };
}

/** Is the usage also kept in a dictionary? Then the plugin quota_clone is loaded beside quota. */
export const isCloned = ({ plugin }: Scope): boolean => isDict(plugin('quota') ?? '');

/**
 * In 2.3 the last mail may exceed the limit by 10 % unless quota_grace says otherwise; 2.4 has a size. Of a limit that is the same for
 * all it is that part; with none in the files it is 2.4's default, and the advice tells of both.
 */
function grace(key: string, scope: Scope): string[] {
  return rootOf(key) !== '' || scope.plugin('quota_grace') !== null ? [] : [graceOf(10, scope)];
}

const KILOBYTES: Readonly<Record<string, number>> = { b: 1 / 1024, k: 1, m: 1024, g: 1024 ** 2, t: 1024 ** 3 };

function graceOf(percent: number, { plugin }: Scope): string {
  if (percent === 0) return 'quota_storage_grace = 0';
  const [, kind = '', number = '', unit = kind === 'bytes' ? 'b' : 'k'] =
    /^\*:(?:.*:)?(storage|bytes)=(\d+)([bkmgt])?[a-z]*(?:$|:)/i.exec(plugin('quota_rule') ?? '') ?? [];
  const size = Math.floor((Number(number) * (KILOBYTES[unit.toLowerCase()] ?? 1) * percent) / 100);
  return `quota_storage_grace = ${number === '' || Number(number) === 0 ? '10M' : `${size}k`}`;
}

/** `*:storage=1G:messages=1000`, `Trash:storage=+100M`, `SPAM:ignore` */
function rule({ key, value }: OldSetting, scope: Scope): Converted {
  const one = ruleOfMailbox(value);
  if (one !== null && 'refuse' in one) return one;
  if (one !== null && one.lines.length > 0) return inMailbox(one.mailbox, one.lines, scope);
  const [mailbox, ...words] = value.split(':');
  const limits = words.filter((word) => word !== '');
  if (mailbox === '*' && words.length > 0 && limits.length === 0) return { drop: true, why: 'A rule without a limit.' };
  if (mailbox !== '*' || limits.length === 0)
    return refuse(`rewrite the rule ${value} in 2.4 syntax: harden-mail cannot convert it`);
  const lines: string[] = [];
  for (const limit of limits) {
    const line = whole(limit);
    if (typeof line !== 'string') return line;
    lines.push(line);
  }
  // A limit within a root's block outranks the user's own, which is for the first root. So only others have theirs there.
  if (rootOf(key) === '') return { lines: lines.map((line) => `quota_${line}`) };
  return { lines: nested(header(rootOf(key), scope), [...lines, ...withoutFirst(key, lines, scope)]) };
}

/** What a further root must not take over from the first: the limits that stand at the top. Said once, by the root's first rule. */
function withoutFirst(key: string, lines: readonly string[], { plugin }: Scope): string[] {
  const root = /^quota\d+/.exec(key)?.[0] ?? '';
  if (key !== `${root}_rule`) return [];
  const others = [2, 3, 4, 5].flatMap((n) => plugin(`${root}_rule${n}`) ?? []).join(' ');
  const unset = (kind: RegExp, name: string): string[] =>
    kind.test(`${plugin(`${root}_rule`) ?? ''} ${others}`) || lines.some((line) => line.startsWith(name))
      ? []
      : [`${name} = unlimited`];
  return [...unset(/\*:\S*(storage|bytes)=/, 'storage_size'), ...unset(/\*:\S*messages=/, 'message_count')];
}

/** `storage=95%% quota-warning 95 %u` */
function warning({ key, value }: OldSetting, scope: Scope): Converted {
  const [, sign = '', kind = '', percent, command = '', args = ''] =
    /^([-+]?)(storage|messages)=(\d+)%%?\s+(\S+)\s*(.*)$/.exec(value) ?? [];
  if (percent === undefined) return refuse('set a percentage: 2.4 warns at no other kind of limit');
  const converted = convertVariables(args, key);
  if (typeof converted !== 'string') return converted;
  const below = sign === '-' ? 'below-' : '';
  return {
    lines: nested(
      header(rootOf(key), scope),
      nested(`warning ${kind}-${below}${percent}`, [
        ...(kind === 'messages' ? ['resource = message'] : []),
        ...(sign === '-' ? ['threshold = under'] : []),
        `quota_${kind === 'messages' ? 'message' : 'storage'}_percentage = ${percent}`,
        ...nested(`execute ${command}`, converted === '' ? [] : [`args = ${converted}`]),
      ]),
    ),
  };
}

function overScript({ key, value }: OldSetting): Converted {
  const [, command = '', args = ''] = /^(\S+)\s*(.*)$/.exec(value) ?? [];
  const converted = convertVariables(args, key);
  if (typeof converted !== 'string') return converted;
  const execute = nested(`execute ${command}`, converted === '' ? [] : [`args = ${converted}`]);
  return { lines: nested('quota_over_status', execute) };
}

const renamed = (old: string, now: string): Rule => ({ place: 'plugin', old, now, why: 'Renamed.', source: SOURCE });

export const quota: readonly Rule[] = [
  {
    place: 'plugin',
    old: 'quota',
    now: 'quota NAME { driver }',
    by: root,
    why: 'Each root is a named block. `count` replaces `dict`, and quota_clone goes on writing the dictionary; `dirsize` is removed.',
    source: SOURCE,
  },
  {
    place: 'plugin',
    old: 'quota_rule',
    now: 'quota_storage_size, quota_message_count; mailbox NAME { quota_storage_extra, quota_ignore }',
    by: rule,
    why: 'Each limit is a setting; the limits of one mailbox belong in its block.',
    source: SOURCE,
  },
  {
    place: 'plugin',
    old: 'quota_warning',
    now: 'quota NAME { warning NAME { quota_storage_percentage; execute } }',
    by: warning,
    why: 'Each warning is a block.',
    source: SOURCE,
  },
  {
    ...renamed('quota_grace', 'quota_storage_grace'),
    by: ({ value }, scope) => {
      const percent = /^(\d+)%%?$/.exec(value)?.[1];
      return { lines: [percent === undefined ? `quota_storage_grace = ${value}` : graceOf(Number(percent), scope)] };
    },
    why: 'The value is a size; a percentage becomes that part of the limit in the files, else 10M.',
  },
  { ...renamed('quota_max_mail_size', 'quota_mail_size'), value: unlimited },
  {
    ...renamed('quota_vsizes', ''),
    by: () => ({ drop: true }),
    why: '2.4 always counts virtual sizes.',
  },
  {
    ...renamed('quota_set', ''),
    by: () => refuse('remove it: 2.4 cannot set limits over IMAP'),
    why: 'Removed.',
  },
  renamed('quota_over_flag', 'quota_over_status_current'),
  renamed('quota_over_flag_value', 'quota_over_status_mask'),
  renamed('quota_over_flag_lazy_check', 'quota_over_status_lazy_check'),
  {
    place: 'plugin',
    old: 'quota_over_script',
    now: 'quota_over_status { execute NAME { args } }',
    by: overScript,
    why: 'An `execute` block runs the program.',
    source: SOURCE,
  },
];
