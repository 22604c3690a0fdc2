import { splitWords } from './words.ts';

/**
 * Postfix's lists, and the restriction lists of smtpd above all (postconf(5), SMTPD_ACCESS_README): words apart at commas
 * and white space, evaluated from left to right; the first that permits or rejects decides.
 */

const APART = ', \t\r\n';

/** The words of a list value; `{ … }` is one. `check_policy_service inet:127.0.0.1:10023` is two. */
export function listMembers(value: string): string[] {
  return splitWords(value, APART).map(({ text }) => text);
}

/** What refuses to relay for strangers, each as strict as reject_unauth_destination or stricter in what it refuses. */
const RELAY_REJECTS = new Set(['reject_unauth_destination', 'defer_unauth_destination', 'reject', 'defer']);
const TAKES_ARGUMENT =
  /^(?:warn_if_reject )?(?:check_\w+_access|check_policy_service|reject_rbl_client|reject_rhsbl_\w+|permit_dnswl_client|permit_rhswl_client|sleep)$/;

/** A restriction with its prefix and argument, as one unit that nothing may be put into. */
interface Unit {
  /** Its words, one blank between them, in lower case. */
  readonly text: string;
  /** The restriction's name in lower case; empty where it does not decide (`warn_if_reject …`). */
  readonly name: string;
  readonly start: number;
  readonly end: number;
}

function units(value: string): Unit[] {
  const words = splitWords(value, APART);
  const found: Unit[] = [];
  for (let at = 0; at < words.length; at++) {
    const { text = '', start = 0 } = words[at] ?? {};
    const unit = { text: text.toLowerCase(), name: text.toLowerCase(), start, end: start + text.length };
    const take = () => {
      const next = words[++at];
      if (!next) return;
      unit.text += ` ${next.text.toLowerCase()}`;
      unit.end = next.start + next.text.length;
    };
    if (unit.name === 'warn_if_reject' && at + 1 < words.length) {
      take();
      unit.name = '';
    }
    if (TAKES_ARGUMENT.test(unit.text)) take();
    found.push(unit);
  }
  return found;
}

export interface Ensured {
  readonly value: string;
  /** Restrictions, in lower case, that were asked about everybody and are not about those who are permitted now. */
  readonly passed: readonly string[];
}

/**
 * The value with all of `wanted` in it, such that each wanted `permit_…` comes before what refuses to relay. The admin's
 * own entries, their order and the layout stay. Where nothing is missing the value comes back as it is.
 *
 * - Permits may stand in any order among themselves: that changes nothing.
 * - The admin's `defer_unauth_destination`, `reject` and `defer` count as a wanted `reject_unauth_destination`.
 * - A missing permit goes directly before what refuses to relay, as late as it can; where nothing does, behind the
 *   last wanted permit, else to the end, so that no check of the admin's is passed by.
 * - A missing `reject_unauth_destination` goes directly behind the last wanted permit.
 * - Nothing goes behind a `permit`, which lets everything through.
 * - A wanted permit that stands only behind what refuses to relay is a conflict: moving it to the front would permit
 *   what the admin refuses.
 * - An admin who refuses to relay without permit_mynetworks refuses his own networks too: it is not wanted then.
 */
export function ensureMembers(value: string, wanted: readonly string[]): Ensured | { readonly conflict: string } {
  const reject = wanted.find((member) => RELAY_REJECTS.has(member));
  const all = units(value);
  const stop = all.findIndex(({ name }) => name === 'permit' || RELAY_REJECTS.has(name));
  const refuses = RELAY_REJECTS.has(all[stop]?.name ?? '');
  const live = stop < 0 ? all : all.slice(0, stop);
  const permits = wanted.filter(
    (member) => member.startsWith('permit_') && !(refuses && member === 'permit_mynetworks'),
  );
  const missing = permits.filter((permit) => !live.some(({ name }) => name === permit));
  const late = refuses && missing.find((permit) => all.some(({ name }) => name === permit));
  if (late) {
    return { conflict: `${all[stop]?.name ?? ''} stands before ${late}: moving it would permit what is refused now` };
  }
  const added = refuses || !reject ? missing : [...missing, reject];
  if (added.length === 0) return { value, passed: [] };
  const lastPermit = live.findLastIndex(({ name }) => permits.includes(name));
  const at = refuses ? stop : lastPermit >= 0 ? lastPermit + 1 : live.length;
  const behind = refuses ? all.slice(stop + 1).filter(({ name }) => !isDecided(name)) : [];
  return { value: insertUnits(value, all, at, added), passed: behind.map(({ text }) => text) };
}

/** Behind a refusal to relay these change nothing. */
const isDecided = (name: string): boolean => name.startsWith('permit') || RELAY_REJECTS.has(name);

/** Is there a restriction in it that looks at who sends what to whom, beside those that permit or refuse by their name alone? */
export function hasChecks(value: string): boolean {
  return units(value).some(({ name }) => name !== '' && !isDecided(name));
}

/**
 * The value with a member put directly before another one (its name without argument, in any case), or at the end where
 * `before` is null or not in the list. A member that is in the list already stays where it is.
 */
export function insertMember(value: string, member: string, before: string | null): string {
  const all = units(value);
  const wanted = listMembers(member).join(' ').toLowerCase();
  if (all.some(({ text }) => text === wanted)) return value;
  const at = before === null ? -1 : all.findIndex(({ name }) => name === before.toLowerCase());
  return insertUnits(value, all, at < 0 ? all.length : at, [member]);
}

/** Puts members before the `at`-th unit, apart from their neighbours as these are from one another: by comma or blank. */
function insertUnits(value: string, all: readonly Unit[], at: number, members: readonly string[]): string {
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
