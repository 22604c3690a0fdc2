import { satisfies } from '../formats/versions.ts';
import { nested, refuse, set, type OldSetting, type Converted, type Rule, type Scope } from './conversion.ts';
import { not } from './old-values.ts';
import { imapScript, personal, script, scripts } from './sieve-scripts.ts';
import { convertVariables } from './variables.ts';

const SOURCE = 'Pigeonhole documentation, sieve plugin';

/** 2.3 corrected a default below the minimum; 2.4 does not start with one. */
function defaultPeriod({ key, value }: OldSetting, { plugin }: Scope): Converted {
  const least = plugin('sieve_vacation_min_period') ?? '1d';
  const [said, minimum] = [durationOf(value), durationOf(least)];
  const now = said !== null && minimum !== null && said < minimum ? least : value;
  return { lines: [`${key} = ${withUnit(now)}`] };
}

function durationOf(value: string): number | null {
  const [, number, unit = 's'] = /^(\d+)\s*([smhdw])?[a-z]*$/i.exec(value) ?? [];
  const factor = SECONDS[unit.toLowerCase()];
  return number === undefined || factor === undefined ? null : Number(number) * factor;
}

const withUnit = (value: string): string => (/^\d+$/.test(value) ? `${value} secs` : value);

const EXTENSIONS_GONE = /^(notify|imapflags|vnd\.dovecot\.duplicate)$/;

/**
 * `+editheader -vacation` adds to the default and removes from it; without signs the value is the whole list, as in 2.3. The old words for
 * enotify, imap4flags and duplicate go; the advice of a plan tells of scripts that require them (src/plan/upgrade/upgrade.ts).
 */
function extensions({ key, value }: OldSetting): Converted {
  const said = value.split(/\s+/).filter((word) => word !== '');
  const words = said.filter((word) => !EXTENSIONS_GONE.test(word.replace(/^[-+]/, '')));
  if (said.every((word) => !/^[-+]/.test(word))) return { lines: [`${key} = ${words.join(' ')}`.trimEnd()] };
  if (words.length === 0) return { drop: true };
  return {
    lines: nested(
      key,
      words.map((word) => `${word.replace(/^[-+]/, '')} = ${word.startsWith('-') ? 'no' : 'yes'}`),
    ),
  };
}

/** A bare number of seconds; 2.4 wants the unit. */
const period = (old: string): Rule => ({
  place: 'plugin',
  old,
  now: old,
  value: withUnit,
  why: 'The value is a time with a unit.',
  source: SOURCE,
});

const SECONDS: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3600, d: 86400, w: 604800 };

/** `24h` → the number of seconds, which is what 2.4 takes here. */
function seconds({ key, value }: OldSetting): Converted {
  const duration = durationOf(value);
  return duration === null
    ? refuse(`set a number of seconds: ${value} is not one`)
    : { lines: [`${key} = ${duration}`] };
}

/** `Subject X-Spam` → a block for each header. */
function headerBlocks(...lines: readonly string[]) {
  return ({ value }: OldSetting): Converted => ({
    lines: value.split(/[\s,]+/).filter((name) => name !== '').flatMap((name) => nested(`sieve_editheader_header ${name}`, lines)), // oxfmt-ignore
  });
}

/** `sieve_spamtest_text_value3 = maybe` → a list by number. */
const textValue = (kind: string): Rule => ({
  place: 'plugin',
  old: `sieve_${kind}_text_value`,
  now: `sieve_${kind}_text_value { NUMBER = … }`,
  by: ({ key, value }) => ({ lines: nested(`sieve_${kind}_text_value`, [set(/\d+$/.exec(key)?.[0] ?? '0', value)]) }),
  why: 'A list of numbers with values.',
  source: SOURCE,
});

/** 0 meant no limit, which is the default; 2.4.5 refuses it. */
const limit = (old: string, now: string): Rule => ({
  ...renamed(old, now),
  by: ({ value }) => (/^0\D?$/.test(value) ? { drop: true } : { lines: [`${now} = ${value}`] }),
  why: 'Renamed; 0 meant no limit, which is the default, and 2.4.5 refuses it.',
});

/** Sieve's own delimiter of an address and its detail. */
function delimiter({ value }: OldSetting, { global }: Scope): Converted {
  const same = value === '' || value === (global('recipient_delimiter') ?? '+');
  return same
    ? { drop: true }
    : refuse(`remove it: Sieve takes recipient_delimiter in 2.4, which is not ${value} here`);
}

/** 2.4.1 wants an address that has no variables. */
function email({ value, key }: OldSetting, { version }: Scope): Converted {
  const now = convertVariables(value, key);
  if (typeof now !== 'string') return now;
  if (now.includes('%') && !satisfies(version, '>=2.4.2'))
    return refuse(`remove ${key}, or set one address for all: Dovecot ${version} takes no variables in it`);
  return { lines: [set(key, now)] };
}

const renamed = (old: string, now: string): Rule => ({ place: 'plugin', old, now, why: 'Renamed.', source: SOURCE });
const block = (old: string, now: string, by: Rule['by'], why = 'Each script storage is a block.'): Rule => {
  return { place: 'plugin', old, now, ...(by && { by }), why, source: SOURCE };
};
const merged = (): Converted => ({ lines: [] });

