import type { Duplex } from 'node:stream';
import type { DetailedPeerCertificate, SecureContext, TLSSocket } from 'node:tls';
import { connect } from 'node:tls';
import { show } from '../formats/text/show.ts';

/** The server violated its protocol. The message is safe to show in a finding. */
export class ProtocolError extends Error {
  override readonly name = 'ProtocolError';
}

/** The server did not answer in time: it may be busy with another task. */
export class Silence extends ProtocolError {}

interface Handshake {
  readonly context: SecureContext;
  /** For SNI; empty: no SNI. */
  readonly servername: string;
}

/**
 * A line-by-line conversation. One line is sent, then its whole answer is read: a server may reject commands that arrive
 * before its answers as improper pipelining, unless it offers that.
 */
export interface Wire {
  /**
   * Sends one line, or several with CRLF between them; the whole answer must arrive within the timeout. A `slow` answer may take three
   * times as long and have a hundred times as many lines (a mailbox that is indexed for the first time, an account with thousands of
   * folders).
   */
  send(line: string, pace?: 'slow'): void;
  /** The next line, one char per byte, without its line end. */
  line(): Promise<string>;
  /** The bytes received after the last line that was read. */
  leftover(): string;
  /** Starts TLS; the conversation continues inside it. */
  secure(options: Handshake): Promise<TLSSocket>;
  /** Hands over the raw connection, for a caller that speaks TLS itself. */
  release(): Duplex;
  /** Says goodbye and closes, without waiting for the server to close. */
  close(goodbye: string): void;
}

// RFC 5321 allows 512 bytes a line; IMAP capabilities can be longer. The conversation fails above these limits.
const LONGEST_LINE = 8192;
const MOST_LINES = 200;
/** Milliseconds that a server has to close the connection after our goodbye. */
const LINGER = 1000;

const timedOut = (timeout: number) => new Silence(`said nothing more for ${timeout / 1000} s`);

export function openWire(raw: Duplex, timeout: number): Wire {
  let stream = raw;
  let buffer = '';
  let failure: Error | null = null;
  let wake = () => {};
  let patience = timeout;
  let most = MOST_LINES;
  let deadline = performance.now() + patience;
  let lines = 0;

  const fail = (error: Error) => {
    failure ??= error;
    wake();
  };
  const onData = (chunk: Buffer) => {
    buffer += chunk.toString('latin1');
    // Without a reader the server could fill our memory.
    if (buffer.length > LONGEST_LINE * 8) stream.pause();
    wake();
  };
  const onEnd = () => fail(new ProtocolError('closed the connection'));
  const onError = (error: Error) => fail(new ProtocolError(`broke the connection (${reason(error)})`));

  const listen = () => stream.on('data', onData).on('end', onEnd).on('close', onEnd).on('error', onError).resume();
  const step = (factor = 1) => {
    patience = timeout * factor;
    most = MOST_LINES * (factor === 1 ? 1 : 100);
    deadline = performance.now() + patience;
    lines = 0;
  };

  listen();
  if (raw.destroyed || raw.readableEnded) onEnd();

  /** Waits for the next event, at most until the step's deadline. */
  const wait = () =>
    new Promise<void>((resolve) => {
      const timer = setTimeout(() => fail(timedOut(patience)), Math.max(0, deadline - performance.now()));
      wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });

  return {
    send(line, pace) {
      step(pace === 'slow' ? 3 : 1);
      stream.write(`${line}\r\n`, 'latin1');
    },
    async line() {
      for (;;) {
        const end = buffer.indexOf('\n');
        if ((end < 0 ? buffer.length : end) > LONGEST_LINE) throw new ProtocolError('sent a line that does not end');
        if (end >= 0) {
          const line = buffer.slice(0, end).replace(/\r$/, '');
          buffer = buffer.slice(end + 1);
          if (++lines > most) throw new ProtocolError('does not stop talking');
          return line;
        }
        if (failure) throw failure;
        stream.resume();
        await wait();
      }
    },
    leftover: () => buffer,
    async secure(options) {
      // All other listeners stay: they are the only ones that notice when an SSH channel breaks inside TLS.
      stream.pause().off('data', onData);
      const early = buffer + ((stream.read() as Buffer | null)?.toString('latin1') ?? '');
      try {
        if (early) throw new ProtocolError(`no TLS session: what answers is not TLS: "${show(early)}"`);
        if (failure) throw failure;
        step();
        const tls = await handshake(stream, options, timeout);
        stream = tls;
        listen();
        return tls;
      } catch (error) {
        fail(error as Error);
        throw error;
      }
    },
    release() {
      if (failure) throw failure;
      if (buffer) throw new ProtocolError(`says more in the clear where TLS should start: "${show(buffer)}"`);
      stream.pause().off('data', onData).off('end', onEnd).off('close', onEnd).off('error', onError);
      return stream;
    },
    close(goodbye) {
      const hangUp = () => {
        stream.destroy();
        raw.destroy();
      };
      if (failure) return hangUp();
      // Discard what the server still sends.
      stream.off('data', onData).resume();
      const timer = setTimeout(hangUp, LINGER);
      stream.once('close', () => clearTimeout(timer));
      stream.end(`${goodbye}\r\n`);
    },
  };
}

function handshake(socket: Duplex, { context, servername }: Handshake, timeout: number): Promise<TLSSocket> {
  return new Promise((resolve, reject) => {
    const tls = connect({
      socket,
      secureContext: context,
      ...(servername && { servername }),
      // The checks judge the certificate afterwards. A refusal here would hide the reason.
      rejectUnauthorized: false,
      checkServerIdentity: () => undefined,
    });
    // For that check Node builds text from the whole chain: with many hosts that is a tenth of all work.
    tls.getPeerCertificate = () => NOT_ASKED;
    const settle = (outcome: () => void) => {
      clearTimeout(timer);
      tls.off('error', onError).off('close', onClose).off('secureConnect', onSecure);
      socket.off('close', onClose);
      outcome();
    };
    const give = (error: Error) =>
      settle(() => {
        tls.on('error', () => {}).destroy();
        reject(error);
      });
    const onError = (error: Error) => give(new ProtocolError(`no TLS session: ${handshakeReason(error)}`));
    const onClose = () => give(new ProtocolError('no TLS session: the connection was closed'));
    const onSecure = () => settle(() => resolve(tls));
    const timer = setTimeout(() => give(new ProtocolError(`no TLS session within ${timeout / 1000} s`)), timeout);
    tls.on('error', onError).on('close', onClose).on('secureConnect', onSecure);
    socket.on('close', onClose);
  });
}

const NOT_ASKED = {} as DetailedPeerCertificate;

function handshakeReason(error: Error & { code?: string; reason?: string }): string {
  if (error.code === 'ERR_SSL_WRONG_VERSION_NUMBER' || error.code === 'ERR_SSL_PACKET_LENGTH_TOO_LONG')
    return 'what answers is not TLS';
  if (error.code === 'ECONNRESET') return 'the connection was closed';
  return show(error.reason ?? reason(error));
}

const REASONS: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'refused',
  ECONNRESET: 'reset',
  EHOSTUNREACH: 'host unreachable',
  ENETUNREACH: 'network unreachable',
  ETIMEDOUT: 'timed out',
  EPIPE: 'closed',
  ENOTFOUND: 'name not known',
  EAI_AGAIN: 'name lookup failed',
};

/** A network error in a few words. */
export function reason(error: unknown): string {
  const { code, message } = error as { code?: string; message?: string };
  return (code && REASONS[code]) || show(message || code || String(error));
}
