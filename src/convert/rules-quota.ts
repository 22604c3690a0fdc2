import { nested, refuse, type OldSetting, type Converted, type Rule, type Scope } from './conversion.ts';
import { inMailbox } from './mailboxes.ts';
import { convertVariables } from './variables.ts';
import { unlimited } from './old-values.ts';

const SOURCE = 'Dovecot documentation, quota plugin';

/** `quota2_rule3` → 2; the first root has no number. */
const rootOf = (key: string): string => /^quota(\d*)/.exec(key)?.[1] ?? '';

/** The root's name as IMAP shows it. 2.4 requires a name. */
function nameOf(number: string, { plugin }: Scope): string {
  const [, name] = (plugin(`quota${number}`) ?? '').split(':');
  return name || `User quota${number && ` ${number}`}`;
}

const isOnly = ({ plugin }: Scope): boolean => plugin('quota2') === null;

const header = (number: string, scope: Scope): string => `quota "${nameOf(number, scope)}"`;

function root({ key, value }: OldSetting, scope: Scope): Converted {
  if (value === '') return { drop: true };
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
  return { lines: nested(header(rootOf(key), scope), lines) };
}

/** `*:storage=1G:messages=1000`, `Trash:storage=+100M`, `SPAM:ignore` */
function rule({ key, value }: OldSetting, scope: Scope): Converted {
  const [mailbox = '', ...limits] = value.split(':');
  const lines: string[] = [];
  for (const limit of limits) {
    const line = mailbox === '*' ? whole(limit) : extra(limit);
    if (typeof line !== 'string') return line;
    lines.push(line);
  }
  if (mailbox === '?' || lines.length === 0)
    return refuse(`rewrite the rule ${value} in 2.4 syntax: harden-mail cannot convert it`);
  if (mailbox !== '*') return inMailbox(mailbox, lines, scope);
  if (isOnly(scope)) return { lines: lines.map((line) => `quota_${line}`) };
  return { lines: nested(header(rootOf(key), scope), lines) };
}

/** A limit for the whole root. For `storage` a bare number meant kilobytes. */
function whole(limit: string): string | { readonly refuse: string } {
  const [, kind, text = ''] = /^(storage|bytes|messages)=(\d+[bkmgt]?)$/i.exec(limit) ?? [];
  if (kind === undefined) return refuse(`set a numeric limit: ${limit} is not one`);
  if (kind === 'messages') return `message_count = ${unlimited(text)}`;
  if (/^0\D?$/.test(text)) return 'storage_size = unlimited';
  return `storage_size = ${/^\d+$/.test(text) && kind === 'storage' ? `${text}k` : text}`;
}

/** The limit of one mailbox, relative to the root's. */
function extra(limit: string): string | { readonly refuse: string } {
  if (limit === 'ignore') return 'quota_ignore = yes';
  const [, kind, text = '', percent] = /^(storage|bytes)=\+(\d+[bkmgt]?)(%%?)?$/i.exec(limit) ?? [];
  if (kind === undefined) return refuse(`set a limit with a \`+\` for this mailbox: ${limit} is not one`);
  if (percent !== undefined) return `quota_storage_percentage = ${100 + Number(text)}`;
  return `quota_storage_extra = ${/^\d+$/.test(text) && kind === 'storage' ? `${text}k` : text}`;
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
    why: 'Each root is a named block. The drivers `dict` and `dirsize` are removed.',
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
    value: (value) => (value.includes('%') ? refuse('set quota_grace to a size: 2.4 accepts no percentage') : value),
    why: 'Renamed; the value is a size.',
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
