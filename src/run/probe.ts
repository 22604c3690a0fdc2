import { connect as dial, isIP, type Socket } from 'node:net';
import { POP3_PORTS, type Finding, type Host, type Policy, type Snapshot } from '../model/index.ts';
import { servingOf, usersLogInOn, type Serving } from '../plan/serving/served-ports.ts';
import { proxiedPorts, type ProxiedPort } from '../plan/serving/proxied.ts';
import { caaIssuer } from '../plan/dns-records.ts';
import type { Remote } from '../remote/remote.ts';
import { keptFor } from '../tasks/kept.ts';
import { servedCertificate } from '../tasks/served.ts';
import { namedCertificates } from '../tasks/sni.ts';
import { proxyLine, unproven } from '../verify/proxy.ts';
import { resolverOf } from '../verify/resolver.ts';
import { look, type Dial, type Wanted, type Ways } from '../verify/verify.ts';

export interface ProbeOptions {
  /** PEM roots that are trusted in addition to Node's own. */
  readonly trust: readonly string[];
  /** Logs in as this user on each port. */
  readonly user?: { readonly name: string; readonly password: string };
}

/**
 * `quiet` asks nothing that the daemons refuse: they log each refusal with our address, and several in a row may get us banned
 * (fail2ban). `before` also asks what a stranger's mail gets, for `regressions` to compare; `full` also tries a login in the clear
 * and downloads the revocation list.
 */
export type Thoroughness = 'quiet' | 'before' | 'full';

/** Looks at a host from outside; a port that is not reachable from here, through the SSH connection. */
export function probe(
  remote: Remote,
  snapshot: Snapshot,
  policy: Policy,
  { trust, user }: ProbeOptions,
  how: Thoroughness,
): Promise<Finding[]> {
  const plainly = remote.local ? inside(remote) : outside(Promise.resolve(remote.address), Promise.resolve(remote));
  const { ways, settle } = asProxy(plainly, proxiedPorts(snapshot, remote.address));
  const wanted = expected(snapshot, policy, how);
  const options = { ...ways, trust: [...trust, ...rootsOf(policy)], published: resolverOf(), ...(user && { user }) };
  return look(options, Promise.resolve(wanted)).then((found) =>
    asServed(asAsked(settle(found), policy), servingOf(snapshot, policy, { address: remote.address })),
  );
}

/** A look that starts before its expectations are known, and before it is known whether the findings are needed. */
export interface Look {
  conclude(remote: Remote, snapshot: Snapshot, policy: Policy, how: Thoroughness): Promise<Finding[]>;
  /** Closes the open conversations politely. */
  abandon(): void;
}

/** A connection to a host in progress. */
export interface Approach {
  /** Resolves when SSH has reached the host, before the login. */
  readonly address: Promise<string>;
  readonly remote: Promise<Remote>;
}

/**
 * Connects to every port as soon as there is an address, so that most answers arrive while SSH logs in and reads the files. Not for
 * probes with a login: the servers would time out while the user types a passphrase.
 */
export function beginProbe({ address, remote }: Approach, host: Host, given: ProbeOptions): Look {
  const { trust } = given;
  let tell: (wanted: Wanted) => void = () => {};
  let drop: (reason: Error) => void = () => {};
  const wanted = new Promise<Wanted>((resolve, reject) => {
    tell = resolve;
    drop = reject;
  });
  wanted.catch(() => {}); // abandoned before anything awaited it
  // An alias or an address says nothing about the domain: then TLS waits, because guessing wrong would mean two handshakes.
  const isFullName = host.hostname.includes('.') && isIP(host.hostname) === 0;
  const name = host.domain ?? (isFullName ? host.hostname : undefined);
  const options = {
    ...outside(address, remote),
    trust: [...trust, ...rootsOf(host)],
    published: resolverOf(),
    ...(name !== undefined && { assumed: name }),
  };
  const findings = address.then(() => look(options, wanted));
  findings.catch(() => {}); // without an address nothing awaits it
  return {
    conclude(connected, snapshot, policy, how) {
      // A port that expects the PROXY protocol has understood nothing so far: start again.
      if (proxiedPorts(snapshot, connected.address).length > 0) {
        drop(new Error('begun again'));
        return findings.catch(() => []).then(() => probe(connected, snapshot, policy, given, how));
      }
      // Before an apply, ask what is refused, so that `regressions` can compare.
      tell({ ...expected(snapshot, policy, how), tryRelay: true });
      return findings.then((found) =>
        asServed(asAsked(found, policy), servingOf(snapshot, policy, { address: connected.address })),
      );
    },
    abandon: () => drop(new Error('the result is not needed')),
  };
}

