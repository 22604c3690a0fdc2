import type { ClientClass, Destination } from '../model/index.ts';
import { CLIENTS } from './clients.ts';
import { restrictions } from '../formats/postfix/restrictions.ts';
import { withValues, type Config, type HostFacts } from './config.ts';
import { byDefault } from './decide.ts';
import { listsOf } from './exposure-map.ts';
import { plainSmtpd, entryTakesLogins, type Smtpd } from './postfix-ways.ts';
import { LISTS, type StageName } from './restriction-lists.ts';
import { programOf, type Program, type ProgramStep } from './program.ts';
import { isAboutStrangers } from './restriction-words.ts';

interface Host {
  readonly smtpds: readonly Smtpd[];
  readonly config: Config;
  readonly facts: HostFacts;
}

/**
 * The entries that show the administrator's limits for users: those where users log in now, or, if there are none, main.cf and the
 * entry on 25. A new way in for users is compared with them.
 */
export function referencesFor({ smtpds, config, facts }: Host): readonly Smtpd[] {
  const forUsers = smtpds.filter(
    (one) => isForUsers(one) && (entryTakesLogins(one.parameters) || isLimited(one, facts)),
  );
  if (forUsers.length > 0) return forUsers;
  const on25 = smtpds.filter(({ port }) => port === 25);
  if (on25.length > 0) {
    const known = on25.filter(({ parameters }) => entryTakesLogins(parameters));
    const all = known.length > 0 ? known : on25;
    // An entry for the host itself, or for known clients only, is not a model for a user port if there is another.
    const open = all.filter(
      (one) => !isInner(one) && byDefault(listsOf(one, 'stranger', 'local', facts)).end === 'accept',
    );
    return open.length > 0 ? open : all;
  }
  const others = smtpds.filter(isForUsers);
  return others.length > 0 ? others : plainSmtpd(config, facts);
}

function isInner({ addresses }: Smtpd): boolean {
  return addresses.every((one) => /^(127\.|::1$)/.test(one));
}

function isForUsers({ port }: Smtpd): boolean {
  return port === 465 || port === 587;
}

/** An entry for 465 or 587 without logins that is limited to known clients, by network or by certificate. */
export function isLimited(smtpd: Smtpd, facts: HostFacts): boolean {
  if (!isForUsers(smtpd) || entryTakesLogins(smtpd.parameters)) return false;
  return byDefault(listsOf(smtpd, 'stranger', 'local', facts)).end === 'refuse';
}

/**
 * The checks that a user meets there, as a program in which AUTH is on. Restrictions that only refuse to relay for strangers, and
 * checks of clients without a login, are left out; refusals of the user or of their sender stay.
 */
export function userProgram(
  reference: Smtpd,
  client: ClientClass,
  destination: Destination,
  facts: HostFacts,
): Program {
  const parameters = withValues(reference.parameters, { smtpd_sasl_auth_enable: 'yes' });
  const program = programOf({ parameters, client: CLIENTS[client], destination, version: facts.postfix ?? '3.7' });
  return program.map((stage) => ({ ...stage, steps: forUsers(stage.steps) }));
}

const RELAY_ONLY = /(reject|defer)_unauth_destination$|check_relay_domains$/;

function forUsers(steps: readonly ProgramStep[]): ProgramStep[] {
  return steps.flatMap((step): ProgramStep[] => {
    if (step.kind === 'list') return [{ ...step, steps: forUsers(step.steps) }];
    // A refusal to relay for strangers does not limit users; a plain `reject` limits every client that reaches it.
    if (step.kind === 'refuse') return step.aboutUser || !RELAY_ONLY.test(step.by) ? [step] : [];
    return step.kind === 'check' && step.aboutStrangers ? [] : [step];
  });
}

/**
 * The checks of one list that concern users, as words for a list that is written for users: those before the restriction that
 * permits users, in list order.
 */
export function userChecks({ parameters }: Smtpd, stage: StageName): string[] {
  const all = restrictions(parameters.of(LISTS[stage]));
  const end = all.findIndex(({ name }) => name === 'permit_sasl_authenticated' || name === 'permit');
  return all
    .slice(0, end < 0 ? all.length : end)
    .filter(({ name }) => !DECIDES_BY_ITSELF.test(name) && !isAboutStrangers(name))
    .map(({ text }) => text);
}

/** The name alone permits or refuses, or does nothing. */
const DECIDES_BY_ITSELF = /^(permit_.*|reject|defer|defer_if_(permit|reject)|(reject|defer)_unauth_destination|sleep)$/;
