import { randomBytes } from 'node:crypto';
import type { Duplex } from 'node:stream';
import { TlsFormatError } from '../tls/bytes.ts';
import { Flight, type Answer } from '../tls/flight.ts';
import { clientHello, type Hello } from '../tls/hello.ts';
import type { Port } from '../verify/mail-ports.ts';
import type { Dial } from '../verify/verify.ts';
import { openWire, ProtocolError, reason, type Wire } from '../mail/wire.ts';
import { TurnedAway, type Gate } from './port-gate.ts';
import { PROTOCOLS } from '../mail/protocols.ts';

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

/** A server's answer to a ClientHello. Some servers refuse without an alert: they hang up, or send nothing. */
export type TlsAnswer = Answer | { readonly kind: 'closed' | 'silent' };

export type Question = Omit<Hello, 'random' | 'servername'>;

/**
 * Asks one question on its own connection, and ends before the key exchange.
 * Throws TurnedAway if the server does not serve this client, TlsFormatError if its answer is not TLS.
 */
export function askTls(target: Target, question: Question): Promise<TlsAnswer> {
  const hello = clientHello({ ...question, random: randomBytes(32), servername: target.servername });
  return target.gate.through(async () => {
    const stream = await reach(target);
    return exchange(stream, hello, target.timeout);
  });
}

/** A connection on which TLS may start: on STARTTLS ports after the server has accepted STARTTLS. */
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

/** Greeting and STARTTLS, with no command more than needed. */
async function startTls(wire: Wire, { port }: Target): Promise<void> {
  const protocol = PROTOCOLS[port.protocol];
  await protocol.greet(wire);
  // In SMTP, STARTTLS must follow an EHLO (RFC 3207 §4.2); IMAP and POP3 accept it as the first command.
  if (port.protocol === 'smtp') await protocol.offer(wire);
  const reply = await protocol.startTls(wire);
  if (!reply.ok) throw new TurnedAway(`refuses ${protocol.command}: "${reply.text}"`);
}

/** A connection with a line-by-line dialogue on it, before the first line. */
export async function open(target: Target): Promise<Wire> {
  return openWire(await connect(target), target.timeout);
}

export function turnedAway(error: unknown): unknown {
  return error instanceof ProtocolError ? new TurnedAway(error.message) : error;
}

async function connect({ dial, port, timeout, signal }: Target): Promise<Duplex> {
  // Not AbortSignal.timeout: Node would use it to cut the connection even after it is open.
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
      // Unread bytes would turn the close into a reset, which some servers log as a fault.
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

/** Milliseconds for the server to close after this side has closed. */
const LINGER = 1000;