export const sieve: readonly Rule[] = [
  block('sieve', 'sieve_script personal { path; active_path }', personal),
  block('sieve_dir', 'sieve_script personal { path }', (entry, scope) =>
    scope.plugin('sieve') === null
      ? personal({ ...entry, value: `file:${entry.value};active=~/.dovecot.sieve` }, { ...scope, plugin: () => null })
      : merged(),
  ),
  block('sieve_default', 'sieve_script default { type = default; path }', script('default')),
  block('sieve_global_path', 'sieve_script default { type = default; path }', script('default')),
  block('sieve_default_name', 'sieve_script default { name }', ({ value }, { plugin }) =>
    plugin('sieve_default') === null && plugin('sieve_global_path') === null
      ? { drop: true }
      : { lines: nested('sieve_script default', [set('name', value)]) },
  ),
  block('sieve_global', 'sieve_script global { type = global; path }', script('global')),
  block('sieve_global_dir', 'sieve_script global { type = global; path }', script('global')),
  block('sieve_before', 'sieve_script before { type = before; path }', scripts('before')),
  block('sieve_after', 'sieve_script after { type = after; path }', scripts('after')),
  block('sieve_discard', 'sieve_script discard { type = discard; path }', script('discard')),
  block('sieve_extensions', 'sieve_extensions { NAME = yes }', extensions, 'The signs became `yes` and `no`.'),
  block(
    'sieve_global_extensions',
    'sieve_global_extensions { NAME = yes }',
    extensions,
    'The signs became `yes` and `no`.',
  ),
  block('imapsieve_mailbox_before', 'mailbox NAME { sieve_script … { type = before; cause } }', imapScript('before')),
  block('imapsieve_mailbox_after', 'mailbox NAME { sieve_script … { type = after; cause } }', imapScript('after')),
  block('imapsieve_mailbox_name', 'mailbox NAME {', merged, 'It is the name of the block.'),
  block('imapsieve_mailbox_from', 'imapsieve_from NAME {', merged, 'It is the name of the block.'),
  block('imapsieve_mailbox_causes', 'cause', merged, 'It belongs in the block of the script.'),
  limit('sieve_quota_max_storage', 'sieve_quota_storage_size'),
  limit('sieve_quota_max_scripts', 'sieve_quota_script_count'),
  block(
    'sieve_vacation_default_period',
    'sieve_vacation_default_period',
    defaultPeriod,
    'The value is a time with a unit, and not less than the minimum.',
  ),
  {
    ...period('sieve_vacation_max_period'),
    value: (value) => (/^0\D?$/.test(value) ? '36500 days' : withUnit(value)),
    why: 'The value is a time with a unit. 0 meant no limit; 2.4 refuses it, and its default is 60 days: without the setting, too, the limit is written out.',
  },
  ...['vacation_min_period', 'duplicate_default_period'].map((name) => period(`sieve_${name}`)),
  ...['duplicate_max_period', 'max_cpu_time', 'resource_usage_timeout', 'pipe_exec_timeout', 'filter_exec_timeout'].map(
    (name) => period(`sieve_${name}`),
  ),
  period('sieve_execute_exec_timeout'),
  block('sieve_redirect_duplicate_period', 'sieve_redirect_duplicate_period', seconds, 'The value is a number of seconds.'), // oxfmt-ignore
  block('sieve_user_email', 'sieve_user_email', email, '2.4.1 takes no variables in it.'),
  block(
    'sieve_vacation_dont_check_recipient',
    'sieve_vacation_check_recipient',
    ({ value }) => ({ lines: [`sieve_vacation_check_recipient = ${not(value)}`] }),
    'The same setting with its value inverted.',
  ),
  renamed('sieve_variables_max_scope_size', 'sieve_variables_max_scope_count'),
  renamed('sieve_variables_max_variable_size', 'sieve_variables_max_value_size'),
  block('sieve_editheader_protected', 'sieve_editheader_header NAME { forbid_add; forbid_delete }', headerBlocks('forbid_add = yes', 'forbid_delete = yes'), 'A header is a block.'), // oxfmt-ignore
  block('sieve_editheader_forbid_add', 'sieve_editheader_header NAME { forbid_add }', headerBlocks('forbid_add = yes'), 'A header is a block.'), // oxfmt-ignore
  block('sieve_editheader_forbid_delete', 'sieve_editheader_header NAME { forbid_delete }', headerBlocks('forbid_delete = yes'), 'A header is a block.'), // oxfmt-ignore
  ...['sieve_subaddress_sep', 'recipient_delimiter'].map((name) =>
    block(name, '', delimiter, 'recipient_delimiter at the top is the only one.'),
  ),
  textValue('spamtest'),
  textValue('virustest'),
  renamed('sieve_user_log', 'sieve_user_log_path'),
  renamed('sieve_spamtest_max_header', 'sieve_spamtest_score_max_header'),
  renamed('sieve_spamtest_max_value', 'sieve_spamtest_score_max_value'),
  renamed('sieve_virustest_max_header', 'sieve_virustest_score_max_header'),
  renamed('sieve_virustest_max_value', 'sieve_virustest_score_max_value'),
];
