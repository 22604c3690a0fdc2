import type { ClientClass, Destination } from '../model.ts';
import { CLIENTS } from './clients.ts';
import { restrictions } from '../formats/restrictions.ts';
import { withValues, type HostFacts } from './config.ts';
import { takesLogins, type Smtpd } from './postfix-ways.ts';
import { isAboutStrangers, LISTS, programOf, type Program, type StageName, type Step } from './program.ts';

/**
 * What the administrator holds users to on this host: the entries where users log in now; where there are none, what main.cf
 * and the entry on 25 say. A new way in for users is measured against it.
 */
export function referencesFor(smtpds: readonly Smtpd[]): readonly Smtpd[] {
  const forUsers = smtpds.filter(({ port, parameters }) => (port === 465 || port === 587) && takesLogins(parameters));
  if (forUsers.length > 0) return forUsers;
  return smtpds.filter(({ port }) => port === 25).slice(0, 1);
}

/**
 * The checks that a user meets there, as a program: as if AUTH were on. What only refuses to relay for strangers, and checks
 * that are about clients without a login, are left out; refusals of the user or of his sender stay.
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

function forUsers(steps: readonly Step[]): Step[] {
  return steps.flatMap((step): Step[] => {
    if (step.kind === 'list') return [{ ...step, steps: forUsers(step.steps) }];
    if (step.kind === 'refuse') return step.aboutUser ? [step] : [];
    return step.kind === 'check' && step.aboutStrangers ? [] : [step];
  });
}

/**
 * The checks of one list that are about users, as words for a list that is written for users: those before what permits
 * them, in the order of the list.
 */
export function userChecks({ parameters }: Smtpd, stage: StageName): string[] {
  const all = restrictions(parameters.of(LISTS[stage]));
  const end = all.findIndex(({ name }) => name === 'permit_sasl_authenticated' || name === 'permit');
  return all
    .slice(0, end < 0 ? all.length : end)
    .filter(({ name }) => !DECIDES_BY_ITSELF.test(name) && !isAboutStrangers(name))
    .map(({ text }) => text);
}

/** Permits and refuses by its name alone, or does nothing. */
const DECIDES_BY_ITSELF = /^(permit_.*|reject|defer|defer_if_(permit|reject)|(reject|defer)_unauth_destination|sleep)$/;
