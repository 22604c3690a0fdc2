import { restrictions, type Restriction } from '../formats/restrictions.ts';
import { compareVersions } from '../formats/versions.ts';
import type { Destination } from '../model.ts';
import type { Client } from './clients.ts';
import type { Parameters } from './config.ts';

/**
 * What smtpd's restriction lists are to one class of client and one destination (smtpd_check.c; postconf(5)). A step either
 * decides at once, or is a check whose answer depends on what only the running host knows (a table, a policy service, DNS).
 */
export type Step = Decided | CheckStep | NestedList;

export interface Decided {
  readonly kind: 'permit' | 'refuse';
  readonly by: string;
  /** It refuses this user or this user's sender, whatever the destination. */
  readonly aboutUser?: true;
}

export interface CheckStep {
  readonly kind: 'check';
  /** The same check in two lists has the same id, and answers the same. */
  readonly id: string;
  readonly permits: boolean;
  readonly refuses: boolean;
  /** It is about clients that have not logged in: block lists, DNS and HELO names of the client. */
  readonly aboutStrangers: boolean;
}

/** A restriction class: its decision is that of the list around it. */
export interface NestedList {
  readonly kind: 'list';
  readonly steps: readonly Step[];
}

export interface Stage {
  /** `smtpd_recipient_restrictions` */
  readonly list: string;
  readonly steps: readonly Step[];
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

export interface Situation {
  readonly parameters: Parameters;
  readonly client: Client;
  readonly destination: Destination;
  /** Postfix's version. */
  readonly version: string;
}

/** All lists of one smtpd, in the order of evaluation. */
export function programOf(situation: Situation): Program {
  const { parameters, version } = situation;
  // Before 3.6 the recipient list comes first; the order changes which check is asked first, and no decision.
  const late = compareVersions(version, '3.6') < 0;
  const order = late ? STAGES.toSorted((a, b) => rank(a) - rank(b)) : STAGES;
  return order.map((stage) => ({
    list: LISTS[stage],
    steps: compile(parameters.of(LISTS[stage]), stage, situation, 0),
  }));
}

const rank = (stage: StageName): number =>
  stage === 'relay' ? STAGES.indexOf('recipient') + 0.5 : STAGES.indexOf(stage);

const DEEPEST = 10;

/** The steps of one list. What cannot matter to this client leaves no step. */
function compile(value: string, stage: StageName, situation: Situation, depth: number): Step[] {
  return value === '' ? [] : restrictions(value).flatMap((one) => step(one, stage, situation, depth));
}

/** Names of checks that look at the client alone; somebody who logs in is not meant by them. */
const ABOUT_STRANGERS =
  /^(reject_(rbl_client|rhsbl_(client|reverse_client|helo)|unknown_(client|client_hostname|reverse_client_hostname|hostname|helo_hostname)|invalid_(hostname|helo_hostname)|non_fqdn_(hostname|helo_hostname))|check_(helo|helo_\w+|reverse_client_\w+|client_(ns|mx|a))_access|permit_\w+)$/;

export function isAboutStrangers(name: string): boolean {
  return ABOUT_STRANGERS.test(name);
}

function step(one: Restriction, stage: StageName, situation: Situation, depth: number): Step[] {
  const { parameters, version } = situation;
  const early = isEarly(stage, parameters);
  // With smtpd_delay_reject = no these lists are evaluated before AUTH, MAIL and RCPT.
  const client: Client = early && stage !== 'sender' ? { ...situation.client, login: 'none' } : situation.client;
  const knowsRecipient = !early;
  const knowsSender = !early || stage === 'sender';
  const by = `${LISTS[stage]}: ${one.text}`;
  const permit: Step[] = [{ kind: 'permit', by }];
  const refuse: Step[] = one.warns ? [] : [{ kind: 'refuse', by }];
  const refuseUser: Step[] = one.warns ? [] : [{ kind: 'refuse', by, aboutUser: true }];
  const check = (permits: boolean, refuses = true): Step[] => {
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
    case 'defer_if_permit':
      return refuse;
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
      if (one.name === 'check_relay_domains') return knowsRecipient && relays ? refuse : [];
      return check(one.name === 'permit_naked_ip_address', one.name === 'reject_maps_rbl');
    case 'reject_sender_login_mismatch':
    case 'reject_authenticated_sender_login_mismatch':
    case 'reject_unauthenticated_sender_login_mismatch':
    case 'reject_known_sender_login_mismatch':
      return sasl && knowsSender && mismatches(one.name, client, parameters) ? refuseUser : [];
  }
  if (isClass(one.name, parameters) && depth < DEEPEST) {
    return [{ kind: 'list', steps: compile(parameters.of(one.name), stage, situation, depth + 1) }];
  }
  const needsRecipient =
    /^(check_recipient_|reject_(unknown|unverified|unlisted|non_fqdn)_recipient|permit_mx_backup|reject_rhsbl_recipient)/;
  const needsSender = /^(check_sender_|reject_(unknown|unverified|unlisted|non_fqdn)_sender|reject_rhsbl_sender)/;
  if (needsRecipient.test(one.name) && !knowsRecipient) return [];
  if (needsSender.test(one.name) && !knowsSender) return [];
  // A table that says something of a login is not asked about a client without one.
  if (/^check_sasl_/.test(one.name))
    return client.login === 'none' || !sasl ? [] : client.blocked ? refuseUser : check(true);
  if (one.name.startsWith('reject_') || one.name.startsWith('warn_')) return check(false);
  if (one.name.startsWith('permit_')) return check(true, false);
  return check(true);
}

/** Is the list evaluated before the recipient is known? */
function isEarly(stage: StageName, parameters: Parameters): boolean {
  return ['client', 'helo', 'sender'].includes(stage) && parameters.of('smtpd_delay_reject').toLowerCase() === 'no';
}

/** What makes a check the same check: its words. A bare table is `check_…_access` of the list it stands in. */
function idOf({ name, argument, text, warns }: Restriction): string {
  const words = argument === '' ? (name.includes(':') ? text : name) : `${name} ${argument}`;
  return `${warns ? 'warn_if_reject ' : ''}${words}`;
}

function isClass(name: string, parameters: Parameters): boolean {
  const classes = parameters.of('smtpd_restriction_classes').split(/[\s,]+/);
  return classes.some((one) => one.toLowerCase() === name);
}

/** Does the restriction refuse this client's sender? Of a foreign sender: it belongs to somebody else. */
function mismatches(name: string, client: Client, parameters: Parameters): boolean {
  const owned = parameters.of('smtpd_sender_login_maps') !== '';
  const known = name === 'reject_known_sender_login_mismatch';
  const loggedIn = client.login !== 'none';
  if (loggedIn && name === 'reject_unauthenticated_sender_login_mismatch') return false;
  if (!loggedIn && name === 'reject_authenticated_sender_login_mismatch') return false;
  // Without a table nobody owns any address, the user's own included.
  if (loggedIn) return owned ? client.login === 'foreign' : !known;
  return owned && client.localSender;
}
