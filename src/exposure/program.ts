import { meaningOfRemoved, NAKED_TABLES } from '../formats/postfix/removed-restrictions.ts';
import { restrictions, type Restriction } from '../formats/postfix/restrictions.ts';
import { splitWords } from '../formats/text/split-words.ts';
import { compareVersions } from '../formats/versions.ts';
import { HardenMailError } from '../model/errors.ts';
import type { Destination } from '../model/index.ts';
import type { Client } from './clients.ts';
import type { Parameters } from './config.ts';

/**
 * smtpd's restriction lists for one class of client and one destination (smtpd_check.c; postconf(5)). A step either decides at
 * once, or is a check whose answer depends on the running host (a table, a policy service, DNS).
 */
export type ProgramStep = Decided | CheckStep | NestedList;

export interface Decided {
  readonly kind: 'permit' | 'refuse';
  readonly by: string;
  /** It refuses this user or this user's sender, for every destination. */
  readonly aboutUser?: true;
  /** A refusal that takes effect only if the recipient would be accepted (`defer_if_permit`): the lists continue until then. */
  readonly late?: true;
}

export interface CheckStep {
  readonly kind: 'check';
  /** The same check in two lists has the same id and the same answer. */
  readonly id: string;
  readonly permits: boolean;
  readonly refuses: boolean;
  /** The check concerns clients without a login: block lists, DNS and HELO names of the client. */
  readonly aboutStrangers: boolean;
}

/** A restriction class; its decision counts as a decision of the list around it. */
export interface NestedList {
  readonly kind: 'list';
  readonly steps: readonly ProgramStep[];
}

export interface Stage {
  /** `smtpd_recipient_restrictions` */
  readonly list: string;
  readonly steps: readonly ProgramStep[];
}

export type Program = readonly Stage[];

export const LISTS = {
  client: 'smtpd_client_restrictions',
  helo: 'smtpd_helo_restrictions',
  sender: 'smtpd_sender_restrictions',
  relay: 'smtpd_relay_restrictions',
  recipient: 'smtpd_recipient_restrictions',
  data: 'smtpd_data_restrictions',
  endOfData: 'smtpd_end_of_data_restrictions',
} as const;
export type StageName = keyof typeof LISTS;
const STAGES = Object.keys(LISTS) as StageName[];

export interface SmtpdSituation {
  readonly parameters: Parameters;
  readonly client: Client;
  readonly destination: Destination;
  /** Postfix's version. */
  readonly version: string;
}

/** Of all lists of one smtpd. Each class can stand in a list many times, and hold classes: a real smtpd has a hundred. */
const MOST_RESTRICTIONS = 5000;

interface Compiling extends SmtpdSituation {
  /** The restrictions that may still be read. */
  readonly allowance: { left: number };
}

/**
 * All lists of one smtpd, in the order of evaluation.
 * @throws CONFIG_INVALID for more restrictions than any host has
 */
export function programOf(asked: SmtpdSituation): Program {
  const situation = { ...asked, allowance: { left: MOST_RESTRICTIONS } };
  const { parameters } = situation;
  const order = relayFirst(situation) ? STAGES : STAGES.toSorted((a, b) => rank(a) - rank(b));
  return order.map((stage) => ({
    list: LISTS[stage],
    steps: compile(parameters.of(LISTS[stage]), stage, situation, isSkipped(stage, situation), 0),
  }));
}

/** Since 3.6, with compatibility_level 3.6 or higher, the relay list comes before the recipient list. */
function relayFirst({ parameters, version }: SmtpdSituation): boolean {
  if (compareVersions(version, '3.6') < 0) return false;
  const told = parameters.of('smtpd_relay_before_recipient_restrictions').toLowerCase();
  if (told === 'yes' || told === 'no') return told === 'yes';
  const level = parameters.of('compatibility_level');
  return compareVersions(/^\d+(\.\d+)*$/.test(level) ? level : '0', '3.6') >= 0;
}

/** Without smtpd_delay_reject, a HELO list refuses only HELO: a client that continues with AUTH or MAIL is served. */
function isSkipped(stage: StageName, { parameters }: SmtpdSituation): boolean {
  return stage === 'helo' && isEarly(stage, parameters) && !parameters.isYes('smtpd_helo_required');
}

const rank = (stage: StageName): number =>
  stage === 'relay' ? STAGES.indexOf('recipient') + 0.5 : STAGES.indexOf(stage);

const DEEPEST = 10;

