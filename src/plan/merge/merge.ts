import { listMembers, permitUsers } from '../../formats/text/lists.ts';
import type { Merge } from '../../fragments/fragment.ts';
import { expandVariables } from '../../formats/postfix/expand-variables.ts';
import { asStrict, raised } from './strictness.ts';

/** The new value of a setting: `to` (null: removed), or `keep`. The note gives the reason, if the user needs it. */
export type MergeDecision =
  | { readonly to: string | null; readonly note?: string }
  | { readonly keep: true; readonly note?: string; readonly level?: 'info' | 'warning' };

const KEEP: MergeDecision = { keep: true };

/**
 * Merges a fragment with the admin's value. The first rule: never weaken.
 * @param current the value that holds now; null if it is not set
 * @param read reads another setting of main.cf: for `$name` in a value, and for older settings that imply a level
 */
export function merge(wanted: Merge, current: string | null, read: (setting: string) => string | null): MergeDecision {
  switch (wanted.how) {
    case 'set':
      return current !== null && same(expandVariables(current, read), wanted.value) ? KEEP : { to: wanted.value };
    case 'files':
      return listMembers(expandVariables(current ?? '', read)).join() === listMembers(wanted.value).join()
        ? KEEP
        : { to: wanted.value };
    case 'default':
      return current === null ? { to: wanted.value } : KEEP;
    case 'offer':
      return offer(wanted, current, read);
    case 'permit-users':
      return letUsersThrough(current, read);
    case 'remove':
      return current === null ? KEEP : { to: null };
    case 'at-least':
      return atLeast(wanted, current, read);
    case 'member':
      return member(wanted, current, read);
    case 'without':
      return without(wanted, current, read);
    case 'service':
      return KEEP;
  }
}

/**
 * Removes members from a list. A list that would be empty is removed if `last` is `goes`; else it stays, because no user could
 * log in without a member.
 */
function without(
  { members, last }: Merge & { how: 'without' },
  current: string | null,
  read: (setting: string) => string | null,
): MergeDecision {
  if (current === null) return KEEP;
  const isOut = (word: string): boolean => members.includes(word.toLowerCase());
  // Words from a `$name` stay written as `$name`, unless a member to remove is among them.
  const plain = listMembers(current).some(isOut) && !listMembers(expandVariables(current, read)).every(isOut);
  const words = listMembers(plain ? current : expandVariables(current, read));
  const left = words.filter((word) => !isOut(word));
  if (left.length === words.length) return KEEP;
  if (left.length === 0 && last === 'goes') return { to: null };
  if (left.length > 0) return { to: left.join(current.includes(',') ? ', ' : ' ') };
  return {
    keep: true,
    note: `${current} stays: nothing would be left of it without ${members.join(', ')}`,
    level: 'warning',
  };
}

/** The daemons accept yes and no in any case; other values are compared as written. */
function same(current: string, wanted: string): boolean {
  return current === wanted || (/^(yes|no)$/.test(wanted) && current.toLowerCase() === wanted);
}

function atLeast(
  { value, scale }: Merge & { how: 'at-least' },
  current: string | null,
  read: (setting: string) => string | null,
): MergeDecision {
  const implied =
    scale.by === 'ladder' ? scale.implied?.find((old) => old.where.every(([name, is]) => (read(name)?.toLowerCase() ?? null) === is)) : undefined; // oxfmt-ignore
  // The old parameter counts only while the new one is not set (Postfix postconf(5), smtpd_enforce_tls).
  if (current === null || current === '') return { to: implied?.means ?? value };
  const now = expandVariables(current, read);
  const strict = asStrict(now, value, scale);
  if (strict === null) {
    return { keep: true, note: `${current} stays: this tool cannot tell how strict it is`, level: 'warning' };
  }
  if (!strict) return { to: raised(now, value, scale) };
  return now === value ? KEEP : { keep: true, note: `${current} stays: it is as strict as ${value}, or stricter` };
}

function member(
  { members, unset, covered = [] }: Merge & { how: 'member' },
  current: string | null,
  read: (setting: string) => string | null,
): MergeDecision {
  // A list that is set to nothing has no effect, like one that is not set.
  if (unset === 'leave' && (current ?? '') === '') return KEEP;
  if (current === null) return { to: members.join(' ') };
  const has = listMembers(expandVariables(current, read)).map((word) => word.toLowerCase());
  if (covered.some((word) => has.includes(word.toLowerCase()))) return KEEP;
  const missing = members.filter((word) => !has.includes(word.toLowerCase()));
  if (missing.length === 0) return KEEP;
  const gap = current.includes(',') ? ', ' : ' ';
  return { to: [current, ...missing].filter(Boolean).join(gap) };
}

/** Sets a value, unless the admin explicitly declined it. */
function offer(
  { value, declined }: Merge & { how: 'offer' },
  current: string | null,
  read: (setting: string) => string | null,
): MergeDecision {
  if (current === null) return { to: value };
  const now = expandVariables(current, read);
  if (same(now, value)) return KEEP;
  return same(now, declined) ? { keep: true, note: `${current} stays: you have set it so` } : { to: value };
}

/** Lets logged-in users through a restriction list. A list whose refusal is in a `$name` stays. */
function letUsersThrough(current: string | null, read: (setting: string) => string | null): MergeDecision {
  if ((current ?? '').trim() === '') return KEEP;
  const now = expandVariables(current!, read);
  const result = permitUsers(now);
  if ('kept' in result) return { keep: true, note: `${current} stays, so users cannot send by it: ${result.kept}`, level: 'warning' }; // oxfmt-ignore
  if (result.value === now) return KEEP;
  const edited = permitUsers(current!);
  if ('value' in edited && expandVariables(edited.value, read) === result.value) return { to: edited.value };
  return { keep: true, note: `${current} stays, so users cannot send by it: permit_sasl_authenticated belongs in it, before what refuses to relay`, level: 'warning' }; // oxfmt-ignore
}
