import { ensureMembers, listMembers } from '../formats/lists.ts';
import type { Merge } from '../fragments/fragment.ts';
import { asStrict } from './strictness.ts';

/** What a setting should become: `to` (null: gone), or left as it is, with the reason where there is something to say. */
export type Decision =
  { readonly to: string | null } | { readonly keep: true; readonly note?: string; readonly level?: 'info' | 'warning' };

const KEEP: Decision = { keep: true };

/**
 * How a fragment meets what the admin has. The one rule above all: never weaken.
 * @param current what holds now, null where it is not set
 * @param read the value of another setting of main.cf, for older settings that imply a level
 * @param comma what parts the members of a new list: master.cf's options are easier to read without white space
 */
export function merge(
  wanted: Merge,
  current: string | null,
  read: (setting: string) => string | null,
  comma: ', ' | ',' = ', ',
): Decision {
  switch (wanted.how) {
    case 'set':
      return current === wanted.value ? KEEP : { to: wanted.value };
    case 'default':
      return current === null ? { to: wanted.value } : KEEP;
    case 'remove':
      return current === null ? KEEP : { to: null };
    case 'at-least':
      return atLeast(wanted, current, read);
    case 'member':
      return member(wanted, current, comma);
    case 'service':
      return KEEP;
  }
}

function atLeast(
  { value, scale }: Merge & { how: 'at-least' },
  current: string | null,
  read: (setting: string) => string | null,
): Decision {
  const implied = scale.by === 'ladder' ? scale.implied?.find((old) => read(old.setting) === old.value) : undefined;
  // The old word counts only as long as the new one is not there (Postfix postconf(5), smtpd_enforce_tls).
  if (current === null || current === '') return { to: implied?.means ?? value };
  if (!asStrict(current, value, scale)) return { to: value };
  return current === value ? KEEP : { keep: true, note: `${current} stays: it is as strict as ${value}, or stricter` };
}

function member({ members, kind, unset }: Merge & { how: 'member' }, current: string | null, comma: string): Decision {
  if (current === null) return unset === 'leave' ? KEEP : { to: members.join(kind === 'words' ? ' ' : comma) };
  if (kind === 'words') {
    const has = listMembers(current).map((word) => word.toLowerCase());
    const missing = members.filter((word) => !has.includes(word));
    if (missing.length === 0) return KEEP;
    const gap = current.includes(',') ? ', ' : ' ';
    return { to: [current, ...missing].filter(Boolean).join(gap) };
  }
  const result = ensureMembers(current, members);
  if ('conflict' in result) return { keep: true, note: result.conflict, level: 'warning' };
  return result.value === current ? KEEP : { to: result.value };
}
