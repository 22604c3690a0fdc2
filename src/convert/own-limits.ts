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

/**
 * `quota_storage_size` from a field that has a whole rule, such as `*:storage=1G` in a passwd-file. A pattern that does not match leaves the
 * text as it is. Without the field the limit of all users holds.
 */
export function ownQuota(field: string, scope: Scope): string {
  const steps = [
    `default('${commonLimit(scope)}')`,
    "regexp('^[*]:storage=([0-9]+)(:.*)?$', '\\\\1k')",
    "regexp('^[*]:(storage|bytes)=([0-9]+[bkmgtBKMGT]?).*$', '\\\\2')",
  ];
  return `quota_storage_size = %{${[field, ...steps].join(' | ')}}`;
}
