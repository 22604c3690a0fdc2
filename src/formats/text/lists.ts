import { restrictions, type Restriction } from '../postfix/restrictions.ts';
import { splitWords } from './split-words.ts';

/** Postfix's lists: words separated by commas and white space; see restrictions.ts for those of smtpd. */

const SEPARATORS = ', \t\r\n';

/** The words of a list value; `{ … }` is one. `check_policy_service inet:127.0.0.1:10023` is two. */
export function listMembers(value: string): string[] {
  return splitWords(value, SEPARATORS).map(({ text }) => text);
}

/** What refuses to relay for strangers, each as strict as reject_unauth_destination or stricter in what it refuses. */
const RELAY_REJECTS = ['reject_unauth_destination', 'defer_unauth_destination', 'reject', 'defer'];
const USERS = 'permit_sasl_authenticated';

/**
 * A list that decides about relaying, with users let through: `permit_sasl_authenticated` directly before what refuses to
 * relay. A permit never goes before a check: where a check stands behind that place, or where the list says by
 * `check_sasl_access` which users may relay, the list is kept, with the reason. A list that refuses nobody stays as it is.
 */
export function permitUsers(value: string): { readonly value: string } | { readonly kept: string } {
  const all = restrictions(value);
  const stop = all.findIndex((one) => !one.warns && (one.name === 'permit' || RELAY_REJECTS.includes(one.name)));
  const refusal = all[stop];
  const before = stop < 0 ? all : all.slice(0, stop);
  if (!refusal || refusal.name === 'permit' || before.some(({ name }) => name === USERS)) return { value };
  if (all.some(({ name }) => name === USERS)) return { kept: `${refusal.name} stands before ${USERS}: moving it would permit what is refused now` }; // oxfmt-ignore
  const allowlist = before.find(({ name }) => name === 'check_sasl_access');
  if (allowlist) return { kept: `${allowlist.text} says which users may relay` };
  const behind = all.slice(stop + 1).filter(({ name }) => !decidesByName(name));
  if (behind.length > 0) return { kept: `users would no longer be asked about by ${behind.map(({ text }) => text).join(', ')}` }; // oxfmt-ignore
  return { value: insertUnits(value, all, stop, [USERS]) };
}

/** Permits or refuses by its name alone. */
const decidesByName = (name: string): boolean => name.startsWith('permit') || RELAY_REJECTS.includes(name);

/**
 * The value with a member put directly before another one (its name without argument, in any case), or at the end where
 * `before` is null or not in the list. A member that is in the list already stays where it is.
 */
export function insertMember(value: string, member: string, before: string | null): string {
  const all = restrictions(value);
  const wanted = listMembers(member).join(' ').toLowerCase();
  if (all.some(({ text }) => text.toLowerCase() === wanted)) return value;
  const at = before === null ? -1 : all.findIndex(({ name }) => name === before.toLowerCase());
  return insertUnits(value, all, at < 0 ? all.length : at, [member]);
}

/** Puts members before the `at`-th unit, apart from their neighbours as these are from one another: by comma or blank. */
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
