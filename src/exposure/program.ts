import { meaningOfRemoved, NAKED_TABLES } from '../formats/postfix/removed-restrictions.ts';
import { restrictions, type Restriction } from '../formats/postfix/restrictions.ts';
import { compareVersions } from '../formats/versions.ts';
import { HardenMailError } from '../model/errors.ts';
import type { Destination } from '../model/index.ts';
import type { Client } from './clients.ts';
import type { Parameters } from './config.ts';
import { DEEPEST, LISTS, STAGES, type StageName } from './restriction-lists.ts';
import {
  alwaysSays,
  idOf,
  inlineAnswers,
  isAboutStrangers,
  isClass,
  isRestriction,
  mismatches,
  ONLY_PERMITS,
  ONLY_REFUSES,
  SUBJECTS,
  wordOf,
} from './restriction-words.ts';

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

/** Is the list evaluated before the recipient is known? */
function isEarly(stage: StageName, parameters: Parameters): boolean {
  return ['client', 'helo', 'sender'].includes(stage) && parameters.of('smtpd_delay_reject').toLowerCase() === 'no';
}
