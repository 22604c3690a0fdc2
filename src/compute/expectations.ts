/** The expectations of the probes of a host, by its files and its policy. Pure. */
import type { Policy, Snapshot } from '../model/index.ts';
import { caaIssuer } from '../plan/dns-records.ts';
import { proxiedPorts, type ProxiedPort } from '../plan/serving/proxied.ts';
import { servingOf, usersLogInOn, type Serving } from '../plan/serving/served-ports.ts';
import { keptFor } from '../tasks/kept.ts';
import { servedCertificate } from '../tasks/served.ts';
import { namedCertificates } from '../tasks/sni.ts';
import type { Wanted } from '../verify/verify.ts';

/**
 * `quiet` asks nothing that the daemons refuse: they log each refusal with our address, and several in a row may get us banned
 * (fail2ban). `before` also asks what a stranger's mail gets, for `regressions` to compare; `full` also tries a login in the clear
 * and downloads the revocation list.
 */
export type Thoroughness = 'quiet' | 'before' | 'full';

export interface Expectations {
  readonly wanted: Wanted;
  readonly serving: Pick<Serving, 'closed' | 'others'>;
  readonly proxied: readonly ProxiedPort[];
}

/** @param address at which the host is probed */
export function expectationsOf(snapshot: Snapshot, policy: Policy, how: Thoroughness, address: string): Expectations {
  const { closed, others } = servingOf(snapshot, policy, { address });
  return {
    wanted: wantedOf(snapshot, policy, how),
    serving: { closed, others },
    proxied: proxiedPorts(snapshot, address),
  };
}

function wantedOf(snapshot: Snapshot, policy: Policy, how: Thoroughness): Wanted {
  const { facts } = snapshot;
  const certificate = servedCertificate(facts, policy).chain;
  const serving = servingOf(snapshot, policy);
  const [sends, reads] = policy.own ? [] : [keptFor(policy, 'postfix'), keptFor(policy, 'dovecot')];
  return {
    domain: sends?.name ?? policy.domain,
    certificate,
    ...(sends && { alternatives: sends.otherChains }),
    ...(reads && {
      reading: {
        domain: reads.name,
        certificate: servedCertificate(facts, policy, true, 'dovecot').chain,
        alternatives: reads.otherChains,
      },
    }),
    tryLogin: how === 'full',
    tryRelay: how !== 'quiet',
    submission: submissionOf(policy, snapshot),
    authOn25: serving.authOn25,
    ...(serving.mechanisms && { mechanisms: serving.mechanisms }),
    also: namedCertificates(facts, policy).flatMap(({ names, served: { chain } }) =>
      names.map((name) => ({ name, certificate: chain })),
    ),
    revocation: how === 'full',
    ...(how === 'full' && certificate !== null && { issuer: caaIssuer(certificate) }),
  };
}

/** The role of port 587 on this host: part of the strict profile, the admin's own, or none. */
function submissionOf({ profile }: Policy, snapshot: Snapshot): NonNullable<Wanted['submission']> {
  const { listeners } = snapshot.facts;
  if (profile === 'strict' && usersLogInOn(snapshot, 587)) return 'wanted';
  return listeners.some(({ port }) => port === 587) ? 'there' : 'absent';
}