/** The steps of one list; steps that cannot matter to this client are left out. @param warns nothing in the list refuses */
function compile(value: string, stage: StageName, situation: Compiling, warns: boolean, depth: number): ProgramStep[] {
  if (value === '') return [];
  const list = restrictions(value);
  situation.allowance.left -= list.length;
  if (situation.allowance.left < 0) {
    throw new HardenMailError(
      'CONFIG_INVALID',
      `${LISTS[stage]} and the lists before it have more than ${MOST_RESTRICTIONS} restrictions, with those of their classes`,
      'Nothing was written. Remove what nobody needs, and run again.',
    );
  }
  return list.flatMap((one) => step(warns ? { ...one, warns } : one, stage, situation, depth));
}

/** Names of checks that look only at the client; they do not concern authenticated users. */
const ABOUT_STRANGERS =
  /^(reject_(rbl_client|rhsbl_(client|reverse_client|helo)|unknown_(client|client_hostname|reverse_client_hostname|hostname|helo_hostname)|invalid_(hostname|helo_hostname)|non_fqdn_(hostname|helo_hostname))|check_(helo|helo_\w+|reverse_client_\w+|client_(ns|mx|a))_access|permit_\w+)$/;

export function isAboutStrangers(name: string): boolean {
  return ABOUT_STRANGERS.test(name);
}

function step(one: Restriction, stage: StageName, situation: Compiling, depth: number): ProgramStep[] {
  const { parameters, version } = situation;
  const early = isEarly(stage, parameters);
  // With smtpd_delay_reject = no these lists are evaluated before AUTH, MAIL and RCPT.
  const client: Client = early && stage !== 'sender' ? { ...situation.client, login: 'none' } : situation.client;
  const knowsRecipient = !early;
  const knowsSender = !early || stage === 'sender';
  const knowsHelo = !early || stage !== 'client';
  const by = `${LISTS[stage]}: ${one.text}`;
  const permit: ProgramStep[] = [{ kind: 'permit', by }];
  const refuse: ProgramStep[] = one.warns ? [] : [{ kind: 'refuse', by }];
  const refuseUser: ProgramStep[] = one.warns ? [] : [{ kind: 'refuse', by, aboutUser: true }];
  const check = (permits: boolean, refuses = true): ProgramStep[] => {
    const aboutStrangers = isAboutStrangers(one.name);
    return [{ kind: 'check', id: idOf(one), permits, refuses: refuses && !one.warns, aboutStrangers }];
  };
  const relays = situation.destination === 'relay';
  const sasl = parameters.isYes('smtpd_sasl_auth_enable');

  switch (one.name) {
    case '':
    case 'sleep':
    case 'defer_if_reject':
      return [];
    case 'permit':
      return permit;
    case 'reject':
    case 'defer':
      return refuse;
    case 'defer_if_permit':
      return one.warns ? [] : [{ kind: 'refuse', by, late: true }];
    case 'permit_mynetworks':
      return client.network ? permit : [];
    case 'permit_sasl_authenticated':
      return sasl && client.login !== 'none' ? permit : [];
    case 'permit_auth_destination':
      return knowsRecipient && !relays ? permit : [];
    case 'reject_unauth_destination':
    case 'defer_unauth_destination':
      return knowsRecipient && relays ? refuse : [];
    case 'check_relay_domains':
    case 'reject_maps_rbl':
    case 'permit_naked_ip_address':
      // Removed in 3.9: smtpd answers 451 "server configuration error" to every recipient.
      if (compareVersions(version, '3.9') >= 0) return refuse;
      return (meaningOfRemoved(one, (name) => parameters.of(name)) ?? [])
        .flatMap((text) => restrictions(text))
        .flatMap((meant) => step({ ...meant, warns: meant.warns || one.warns }, stage, situation, depth + 1));
    case 'reject_sender_login_mismatch':
    case 'reject_authenticated_sender_login_mismatch':
    case 'reject_unauthenticated_sender_login_mismatch':
    case 'reject_known_sender_login_mismatch':
      return sasl && knowsSender && mismatches(one.name, client, parameters) ? refuseUser : [];
  }
  if (isClass(one, parameters) && depth < DEEPEST) {
    const inner = parameters.of(wordOf(one));
    return [{ kind: 'list', steps: compile(inner, stage, situation, one.warns, depth + 1) }];
  }
  // smtpd answers 451 "server configuration error" to an unknown name, with or without warn_if_reject.
  if (!isRestriction(one.name) || (one.name.includes(':') && !SUBJECTS[stage])) return [{ kind: 'refuse', by }];
  const needsRecipient =
    /^(check_recipient_|reject_(unknown|unverified|unlisted|non_fqdn)_recipient|permit_mx_backup|reject_rhsbl_recipient)/;
  const needsSender = /^(check_sender_|reject_(unknown|unverified|unlisted|non_fqdn)_sender|reject_rhsbl_sender)/;
  const needsHelo = /^(check_helo_|reject_(unknown|invalid|non_fqdn)_(helo_)?hostname|reject_rhsbl_helo)/;
  // A bare table looks up the subject of its list.
  const subject = one.name.includes(':') ? `check_${SUBJECTS[stage]}_` : one.name;
  if (needsRecipient.test(subject) && !knowsRecipient) return [];
  if (needsSender.test(subject) && !knowsSender) return [];
  if (needsHelo.test(subject) && !knowsHelo) return [];
  // A table about logins is not asked about a client without a login.
  if (/^check_sasl_/.test(one.name))
    return client.login === 'none' || !sasl ? [] : client.blocked ? refuseUser : check(true);
  const same = alwaysSays(one);
  if (same !== null) return same === 'permit' ? permit : same === 'refuse' ? refuse : [];
  if (one.name.startsWith('reject_') || one.name.startsWith('warn_')) return check(false);
  if (one.name.startsWith('permit_')) return check(true, false);
  if (one.argument === NAKED_TABLES.everywhere) return check(true);
  if (one.argument === NAKED_TABLES.here) return check(knowsRecipient && !relays);
  const answers = inlineAnswers(one);
  return check(
    answers.some((answer) => !ONLY_REFUSES.test(answer)),
    answers.some((answer) => !ONLY_PERMITS.test(answer)),
  );
}

