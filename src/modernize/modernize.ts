/** Writes what a version of Postfix removed, renamed or warns of as that version has it. Lossless and pure. */
import {
  NAKED_TABLES,
  REMOVED_RESTRICTIONS,
  meaningOfRemoved,
  relayClients,
} from '../formats/postfix/removed-restrictions.ts';
import { restrictions, type Restriction } from '../formats/postfix/restrictions.ts';
import type { MasterService } from '../formats/postfix/master-cf.ts';
import { satisfies } from '../formats/versions.ts';
import type { Note } from '../model/index.ts';
import { editAt, occurrences, referenceTo, removeAt, replaceAt, setAt, valueAt, type SettingPlace, type PostfixTrees } from './places.ts'; // oxfmt-ignore
import type { PostfixRule } from './rule.ts';
import { POSTFIX_RULES } from './rules.ts';
import { levelNameOf } from './rules-tls.ts';
import { hasLevel, oldLevel, type ReadParameter } from './tls-level.ts';

/** One parameter that was rewritten. `after` is null if it went; `to` is its name afterwards. */
export interface Rewritten {
  readonly rule: PostfixRule;
  readonly at: SettingPlace;
  readonly to: string;
  readonly after: string | null;
  /** What the rewriting does not keep: a note for people. */
  readonly loss: string | null;
}

/** A place where a rule applies and nothing is written. */
export interface ToldPlace {
  readonly rule: PostfixRule;
  readonly at: SettingPlace;
  readonly level: Note['level'];
  readonly todo: string;
}

export interface Modernized {
  readonly trees: PostfixTrees;
  readonly rewritten: readonly Rewritten[];
  readonly told: readonly ToldPlace[];
}

export interface Modernizing {
  /** Postfix's version, whose words the files shall have. */
  readonly version: string;
  readonly tasks: readonly string[];
  readonly read: ReadParameter;
}

interface Edit {
  readonly trees: PostfixTrees;
  readonly to: string;
  readonly after: string | null;
  readonly loss?: string | null;
}
/** Null: the rule does not concern this place. A text: it stays, and the text says what to do. */
type Outcome = Edit | string | null;

export function modernize(found: PostfixTrees, how: Modernizing): Modernized {
  const rules = POSTFIX_RULES.filter(
    ({ since, task }) => satisfies(how.version, `>=${since}`) && how.tasks.includes(task),
  );
  let trees = found;
  const rewritten: Rewritten[] = [];
  const told: ToldPlace[] = [];
  // The old parameters of TLS are judged together, as they were.
  const all = occurrences(found);
  const classes = restrictionClasses(found);
  for (const rule of rules) {
    for (const at of all.filter((one) => concerns(rule, one, found, classes))) {
      const { step } = rule;
      if (step.how === 'keep') continue;
      if (step.how === 'tell') {
        told.push({ rule, at, level: step.level, todo: step.todo });
        continue;
      }
      const done = apply(rule, at, trees, found, how);
      if (done === null) continue;
      if (typeof done === 'string') told.push({ rule, at, level: 'warning', todo: done });
      else {
        trees = done.trees;
        rewritten.push({ rule, at, to: done.to, after: done.after, loss: done.loss ?? null });
      }
    }
  }
  return { trees, rewritten, told };
}

function concerns(
  rule: PostfixRule,
  { name, value }: SettingPlace,
  trees: PostfixTrees,
  classes: ReadonlySet<string>,
): boolean {
  switch (rule.kind) {
    case 'restriction':
      return isList(name, classes) && restrictions(value).some((one) => one.name === rule.what);
    case 'parameter':
      return name === rule.what;
    case 'table':
      return new RegExp(`(^|[^\\w])${rule.what}`).test(value);
    case 'default':
      return name === rule.onlyWith && value !== '' && valueAt(trees, null, rule.what) === null;
    case 'service':
      return false;
  }
}

/** The names of smtpd_restriction_classes: each is a parameter that holds restrictions. */
function restrictionClasses(trees: PostfixTrees): ReadonlySet<string> {
  return new Set((valueAt(trees, null, 'smtpd_restriction_classes') ?? '').split(/[\s,]+/));
}

