import { listMembers, permitUsers } from '../../formats/text/lists.ts';
import type { Merge } from '../../fragments/fragment.ts';
import { expandVariables } from '../../formats/postfix/expand-variables.ts';
import { asStrict, raised } from './strictness.ts';

/** What a setting should become: `to` (null: gone), or left as it is, with the reason where there is something to say. */
export type MergeDecision =
  | { readonly to: string | null; readonly note?: string }
  | { readonly keep: true; readonly note?: string; readonly level?: 'info' | 'warning' };

const KEEP: MergeDecision = { keep: true };

/**
 * How a fragment meets what the admin has. The one rule above all: never weaken.
 * @param current what holds now, null where it is not set
 * @param read the value of another setting of main.cf: for `$name` in a value, and older settings that imply a level
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

/** A list that would be empty stays: nobody could log in any more by what was taken for granted here. */
function without(
  { members, last }: Merge & { how: 'without' },
  current: string | null,
  read: (setting: string) => string | null,
): MergeDecision {
  if (current === null) return KEEP;
  const isOut = (word: string): boolean => members.includes(word.toLowerCase());
  // Words that stand behind a $name stay written so, unless what is to go stands there too.
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

/** Yes and no are words that the daemons take in any case; all else is taken as it stands. */
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
  // The old word counts only as long as the new one is not there (Postfix postconf(5), smtpd_enforce_tls).
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
  { members, unset }: Merge & { how: 'member' },
  current: string | null,
  read: (setting: string) => string | null,
): MergeDecision {
  // A list that is set to nothing decides nothing, as if it were not set.
  if (unset === 'leave' && (current ?? '') === '') return KEEP;
  if (current === null) return { to: members.join(' ') };
  const has = listMembers(expandVariables(current, read)).map((word) => word.toLowerCase());
  const missing = members.filter((word) => !has.includes(word.toLowerCase()));
  if (missing.length === 0) return KEEP;
  const gap = current.includes(',') ? ', ' : ' ';
  return { to: [current, ...missing].filter(Boolean).join(gap) };
}

/** The admin's explicit word against it stays. */
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

/** A list whose refusal stands behind a `$name` stays. */
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
