import { restrictions, type Restriction } from '../postfix/restrictions.ts';
import { splitWords } from './split-words.ts';

/** Postfix's lists: words separated by commas and white space. For smtpd's restriction lists see restrictions.ts. */

const SEPARATORS = ', \t\r\n';

/** The words of a list value; `{ … }` is one word, `check_policy_service inet:127.0.0.1:10023` is two. */
export function listMembers(value: string): string[] {
  return splitWords(value, SEPARATORS).map(({ text }) => text);
}

/** Restrictions that refuse to relay for strangers, each at least as strict as reject_unauth_destination. */
const RELAY_REJECTS = ['reject_unauth_destination', 'defer_unauth_destination', 'reject', 'defer'];
const USERS = 'permit_sasl_authenticated';

/**
 * A list that decides about relaying, with `permit_sasl_authenticated` directly before the restriction that refuses to relay. A
 * permit never goes before a check: if a check follows that position, or if `check_sasl_access` in the list says which users may
 * relay, the list is kept, with the reason. A list that refuses nobody stays as it is.
 */
export function permitUsers(value: string): { readonly value: string } | { readonly kept: string } {
  const all = restrictions(value);
  const stop = all.findIndex((one) => !one.warns && (one.name === 'permit' || RELAY_REJECTS.includes(one.name)));
  const refusal = all[stop];
  const before = stop < 0 ? all : all.slice(0, stop);
  if (!refusal || refusal.name === 'permit' || before.some(({ name }) => name === USERS)) return { value };
  if (all.some(({ name }) => name === USERS)) return { kept: `${refusal.name} stands before ${USERS}: moving it would permit mail that is refused now` }; // oxfmt-ignore
  const allowlist = before.find(({ name }) => name === 'check_sasl_access');
  if (allowlist) return { kept: `${allowlist.text} says which users may relay` };
  const behind = all.slice(stop + 1).filter(({ name }) => !decidesByName(name));
  if (behind.length > 0) return { kept: `users would bypass ${behind.map(({ text }) => text).join(', ')}` }; // oxfmt-ignore
  return { value: insertUnits(value, all, stop, [USERS]) };
}

/** Does the name alone permit or refuse? */
const decidesByName = (name: string): boolean => name.startsWith('permit') || RELAY_REJECTS.includes(name);

/**
 * The value with a member inserted directly before another one (its name without argument, in any case), or at the end if
 * `before` is null or not in the list. A member that is already in the list stays where it is.
 */
export function insertMember(value: string, member: string, before: string | null): string {
  const all = restrictions(value);
  const wanted = listMembers(member).join(' ').toLowerCase();
  if (all.some(({ text }) => text.toLowerCase() === wanted)) return value;
  const at = before === null ? -1 : all.findIndex(({ name }) => name === before.toLowerCase());
  return insertUnits(value, all, at < 0 ? all.length : at, [member]);
}

/** Inserts members before the `at`-th unit, with the separator that its neighbours have: comma or blank. */
function insertUnits(value: string, all: readonly Restriction[], at: number, members: readonly string[]): string {
  const right = Math.max(1, Math.min(at, all.length - 1));
  const [one, other] = [all[right - 1], all[right]];
  const gap = one && other && !value.slice(one.end, other.start).includes(',') ? ' ' : ', ';
  const next = all[at];
  if (next) return value.slice(0, next.start) + members.join(gap) + gap + value.slice(next.start);
  const last = all.at(-1);
  if (!last) return members.join(gap);
  const trailing = /^[ \t\r\n]*,/.test(value.slice(last.end));
  return `${value.slice(0, last.end)}${gap}${members.join(gap)}${trailing ? value.slice(last.end) : ''}`;
}