/** A parameter that holds restrictions: a list of smtpd, a macro for one (`mua_…`), or a restriction class. */
function isList(name: string, classes: ReadonlySet<string>): boolean {
  return /_restrictions$/.test(name) || classes.has(name);
}

function apply(
  rule: PostfixRule,
  at: SettingPlace,
  trees: PostfixTrees,
  found: PostfixTrees,
  how: Modernizing,
): Outcome {
  const { step } = rule;
  // The tree may have another value by now: two removed restrictions in one list.
  const value = valueAt(trees, at.service, at.name);
  if (value === null) return null;
  switch (step.how) {
    case 'meaning':
      return inMeaning(rule.what, { ...at, value }, trees, how);
    case 'rename':
      return renamed(at, step.to, step.value ? step.value(value) : value, trees, found);
    case 'drop':
      if (step.only && !step.only.test(value)) return step.todo ?? '';
      return goes(at, trees);
    case 'value':
      if (!step.from.test(value)) return null;
      return { trees: setAt(trees, at.service, at.name, step.to), to: at.name, after: step.to };
    case 'level': {
      const set = hasLevel(step.side, at.service, how.read);
      if (set || !serves(at.service, step.side)) return goes(at, trees);
      const level = oldLevel(step.side, at.service, how.read);
      // In main.cf no TLS is the default. An entry may have to say it against main.cf.
      if (level === 'none' && !at.service && !/^(postscreen|tlsproxy)/.test(step.side)) return goes(at, trees);
      return becomes(at, levelNameOf(step.side), level, trees);
    }
    case 'dns': {
      const sides = at.service ? [at.service.command] : ['smtp', 'lmtp'];
      const yes = value.toLowerCase() === 'yes';
      const open = sides.filter((side) => /^(smtp|lmtp)$/.test(side) && how.read(at.service, `${side}_dns_support_level`) === ''); // oxfmt-ignore
      const against = at.service !== null && how.read(null, 'disable_dns_lookups').toLowerCase() === 'yes';
      if (open.length === 0 || (!yes && !against)) return goes(at, trees);
      const level = yes ? 'disabled' : 'enabled';
      return open.reduce<Outcome>(
        (before, side, index) => {
          if (before === null || typeof before === 'string') return before;
          const name = `${side}_dns_support_level`;
          const next =
            index === 0 ? replaceAt(before.trees, at, name, level) : setAt(before.trees, at.service, name, level);
          return { trees: next, to: name, after: level };
        },
        { trees, to: at.name, after: value },
      );
    }
    case 'tell':
    case 'keep':
      return null;
  }
}

/** Does this program read the parameters of this side? */
function serves(service: MasterService | null, side: string): boolean {
  return service === null || service.command === side || (side === 'tlsproxy_client' && service.command === 'tlsproxy');
}

function goes(at: SettingPlace, trees: PostfixTrees): Outcome {
  const by = referenceTo(trees, at.name);
  if (by) return `${by.name} takes its value: write the value there, and remove ${at.name}`;
  return { trees: removeAt(trees, at.service, at.name), to: at.name, after: null };
}

function becomes(at: SettingPlace, to: string, value: string, trees: PostfixTrees): Outcome {
  const by = referenceTo(trees, at.name);
  if (by) return `${by.name} takes its value: write ${to} there, and remove ${at.name}`;
  // Another old parameter of the same place has been written as this one before.
  if (valueAt(trees, at.service, to) !== null) return goes(at, trees);
  return { trees: replaceAt(trees, at, to, value), to, after: value };
}

/** The new parameter outranks the old one, wherever it is set. */
function renamed(
  at: SettingPlace,
  to: string,
  value: string | null,
  trees: PostfixTrees,
  found: PostfixTrees,
): Outcome {
  const outranked = valueAt(found, at.service, to) !== null || valueAt(found, null, to) !== null;
  if (outranked || value === null) return goes(at, trees);
  return becomes(at, to, value, trees);
}

