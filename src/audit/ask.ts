import { randomBytes } from 'node:crypto';
import type { Duplex } from 'node:stream';
import { TlsFormatError } from '../tls/bytes.ts';
import { Flight, type Answer } from '../tls/flight.ts';
import { clientHello, type Hello } from '../tls/hello.ts';
import type { Port } from '../verify/checks.ts';
import type { Dial } from '../verify/verify.ts';
import { openWire, ProtocolError, reason, type Wire } from '../mail/wire.ts';
import { TurnedAway, type Gate } from './port-gate.ts';
import { PROTOCOLS } from './audit-ports.ts';

/** One port of one host, and the way to it. */
export interface Target {
  readonly port: Port;
  readonly dial: Dial;
  readonly gate: Gate;
  /** For SNI; empty: none. */
  readonly servername: string;
  /** Milliseconds for each step: connect, one answer. */
  readonly timeout: number;
  readonly signal: AbortSignal;
}

/** What a server makes of a ClientHello. It may also hang up, or be silent, without a word: some take that for an answer. */
export type TlsAnswer = Answer | { readonly kind: 'closed' | 'silent' };

export type Question = Omit<Hello, 'random' | 'servername'>;

/**
 * Asks one thing on a connection of its own, and leaves before any key is agreed on.
 * Throws TurnedAway where the server does not serve us, TlsFormatError where what it says is not TLS.
 */
export function askTls(target: Target, question: Question): Promise<TlsAnswer> {
  const hello = clientHello({ ...question, random: randomBytes(32), servername: target.servername });
  return target.gate.through(async () => {
    const stream = await reach(target);
    return exchange(stream, hello, target.timeout);
  });
}

/** A connection where TLS may start: for STARTTLS ports after it was granted. */
export async function reach(target: Target): Promise<Duplex> {
  if (target.port.tls === 'implicit') return connect(target);
  const wire = await open(target);
  try {
    await startTls(wire, target);
    return wire.release();
  } catch (error) {
    wire.close(PROTOCOLS[target.port.protocol].goodbye);
    throw turnedAway(error);
  }
}

/** Greeting and STARTTLS, without a command more than it takes. */
async function startTls(wire: Wire, { port }: Target): Promise<void> {
  const protocol = PROTOCOLS[port.protocol];
  await protocol.greet(wire);
  // By SMTP STARTTLS must follow an EHLO (RFC 3207 §4.2); IMAP and POP3 take it as the first command.
  if (port.protocol === 'smtp') await protocol.offer(wire);
  const reply = await protocol.startTls(wire);
  if (!reply.ok) throw new TurnedAway(`refuses ${protocol.command}: "${reply.text}"`);
}

/** A connection with a line-by-line conversation on it, nothing said yet. */
export async function open(target: Target): Promise<Wire> {
  return openWire(await connect(target), target.timeout);
}

export function turnedAway(error: unknown): unknown {
  return error instanceof ProtocolError ? new TurnedAway(error.message) : error;
}

async function connect({ dial, port, timeout, signal }: Target): Promise<Duplex> {
  // Not AbortSignal.timeout: Node would cut the connection by it also when it has come about.
  const late = new AbortController();
  const timer = setTimeout(() => late.abort(), timeout);
  try {
    return await dial(port.port, AbortSignal.any([signal, late.signal]));
  } catch (error) {
    throw new TurnedAway(late.signal.aborted ? 'timed out' : reason(error));
  } finally {
    clearTimeout(timer);
  }
}

function exchange(stream: Duplex, hello: Buffer, timeout: number): Promise<TlsAnswer> {
  return new Promise((resolve, reject) => {
    const flight = new Flight();
    const settle = (outcome: () => void): void => {
      clearTimeout(timer);
      stream.removeAllListeners().on('error', () => {});
      // Bytes that nobody reads would make the close a reset, which some servers log as a fault.
      stream.resume().end();
      setTimeout(() => stream.destroy(), LINGER).unref();
      stream.once('end', () => stream.destroy());
      outcome();
    };
    const onEnd = (): void => settle(() => resolve({ kind: 'closed' }));
    const timer = setTimeout(() => settle(() => resolve({ kind: 'silent' })), timeout);
    stream.on('data', (chunk: Buffer) => {
      try {
        const answer = flight.push(chunk);
        if (answer) settle(() => resolve(answer));
      } catch (error) {
        settle(() => reject(error instanceof TlsFormatError ? error : new Error(String(error))));
      }
    });
    stream.on('end', onEnd).on('close', onEnd).on('error', onEnd);
    stream.resume().write(hello);
  });
}

/** Milliseconds for the server to close after we have. */
const LINGER = 1000;
