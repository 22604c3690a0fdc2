/** An audit: tests everything that a stranger can see of a mail host from outside. */
import { isIP, type Socket } from 'node:net';
import type { Finding, PortAudit } from '../model/index.ts';
import { groupName } from '../tls/suite-names.ts';
import { suiteOf } from '../tls/suites.ts';
import { show } from '../formats/text/show.ts';
import type { Port } from '../verify/mail-ports.ts';
import type { Dial } from '../verify/verify.ts';
import { AT_A_TIME, Gate } from './port-gate.ts';
import { judgePort } from './judge.ts';
import { Limiter } from '../concurrency/limiter.ts';
import { lookAtPort, type PortSeen } from './look.ts';
import { AUDIT_PORTS } from '../verify/mail-ports.ts';

export { weighed } from './judge.ts';

export interface AuditOptions {
  readonly dial: Dial;
  /** The host's name, for SNI; an address is not sent. */
  readonly domain: string;
  readonly signal: AbortSignal;
  /** Milliseconds for each step: connect, one answer. postscreen alone takes 6 s to greet a new client. */
  readonly timeout?: number;
  /** Default: the seven mail ports. */
  readonly ports?: readonly number[];
}

export interface Audited {
  /** By port, including those that do not answer. */
  readonly ports: readonly PortAudit[];
  /** By port, then in the order of AUDIT_RULES. */
  readonly findings: readonly Finding[];
}

/** Tests all ports in parallel. Does not throw: a port's `why` says what could not be tested. */
export async function audit(options: AuditOptions): Promise<Audited> {
  const wanted = AUDIT_PORTS.filter(({ port }) => options.ports?.includes(port) ?? true);
  const services = { imap: new Limiter(AT_A_TIME), pop3: new Limiter(AT_A_TIME) };
  const gateOf = ({ protocol }: Port): Gate => new Gate(protocol === 'smtp' ? undefined : services[protocol]);
  const seen = await Promise.all(wanted.map((port) => lookAt(port, gateOf(port), options)));
  return { ports: seen.map(tell), findings: seen.flatMap(judgePort) };
}

function lookAt(port: Port, gate: Gate, { dial, domain, signal, timeout = 8000 }: AuditOptions): Promise<PortSeen> {
  let local = false;
  const noting: Dial = async (to, abort) => {
    const stream = await dial(to, abort);
    const { localAddress, remoteAddress } = stream as Partial<Socket>;
    local ||= localAddress !== undefined && localAddress === remoteAddress;
    return stream;
  };
  const servername = isIP(domain) ? '' : domain;
  return lookAtPort({ port, dial: noting, gate, servername, timeout, signal }, () => local);
}

function tell({ port, session, tls, chains, why, connections, seconds }: PortSeen): PortAudit {
  const words = (all: readonly string[] = []): string[] => all.slice(0, 100).map((one) => show(one));
  return {
    port: port.port,
    protocol: port.protocol,
    answers: session !== null,
    why,
    greeting: show(session?.greeting ?? ''),
    capabilities: { clear: words(session?.clear), inside: words(session?.inside) },
    versions: (tls?.versions ?? []).map(({ version, suites, order }) => ({
      version,
      suites: suites.map((id) => suiteOf(id).name),
      order,
    })),
    groups: [...(tls?.groups ?? []).map(groupName), ...(tls?.primes ?? []).map(({ bits }) => `dh ${bits}`)],
    chains: chains.map(({ told }) => told),
    connections,
    seconds: Math.round(seconds * 1000) / 1000,
  };
}
