import { connect } from 'node:net';
import type { Duplex } from 'node:stream';
import { connectionInterrupted, socketFailure } from './failures.ts';

/** The stream that carries SSH, and the address of its other end. */
export interface SshStream {
  readonly socket: Duplex;
  readonly address: string;
}

/** Long enough for a distant host: with Node's own 250 ms a try every address of a slow host counts as dead. */
const NEXT_ADDRESS_MS = 3000;

/**
 * Opens a TCP connection to the first address that answers. Nagle's algorithm is off: it costs every later command one more
 * round trip.
 * @param timeout seconds
 * @throws HardenMailError HOST_UNKNOWN, CONNECTION_REFUSED, CONNECTION_TIMEOUT, CONNECTION_LOST, INTERRUPTED
 */
export function openSocket(
  host: string,
  port: number,
  label: string,
  timeout: number,
  signal: AbortSignal | undefined,
): Promise<SshStream> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host, port, noDelay: true, autoSelectFamilyAttemptTimeout: NEXT_ADDRESS_MS });
    const settle = (): void => {
      clearTimeout(timer);
      signal?.removeEventListener('abort', abort);
    };
    const fail = (error: Error): void => {
      settle();
      socket.destroy();
      reject(error);
    };
    const abort = (): void => fail(connectionInterrupted(label));
    const late = Object.assign(new Error(`no answer for ${timeout} s`), { code: 'ETIMEDOUT' });
    const timer = setTimeout(() => fail(socketFailure(label, late)), timeout * 1000);
    signal?.addEventListener('abort', abort, { once: true });
    // Keep this listener: an error before ssh2 adds its own would end the process.
    socket.on('error', (error) => fail(socketFailure(label, error)));
    socket.once('connect', () => {
      settle();
      resolve({ socket, address: socket.remoteAddress ?? host });
    });
    if (signal?.aborted) abort();
  });
}
