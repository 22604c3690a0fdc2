import { TlsFormatError } from '../tls/bytes.ts';
import type { Port } from '../verify/checks.ts';
import { show } from '../formats/text/show.ts';
import type { Target } from './ask.ts';
import { readChain, type Chain } from '../x509/chain.ts';
import { enumerate, type TlsSeen } from './enumerate.ts';
import { TurnedAway } from './port-gate.ts';
import { lookInside, type SessionSeen } from './look-inside.ts';
import { injection, renegotiation, type Injection } from './tricks.ts';

/** Everything that was seen of one port, not yet judged. */
export interface PortSeen {
  readonly port: Port;
  /** Null where nobody answers. */
  readonly session: SessionSeen | null;
  /** Null where there is no TLS to look at. */
  readonly tls: TlsSeen | null;
  readonly chains: readonly Chain[];
  /** Null where it could not be tried. */
  readonly injection: Injection | null;
  readonly renegotiates: boolean | null;
  /** Why not everything was asked; empty where it was. */
  readonly why: string;
  readonly connections: number;
  /** The connection came from the host itself, which may be trusted more than others. */
  readonly local: boolean;
  readonly seconds: number;
}

/** First an ordinary conversation, then all questions side by side, as far as the gate lets them. Throws nothing. */
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
      // What came about in the conversation and not when it was asked for was not answered: a server that is too busy.
      const spoken = session.version.replace('TLSv', 'TLS ').replace(/ 1$/, ' 1.0');
      if (session.secure && !tls.versions.some(({ version }) => version === spoken)) gate.unanswered.add(spoken);
      const old = tls.versions.some(({ version }) => version !== 'TLS 1.3' && version !== 'SSL 3.0');
      if (old && session.secure) renegotiates = await attempt(renegotiation(target));
    }
  } catch (error) {
    if (!(error instanceof TurnedAway || error instanceof TlsFormatError)) throw error;
    // What is still under way comes to its end, and nothing more is begun.
    gate.shut ||= error instanceof TlsFormatError ? `what answers ${error.message}` : error.message;
  }
  // In TLS 1.3 the chain comes encrypted: of a server that speaks nothing else the session's own view is all there is.
  const served = tls?.chains.length ? tls.chains : session?.leaf ? [[session.leaf]] : [];
  return {
    ...{ port, session, tls, chains: served.map(readChain), injection: slipped, renegotiates },
    ...{ why: show(reason(gate)), connections: gate.connections, local: isLocal() },
    seconds: (performance.now() - began) / 1000,
  };
}

function reason({ shut, unanswered }: Target['gate']): string {
  if (shut !== '' || unanswered.size === 0) return shut;
  return `nothing was answered to some hellos of ${[...unanswered].join(', ')}`;
}

const hasStartTls = ({ clear }: SessionSeen): boolean => clear.some((word) => /^(STARTTLS|STLS)$/i.test(word.trim()));

/** Null where the server did not let it come to that. */
async function attempt<T>(trick: Promise<T>): Promise<T | null> {
  try {
    return await trick;
  } catch (error) {
    if (error instanceof TurnedAway) return null;
    throw error;
  }
}
