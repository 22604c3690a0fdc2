import { TlsFormatError } from '../tls/bytes.ts';
import type { Port } from '../verify/mail-ports.ts';
import { show } from '../formats/text/show.ts';
import type { Target } from './ask.ts';
import { readChain, type Chain } from '../x509/chain.ts';
import { enumerate, type TlsSeen } from './enumerate.ts';
import { TurnedAway } from './port-gate.ts';
import { lookInside, type SessionSeen } from './look-inside.ts';
import { injection, renegotiation, type Injection } from './tricks.ts';

/** Everything seen of one port, before judgement. */
export interface PortSeen {
  readonly port: Port;
  /** Null if the port does not answer. */
  readonly session: SessionSeen | null;
  /** Null without TLS. */
  readonly tls: TlsSeen | null;
  readonly chains: readonly Chain[];
  /** Null if it could not be tried. */
  readonly injection: Injection | null;
  readonly renegotiates: boolean | null;
  /** Why the audit is incomplete; empty if it is complete. */
  readonly why: string;
  readonly connections: number;
  /** The connection came from the host itself, which servers may trust more. */
  readonly local: boolean;
  readonly seconds: number;
}

/** First an ordinary dialogue, then all questions in parallel, as far as the gate allows. Does not throw. */
export async function lookAtPort(target: Target, isLocal: () => boolean): Promise<PortSeen> {
  const { port, gate } = target;
  const began = performance.now();
  let session: SessionSeen | null = null;
  let tls: TlsSeen | null = null;
  let slipped: Injection | null = null;
  let renegotiates: boolean | null = null;
  try {
    session = await lookInside(target);
    if (session.secure || port.tls === 'implicit' || hasStartTls(session)) {
      [tls, slipped] = await Promise.all([
        enumerate(target),
        session.secure && port.tls === 'starttls' ? attempt(injection(target)) : null,
      ]);
      // A version that worked in the dialogue but not when asked for got no answer: the server is too busy.
      const spoken = session.version.replace('TLSv', 'TLS ').replace(/ 1$/, ' 1.0');
      if (session.secure && !tls.versions.some(({ version }) => version === spoken)) gate.unanswered.add(spoken);
      const old = tls.versions.some(({ version }) => version !== 'TLS 1.3' && version !== 'SSL 3.0');
      if (old && session.secure) renegotiates = await attempt(renegotiation(target));
    }
  } catch (error) {
    if (!(error instanceof TurnedAway || error instanceof TlsFormatError)) throw error;
    // Running work finishes; no new work starts.
    gate.shut ||= error instanceof TlsFormatError ? `the server's answer ${error.message}` : error.message;
  }
  // TLS 1.3 encrypts the chain: for a server with TLS 1.3 only, the session's own certificate is all there is.
  const served = tls?.chains.length ? tls.chains : session?.leaf ? [[session.leaf]] : [];
  return {
    ...{ port, session, tls, chains: served.map(readChain), injection: slipped, renegotiates },
    ...{ why: show(reason(gate)), connections: gate.connections, local: isLocal() },
    seconds: (performance.now() - began) / 1000,
  };
}

function reason({ shut, unanswered }: Target['gate']): string {
  if (shut !== '' || unanswered.size === 0) return shut;
  return `no answer to some hellos of ${[...unanswered].join(', ')}`;
}

const hasStartTls = ({ clear }: SessionSeen): boolean => clear.some((word) => /^(STARTTLS|STLS)$/i.test(word.trim()));

/** Null if the server did not let it run. */
async function attempt<T>(trick: Promise<T>): Promise<T | null> {
  try {
    return await trick;
  } catch (error) {
    if (error instanceof TurnedAway) return null;
    throw error;
  }
}