const ONLY_PERMITS = /^(ok|permit|dunno)$/i;
const ONLY_REFUSES = /^(reject|defer|dunno|[45]\d\d)(\s|$)/i;

/** The answers of a table that stands in the list itself (`cidr:{{10.0.0.0/8 OK}}`); of another table, one that is not known. */
function inlineAnswers({ argument }: Restriction): readonly string[] {
  const [, type, rules = ''] = /^(cidr|regexp|pcre|inline):\{(.*)\}$/.exec(argument) ?? [];
  const words = type === undefined ? [] : splitWords(rules.replaceAll('}{', '} {'), ' \t,').map(({ text }) => text.slice(1, -1).trim()); // oxfmt-ignore
  const answers = words.map((rule) => (type === 'inline' ? /^[^=]*=\s*(.*)$/ : /^\S+\s+(.*)$/).exec(rule)?.[1] ?? '');
  return answers.length > 0 ? answers : [''];
}

/** Is the list evaluated before the recipient is known? */
function isEarly(stage: StageName, parameters: Parameters): boolean {
  return ['client', 'helo', 'sender'].includes(stage) && parameters.of('smtpd_delay_reject').toLowerCase() === 'no';
}

/** The identity of a check: its words. A bare table is `check_…_access` of its list. */
function idOf({ name, argument, text, warns }: Restriction): string {
  const isNaked = argument === NAKED_TABLES.everywhere || argument === NAKED_TABLES.here;
  if (isNaked) return `${warns ? 'warn_if_reject ' : ''}permit_naked_ip_address`;
  const words = argument === '' ? (name.includes(':') ? text : name) : `${name} ${argument}`;
  return `${warns ? 'warn_if_reject ' : ''}${words}`;
}

/** The subject that a bare table in a list looks up; other lists accept no bare table. */
const SUBJECTS: Partial<Record<StageName, string>> = {
  client: 'client',
  helo: 'helo',
  sender: 'sender',
  relay: 'recipient',
  recipient: 'recipient',
};

/** The name as written, because class names are case-sensitive. */
function wordOf({ text, warns }: Restriction): string {
  const words = text.split(' ');
  return (warns && /^warn_if_reject$/i.test(words[0]!) ? words[1] : words[0]) ?? '';
}

function isClass(one: Restriction, parameters: Parameters): boolean {
  return parameters.of('smtpd_restriction_classes').split(/[\s,]+/).includes(wordOf(one)); // oxfmt-ignore
}

/** The answer of a `static:` table to every client; null for other tables, and for actions that are not plain answers. */
function alwaysSays({ name, argument }: Restriction): 'permit' | 'refuse' | 'dunno' | null {
  const table = name.includes(':') ? name : /^check_\w+_access$/.test(name) ? argument : '';
  const [, said] = /^static:(ok|permit|reject|defer|dunno)$/i.exec(table) ?? [];
  if (said === undefined) return null;
  return /^(ok|permit)$/i.test(said) ? 'permit' : /^dunno$/i.test(said) ? 'dunno' : 'refuse';
}