/** The list with the meaning of each removed restriction in its place. */
function inMeaning(what: string, at: SettingPlace, trees: PostfixTrees, { read }: Modernizing): Outcome {
  const of = (name: string): string => read(at.service, name);
  const all = restrictions(at.value);
  const between = at.value.includes(',') || all.length === 1 ? ', ' : ' ';
  let loss: string | null = null;
  const edits = all.flatMap((one, index) => {
    if (one.name !== what) return [];
    const meant = wordsFor(one, index, all, at.name, of);
    loss ??= meant.loss;
    const gone = meant.words.length === 0 ? around(at.value, one) : one;
    return [{ start: gone.start, end: gone.end, text: meant.words.join(between) }];
  });
  const next = editAt(trees, at, edits);
  return { trees: next, to: at.name, after: valueAt(next, at.service, at.name), loss };
}

function wordsFor(
  one: Restriction,
  index: number,
  all: readonly Restriction[],
  list: string,
  of: (name: string) => string,
): { readonly words: readonly string[]; readonly loss: string | null } {
  const meaning = meaningOfRemoved(one, of) ?? [];
  if (one.name === 'permit_naked_ip_address' && decidesAboutRelaying(index, all, list, of)) {
    return {
      words: meaning.map((text) => text.replace(NAKED_TABLES.everywhere, () => NAKED_TABLES.here)),
      loss: 'it let every client that greets with an address relay anywhere: from now on only mail for this host is permitted by that',
    };
  }
  if (one.name === 'check_relay_domains') {
    const { tables } = relayClients(of);
    const loss = tables.length > 0 ? `it also let clients relay whose name is in ${tables.join(', ')} (relay_domains): nothing replaces that; put their networks into mynetworks` : null; // oxfmt-ignore
    const isLast = index === all.length - 1 && !one.warns;
    return { words: isLast ? meaning.filter((text) => text !== 'permit_auth_destination') : meaning, loss };
  }
  return { words: meaning, loss: null };
}

const RELAY_REFUSALS = ['reject_unauth_destination', 'defer_unauth_destination', 'reject', 'defer', 'check_relay_domains']; // oxfmt-ignore

/** Would a permit here let a stranger relay: has nothing refused that before, and does no other list? */
function decidesAboutRelaying(
  index: number,
  all: readonly Restriction[],
  list: string,
  of: (name: string) => string,
): boolean {
  const refuses = (some: readonly Restriction[]): boolean => some.some(({ name, warns }) => !warns && RELAY_REFUSALS.includes(name)); // oxfmt-ignore
  if (/^smtpd_(client|helo|sender|data|end_of_data|etrn)_restrictions$/.test(list)) return false;
  if (refuses(all.slice(0, index))) return false;
  const other = list === 'smtpd_relay_restrictions' ? 'smtpd_recipient_restrictions' : 'smtpd_relay_restrictions';
  const guard = list === 'smtpd_relay_restrictions' || list === 'smtpd_recipient_restrictions' ? restrictions(of(other)) : []; // oxfmt-ignore
  const permits = guard.findIndex(({ name }) => name === 'permit' || name === 'permit_naked_ip_address');
  return !refuses(permits < 0 ? guard : guard.slice(0, permits));
}

const isRemoved = (name: string): boolean => (REMOVED_RESTRICTIONS as readonly string[]).includes(name);

/** Does a list hold a restriction that Postfix 3.9 removed? */
export function hasRemoved(trees: PostfixTrees): boolean {
  const classes = restrictionClasses(trees);
  return occurrences(trees).some((one) => isList(one.name, classes) && restrictions(one.value).some(({ name }) => isRemoved(name))); // oxfmt-ignore
}

/** A member with the separator behind it; at the end of the list, with the one before it. */
function around(value: string, { start, end }: Restriction): { readonly start: number; readonly end: number } {
  const behind = /^[\s,]*/.exec(value.slice(end))?.[0].length ?? 0;
  if (end + behind < value.length) return { start, end: end + behind };
  return { start: start - (/[\s,]*$/.exec(value.slice(0, start))?.[0].length ?? 0), end: value.length };
}
