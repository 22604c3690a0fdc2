import { connect as dial, isIP, type Socket } from 'node:net';
import { POP3_PORTS, type Finding, type Host, type Policy, type Snapshot } from '../model/index.ts';
import type { Compute } from '../compute/compute.ts';
import type { Thoroughness } from '../compute/expectations.ts';
import type { ProxiedPort } from '../plan/serving/proxied.ts';
import type { Serving } from '../plan/serving/served-ports.ts';
import type { Remote } from '../remote/remote.ts';
import { proxyLine, unproven } from '../verify/proxy.ts';
import { resolverOf } from '../verify/resolver.ts';
import { look, type Dial, type Wanted, type Ways } from '../verify/verify.ts';

export interface ProbeOptions {
  /** Runs the work on a host's files. */
  readonly compute: Compute;
  /** PEM roots that are trusted in addition to Node's own. */
  readonly trust: readonly string[];
  /** Logs in as this user on each port. */
  readonly user?: { readonly name: string; readonly password: string };
}

/** Looks at a host from outside; a port that is not reachable from here, through the SSH connection. */
export async function probe(
  remote: Remote,
  snapshot: Snapshot,
  policy: Policy,
  { trust, user, compute }: ProbeOptions,
  how: Thoroughness,
): Promise<Finding[]> {
  const { name, address } = remote;
  const { wanted, serving, proxied } = await compute(name, 'expectations', snapshot, policy, how, address);
  const plainly = remote.local ? inside(remote) : outside(Promise.resolve(address), Promise.resolve(remote));
  const { ways, settle } = asProxy(plainly, proxied);
  const options = { ...ways, trust: [...trust, ...rootsOf(policy)], published: resolverOf(), ...(user && { user }) };
  const found = await look(options, Promise.resolve(wanted));
  return asServed(asAsked(settle(found), policy), serving);
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
  const { trust, compute } = given;
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
    async conclude(connected, snapshot, policy, how) {
      const expected = await compute(host.name, 'expectations', snapshot, policy, how, connected.address);
      // A port that expects the PROXY protocol has understood nothing so far: start again.
      if (expected.proxied.length > 0) {
        drop(new Error('begun again'));
        await findings.catch(() => []);
        return probe(connected, snapshot, policy, given, how);
      }
      // Before an apply, ask what is refused, so that `regressions` can compare.
      tell({ ...expected.wanted, tryRelay: true });
      return asServed(asAsked(await findings, policy), expected.serving);
    },
    abandon: () => drop(new Error('the result is not needed')),
  };
}

function rootsOf({ request }: Pick<Host, 'request'>): string[] {
  return request?.acmeCa === undefined ? [] : [request.acmeCa];
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
