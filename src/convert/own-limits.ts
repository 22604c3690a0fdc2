/** The limits of a user's own, where a database has them in 2.3's words or lacks them for some users. */
import type { Scope } from './conversion.ts';

/** The storage limit of all users in 2.4's words: the first `*:storage=` or `*:bytes=` of `quota_rule`; without one there is none. */
export function commonLimit({ plugin }: Scope): string {
  const rules = ['', '2', '3', '4'].map((number) => plugin(`quota_rule${number}`) ?? '');
  const [, kind, text = ''] = rules.map((rule) => RULE.exec(rule)).find((found) => found !== null) ?? [];
  if (kind === undefined || /^0/.test(text)) return 'unlimited';
  return kind.toLowerCase() === 'storage' && /^\d+$/.test(text) ? `${text}k` : text;
}

const RULE = /^\*:(?:messages=\d+:)?(storage|bytes)=(\d+[bkmgt]?)/i;

/** The part of each limit by which the last mail may exceed it, in percent; null: `quota_grace` is a size, or there is no quota. */
export function gracePercent({ plugin }: Scope): number | null {
  if (plugin('quota') === null) return null;
  const said = plugin('quota_grace');
  const percent = /^(\d+)%%?$/.exec(said ?? '10%')?.[1];
  return percent === undefined ? null : Number(percent);
}

/**
 * A tenth of a size: of megabytes it is 100 kilobytes, and so on; of smaller units the last digit goes. 2.4.1 replaces the whole text that a pattern
 * is found in, later versions the part that fits it; and they take `\100` for the hundredth part of a pattern. So the zeros come from the text.
 */
export const TENTH: readonly string[] = [
  "regexp('^(.*)$', '\\\\1:00')",
  "regexp('^([0-9]+)[0-9][bB]?:00$', '\\\\1')",
  "regexp('^([0-9]+)[0-9][kK]:00$', '\\\\1k')",
  "regexp('^([0-9]+)[mM]:(00)$', '\\\\1\\\\2k')",
  "regexp('^([0-9]+)[gG]:(00)$', '\\\\1\\\\2M')",
  "regexp('^([0-9]+)[tT]:(00)$', '\\\\1\\\\2G')",
  "regexp('^(.*):00$', '\\\\1')",
];

const MESSAGES = /^\*:(?:.*:)?messages=(\d+)/i;

/** The number of mails that all users may have, as `commonLimit` has their size. */
function commonCount({ plugin }: Scope): string {
  const count = MESSAGES.exec(plugin('quota_rule') ?? '')?.[1] ?? '0';
  return /^0+$/.test(count) ? 'unlimited' : count;
}

/**
 * The limits from a field that has a whole rule, such as `*:storage=1G:messages=9` in a passwd-file or `sql:old_quota_rule`. A pattern that does not match
 * leaves the text as it is, which is no size: 2.4 ends the session with an error. Without the field the limits of all users hold. The grace is a
 * tenth: the last digit goes; of megabytes it is 100 kilobytes.
 */
export function ownLimits(field: string, scope: Scope): string[] {
  const common = commonLimit(scope);
  const size = (missing: string, none: string): string[] => [
    `${field} | default('${missing}')`,
    `regexp('^[*]:messages=[0-9]+$', '${none}')`,
    "regexp('^[*]:(messages=[0-9]+:)?storage=([0-9]+)(:.*)?$', '\\\\2k')",
    "regexp('^[*]:(messages=[0-9]+:)?(storage|bytes)=([0-9]+[bkmgtBKMGT]?).*$', '\\\\3')",
  ];
  const count = [
    `${field} | default('${commonCount(scope)}')`,
    "regexp('^[*]:(.*:)?messages=([0-9]+).*$', '\\\\2')",
    "regexp('^[*]:.*$', 'unlimited')",
  ];
  return [
    `quota_storage_size = %{${size(common, 'unlimited').join(' | ')}}`,
    `quota_message_count = %{${count.join(' | ')}}`,
    ...(gracePercent(scope) === 10
      ? [`quota_storage_grace = %{${[...size(common === 'unlimited' ? '0' : common, '0'), ...TENTH].join(' | ')}}`]
      : []),
  ];
}

/** The limit from a field that has what stands behind `*:storage=`: of a bare number kilobytes, or a size with its unit. */
export function ownStorage(field: string, scope: Scope): string[] {
  const common = commonLimit(scope);
  const size = (missing: string): string[] => [
    `${field} | default('${/^\d+$/.test(missing) ? `${missing}B` : missing}')`,
    "regexp('^([0-9]+)$', '\\\\1k')",
  ];
  return [
    `quota_storage_size = %{${size(common).join(' | ')}}`,
    ...(gracePercent(scope) === 10
      ? [`quota_storage_grace = %{${[...size(common === 'unlimited' ? '0' : common), ...TENTH].join(' | ')}}`]
      : []),
  ];
}