/** Without one of these before any `permit` in the relay or recipient list, smtpd exits at start (smtpd_check_init). */
const REQUIRED = /^((reject|defer)(_unauth_destination)?|defer_if_permit|check_relay_domains)$/;

/** Why smtpd serves nobody with these lists; null if it serves. */
export function missingRefusal(parameters: Parameters, version: string): string | null {
  const classes = parameters.of('smtpd_restriction_classes').split(/[\s,]+/).filter(Boolean); // oxfmt-ignore
  const undefinedClass = classes.find((name) => parameters.of(name) === '');
  if (undefinedClass !== undefined) return `the restriction class ${undefinedClass} is empty: smtpd dies at start`;
  const lists = compareVersions(version, '2.10') < 0 ? [LISTS.recipient] : [LISTS.relay, LISTS.recipient];
  const values = lists.map((list) => parameters.of(list));
  if (values.some((value) => value.includes('$')) || values.some((value) => holds(value, 0))) return null;
  return `neither ${lists.join(' nor ')} holds reject_unauth_destination or the like: smtpd dies at start`;

  function holds(value: string, depth: number): boolean {
    const all = restrictions(value);
    for (const [at, one] of all.entries()) {
      if (one.warns) continue;
      if (one.name === 'permit' && at + 1 < all.length) return false;
      if (REQUIRED.test(one.name)) return true;
      if (isClass(one, parameters) && depth < DEEPEST && holds(parameters.of(wordOf(one)), depth + 1)) return true;
    }
    return false;
  }
}

/** The first word of the lists that looks like a restriction and is unknown to this model; null if there is none. */
export function strangeRestriction(parameters: Parameters): string | null {
  for (const list of Object.values(LISTS)) {
    const found = strange(parameters.of(list), 0);
    if (found !== null) return `${list}: ${found}`;
  }
  return null;

  function strange(value: string, depth: number): string | null {
    for (const one of restrictions(value)) {
      if (isClass(one, parameters)) {
        // A class that includes itself makes smtpd exit.
        const inner = depth < DEEPEST ? strange(parameters.of(wordOf(one)), depth + 1) : one.text;
        if (inner !== null) return inner;
      } else if (/^(reject|permit|check|defer|warn)_/.test(one.name) && !isRestriction(one.name)) return one.text;
    }
    return null;
  }
}

/** postconf(5): the names of all restrictions, including old spellings and removed ones. */
const RESTRICTIONS =
  /^(permit|reject|defer|sleep|defer_if_(permit|reject)|permit_(mynetworks|sasl_authenticated|auth_destination|inet_interfaces|mx_backup|naked_ip_address|tls_(all_)?clientcerts|dnswl_client|rhswl_client)|(reject|defer)_unauth_destination|check_(policy_service|relay_domains|recipient_maps|(ccert|sasl|etrn)_access|(client|helo|sender|recipient|reverse_client_hostname)_((a|mx|ns)_)?access)|reject_(maps_rbl|rbl_client|rhsbl_(client|reverse_client|helo|sender|recipient)|unknown_((forward_|reverse_)?client_hostname|client|address|(helo_)?hostname|(sender|recipient)_domain)|(invalid|non_fqdn)_(helo_)?hostname|non_fqdn_(sender|recipient)|un(listed|verified)_(sender|recipient)|((un)?authenticated_|known_)?sender_login_mismatch|multi_recipient_bounce|plaintext_session|unauth_pipelining))$/;

function isRestriction(name: string): boolean {
  return name === '' || name.includes(':') || RESTRICTIONS.test(name);
}

/** Does the restriction refuse this client's sender? A foreign sender belongs to another user. */
function mismatches(name: string, client: Client, parameters: Parameters): boolean {
  const owned = parameters.of('smtpd_sender_login_maps') !== '';
  const known = name === 'reject_known_sender_login_mismatch';
  const loggedIn = client.login !== 'none';
  if (loggedIn && name === 'reject_unauthenticated_sender_login_mismatch') return false;
  if (!loggedIn && name === 'reject_authenticated_sender_login_mismatch') return false;
  // Without a table no user owns any address, not even their own.
  if (loggedIn) return owned ? client.login === 'foreign' : !known;
  return owned && client.localSender;
}