function expected(snapshot: Snapshot, policy: Policy, how: Thoroughness): Wanted {
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

function rootsOf({ request }: Pick<Host, 'request'>): string[] {
  return request?.acmeCa === undefined ? [] : [request.acmeCa];
}

/** The role of port 587 on this host: part of the strict profile, the admin's own, or none. */
function submissionOf({ profile }: Policy, snapshot: Snapshot): NonNullable<Wanted['submission']> {
  const { listeners } = snapshot.facts;
  if (profile === 'strict' && usersLogInOn(snapshot, 587)) return 'wanted';
  return listeners.some(({ port }) => port === 587) ? 'there' : 'absent';
}

/** With --no-pop3 a closed POP3 port passes, and one that answers fails. */
export function asAsked(findings: readonly Finding[], { asked = [] }: Policy): Finding[] {
  if (!asked.includes('no-pop3')) return [...findings];
  return findings.map((one) => {
    if (!POP3_PORTS.includes(one.port) || one.check !== 'answers' || one.status === 'hint') return one;
    const isClosed = one.status === 'fail' || one.text.startsWith('closed');
    return isClosed
      ? { ...one, status: 'pass', text: 'closed, as --no-pop3 wants it' }
      : { ...one, status: 'fail', text: `${one.text}, where --no-pop3 wants it closed` };
  });
}

/** The same ways, with the PROXY protocol spoken on these ports; `settle` judges the findings from them. */
export function asProxy(
  ways: Ways,
  ports: readonly ProxiedPort[],
): { readonly ways: Ways; readonly settle: (findings: readonly Finding[]) => Finding[] } {
  const from = new Map<number, { trusted: string; address: string | undefined }>();
  const speaking =
    (dial: Dial): Dial =>
    async (port, signal) => {
      const stream = await dial(port, signal);
      const proxied = ports.find((one) => one.port === port);
      if (!proxied) return stream;
      const ends = stream as Partial<Socket>;
      if (proxied.trusted !== null && !from.has(port)) from.set(port, { trusted: proxied.trusted, address: ends.localAddress }); // oxfmt-ignore
      stream.write(proxyLine(ends, port));
      return stream;
    };
  const { direct, fallback } = ways;
  return {
    ways: { ...ways, direct: speaking(direct), ...(fallback && { fallback: speaking(fallback) }) },
    settle: (findings) => unproven(findings, from),
  };
}

/**
 * A closed port passes if the host's configuration leaves it out. A port that answers is judged as usual; where another program
 * serves it, a failure is only a warning.
 */
export function asServed(
  findings: readonly Finding[],
  { closed, others }: Pick<Serving, 'closed' | 'others'>,
): Finding[] {
  return findings.map((one) => {
    const program = others.get(one.port);
    if (program !== undefined && one.status === 'fail')
      return { ...one, status: 'warn', text: `${one.text}; ${program} serves this port, and nothing here changes it` };
    const why = closed.get(one.port);
    const isClosed = one.check === 'answers' && (one.status === 'fail' || one.text.startsWith('closed'));
    return why === undefined || !isClosed
      ? one
      : { ...one, status: 'pass', text: `closed, and not served here: ${why}` };
  });
}

function outside(address: Promise<string>, remote: Promise<Remote>): Ways {
  return {
    direct: async (port, signal) => tcp(await address, port, signal),
    fallback: async (port, signal) => throughHost(await remote)(port, signal),
    ready: remote,
  };
}

function inside(remote: Remote): Ways {
  return { local: true, direct: throughHost(remote) };
}

/** The daemons may listen on the address by which we know the host, or on loopback only. */
function throughHost(remote: Remote): Dial {
  return (port) => remote.forward(remote.address, port).catch(() => remote.forward('127.0.0.1', port));
}

export function tcp(address: string, port: number, signal: AbortSignal): Promise<Socket> {
  return new Promise((resolve, reject) => {
    signal.throwIfAborted(); // without this, Node would destroy the socket and still connect it
    const socket = dial({ host: address, port, noDelay: true, signal });
    socket.once('error', reject);
    socket.once('connect', () => {
      socket.off('error', reject);
      resolve(socket);
    });
  });
}
