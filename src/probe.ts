import { connect as dial, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Facts, Finding, Policy } from './model.ts';
import { caaIssuer } from './plan/dns.ts';
import type { Remote } from './remote/remote.ts';
import { servedCertificate } from './tasks/served.ts';
import { namedCertificates } from './tasks/sni.ts';
import { resolverOf } from './verify/resolver.ts';
import { look, type Dial, type Wanted, type Ways } from './verify/verify.ts';

export interface ProbeOptions {
  /** PEM roots that the certificate may lead to, beside those that Node knows. */
  readonly trust: readonly string[];
  /** Logs in as this user on each port. */
  readonly user?: { readonly name: string; readonly password: string };
}

/**
 * Looks at a host from outside; what cannot be reached from here, through the SSH connection.
 * @param how `quiet` tries no login in clear: each try that the daemon refuses stands in its log with our address, and
 * several in a row may get us banned (fail2ban)
 */
export function probe(
  remote: Remote,
  facts: Facts,
  policy: Policy,
  options: ProbeOptions,
  how: 'quiet' | 'full',
): Promise<Finding[]> {
  return beginProbe(remote, options).conclude(facts, policy, how);
}

/** A look that has begun while it is not yet known what to expect, or whether anybody wants to know. */
export interface Look {
  conclude(facts: Facts, policy: Policy, how: 'quiet' | 'full'): Promise<Finding[]>;
  /** Hangs up, politely, what has not come to its end. */
  abandon(): void;
}

/** Connects to every port at once, so that the daemons get going while the files are still being read. */
export function beginProbe(remote: Remote, { trust, user }: ProbeOptions): Look {
  let tell: (wanted: Wanted) => void = () => {};
  let drop: (reason: Error) => void = () => {};
  const wanted = new Promise<Wanted>((resolve, reject) => {
    tell = resolve;
    drop = reject;
  });
  const findings = look(
    {
      ...(remote.local ? inside(remote) : outside(remote)),
      trust,
      published: resolverOf(),
      ...(user && { user }),
    },
    wanted,
  );
  return {
    conclude(facts, policy, how) {
      const certificate = servedCertificate(facts, policy).chain;
      const submission = submissionOf(policy, facts);
      const authOn25 = policy.profile !== 'strict';
      tell({
        domain: policy.domain,
        certificate,
        tryLogin: how === 'full',
        submission,
        authOn25,
        also: namedCertificates(facts, policy).flatMap(({ names, served: { chain } }) =>
          names.map((name) => ({ name, certificate: chain })),
        ),
        roots: policy.acmeCa === undefined ? [] : [policy.acmeCa],
        revocation: how === 'full',
        ...(how === 'full' && certificate !== null && { issuer: caaIssuer(certificate) }),
      });
      return findings.then((found) => asAsked(found, policy));
    },
    abandon: () => drop(new Error('nobody wants to know any more')),
  };
}

/** What port 587 is to this host: a part of the strict profile, the admin's own, or nothing. */
function submissionOf({ profile }: Policy, { listeners }: Facts): NonNullable<Wanted['submission']> {
  if (profile === 'strict') return 'wanted';
  return listeners.some(({ port }) => port === 587) ? 'there' : 'absent';
}

const POP3 = [110, 995];

/** POP3 that is not wanted: then a port that is closed is what should be, and one that answers is not. */
export function asAsked(findings: readonly Finding[], { asked = [] }: Policy): Finding[] {
  if (!asked.includes('no-pop3')) return [...findings];
  return findings.map((one) => {
    if (!POP3.includes(one.port) || one.check !== 'answers' || one.status === 'hint') return one;
    const isClosed = one.status === 'fail' || one.text.startsWith('closed');
    return isClosed
      ? { ...one, status: 'pass', text: 'closed, as --no-pop3 wants it' }
      : { ...one, status: 'fail', text: `${one.text}, where --no-pop3 wants it closed` };
  });
}

function outside(remote: Remote): Ways {
  return {
    direct: (port, signal) => tcp(remote.address, port, signal),
    fallback: throughHost(remote),
  };
}

function inside(remote: Remote): Ways {
  return { local: true, direct: throughHost(remote) };
}

/** The daemons may listen on the address that we know the host by, or on loopback only. */
function throughHost(remote: Remote): Dial {
  return (port) => remote.forward(remote.address, port).catch(() => remote.forward('127.0.0.1', port));
}

/** Daemons take up a reload in their own time: looks quietly until all is well, or for `seconds`, and then in full. */
export async function probeUntilWell(
  once: (how: 'quiet' | 'full') => Promise<Finding[]>,
  seconds: number,
): Promise<Finding[]> {
  const deadline = performance.now() + seconds * 1000;
  while (performance.now() < deadline) {
    if (!(await once('quiet')).some(({ status }) => status === 'fail')) break;
    await sleep(300);
  }
  return once('full');
}

/**
 * What passed before and fails now: the reason to put everything back. What failed already is none. A port that answered the
 * host itself answered.
 */
export function regressions(before: readonly Finding[], after: readonly Finding[]): Finding[] {
  const served = (one: Finding): boolean => one.check === 'answers' && one.status === 'hint' && one.via !== 'direct';
  const passed = new Set(before.filter((one) => one.status === 'pass' || served(one)).map(key));
  return after.filter((finding) => finding.status === 'fail' && passed.has(key(finding)));
}

function key({ port, check, name = '' }: Finding): string {
  return `${port} ${check} ${name}`;
}

export function tcp(address: string, port: number, signal: AbortSignal): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = dial({ host: address, port, noDelay: true, signal });
    socket.once('error', reject);
    socket.once('connect', () => {
      socket.off('error', reject);
      resolve(socket);
    });
  });
}
