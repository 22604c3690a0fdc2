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

/**
 * The limits from a field that has a whole rule, such as `*:storage=1G` in a passwd-file. A pattern that does not match leaves the text as it is.
 * Without the field the limit of all users holds. The grace is a tenth: the last digit goes; of megabytes it is 100 kilobytes.
 */
export function ownLimits(field: string, scope: Scope): string[] {
  const common = commonLimit(scope);
  const size = (missing: string): string[] => [
    `${field} | default('${missing}')`,
    "regexp('^[*]:storage=([0-9]+)(:.*)?$', '\\\\1k')",
    "regexp('^[*]:(storage|bytes)=([0-9]+[bkmgtBKMGT]?).*$', '\\\\2')",
  ];
  return [
    `quota_storage_size = %{${size(common).join(' | ')}}`,
    ...(gracePercent(scope) === 10
      ? [`quota_storage_grace = %{${[...size(common === 'unlimited' ? '0' : common), ...TENTH].join(' | ')}}`]
      : []),
  ];
}
