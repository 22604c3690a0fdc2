/** Attacks, each tried once and without harm. */
import type { TLSSocket } from 'node:tls';
import type { Protocol } from '../mail/protocol.ts';
import { ProtocolError, type Wire } from '../mail/wire.ts';
import { open, turnedAway, type Target } from './ask.ts';
import { contextUpTo } from './context.ts';
import { PROTOCOLS } from '../mail/protocols.ts';

/** A harmless command to send in the segment of STARTTLS, and whether these lines contain an answer to it. */
const SLIPPED: Readonly<
  Record<
    Target['port']['protocol'],
    { readonly line: string; readonly answered: (lines: readonly string[]) => boolean }
  >
> = {
  smtp: { line: 'NOOP', answered: (lines) => lines.some((line) => !line.startsWith('221')) },
  imap: { line: 'slipped NOOP', answered: (lines) => lines.some((line) => line.startsWith('slipped ')) },
  pop3: { line: 'CAPA', answered: (lines) => lines.length > 1 },
};

export type Injection = 'taken' | 'dropped' | 'refused';

/**
 * CVE-2011-0411: a command that arrives in the clear, after STARTTLS in the same segment, must not be executed inside TLS.
 * Inside TLS this sends only the goodbye: any answer before the goodbye's own is for the injected command. `refused`: the
 * server ends the session with such a client.
 */
export function injection(target: Target): Promise<Injection> {
  const { line, answered } = SLIPPED[target.port.protocol];
  return inSession(target, async (wire, protocol) => {
    if (target.port.protocol === 'smtp') await protocol.offer(wire);
    const slipping: Wire = { ...wire, send: (first, pace) => wire.send(`${first}\r\n${line}`, pace) };
    try {
      if (!(await protocol.startTls(slipping)).ok) return 'refused';
      await wire.secure({ context: contextUpTo('TLSv1.3'), servername: target.servername });
      wire.send(protocol.goodbye);
    } catch (error) {
      if (error instanceof ProtocolError) return 'refused';
      throw error;
    }
    return answered(await rest(wire)) ? 'taken' : 'dropped';
  });
}

/** All lines until the server hangs up. */
async function rest(wire: Wire): Promise<string[]> {
  const lines: string[] = [];
  try {
    for (;;) lines.push(await wire.line());
  } catch (error) {
    if (error instanceof ProtocolError) return lines;
    throw error;
  }
}

/** Does the server let a client start a new handshake within a session (CVE-2011-1473)? Tried once, up to TLS 1.2. */
export function renegotiation(target: Target): Promise<boolean> {
  return inSession(target, async (wire, protocol) => {
    if (target.port.tls === 'starttls') {
      if (target.port.protocol === 'smtp') await protocol.offer(wire);
      if (!(await protocol.startTls(wire)).ok) throw new ProtocolError('no STARTTLS');
    }
    const tls = await wire.secure({ context: contextUpTo('TLSv1.2'), servername: target.servername });
    if (target.port.tls === 'implicit') await protocol.greet(wire);
    return renegotiates(tls, Math.min(target.timeout, PATIENCE));
  });
}

/** Some servers do not answer: that means no as well. Milliseconds. */
const PATIENCE = 2000;

function renegotiates(tls: TLSSocket, patience: number): Promise<boolean> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, patience, false);
    const settle = (yes: boolean): void => {
      clearTimeout(timer);
      resolve(yes);
    };
    tls.once('error', () => settle(false)).once('close', () => settle(false));
    tls.renegotiate({ rejectUnauthorized: false }, (error) => settle(!error));
  });
}

/** A connection through the gate, after the greeting if that is in the clear. */
function inSession<T>(target: Target, work: (wire: Wire, protocol: Protocol) => Promise<T>): Promise<T> {
  const protocol = PROTOCOLS[target.port.protocol];
  return target.gate.through(async () => {
    const wire = await open(target);
    try {
      if (target.port.tls === 'starttls') await protocol.greet(wire);
      return await work(wire, protocol);
    } catch (error) {
      throw turnedAway(error);
    } finally {
      wire.close(protocol.goodbye);
    }
  });
}
