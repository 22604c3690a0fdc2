/**
 * One authenticated SSH connection over a given socket: the sole place that knows node-ssh. Of node-ssh only `connect` is
 * used; the connection under it is spoken to directly, because node-ssh decodes and trims what a host answers, and takes
 * a lost connection for an answer.
 */
import { createRequire } from 'node:module';
import type { Duplex } from 'node:stream';
import type { AnyAuthMethod, Client, ClientChannel, ConnectConfig } from 'ssh2';
import { HardenMailError } from '../errors.ts';
import type { Channel, End, Transport } from '../remote/transport.ts';
import { CIPHERS, KEX, MACS, hostKeyAlgorithms } from './algorithms.ts';
import type { Authentication } from './auth.ts';
import { deadline } from './deadline.ts';
import { closedWithoutStatus, execFailure, forwardFailure, handshakeFailure, interrupted, lost } from './failures.ts';
import type { HostKeys } from './host-keys.ts';
import { sessionSlots } from './slots.ts';

export type SshLibrary = typeof import('ssh2') & { readonly NodeSSH: typeof import('node-ssh').NodeSSH };

/** Loads node-ssh, and the ssh2 that it is built on. */
export async function loadSsh(): Promise<SshLibrary> {
  const { NodeSSH } = await import('node-ssh');
  const nodeSsh = createRequire(import.meta.url).resolve('node-ssh');
  const ssh2 = createRequire(nodeSsh)('ssh2') as typeof import('ssh2');
  return { ...ssh2, NodeSSH };
}

export interface SessionOptions {
  readonly socket: Duplex;
  readonly label: string;
  readonly address: string;
  readonly user: string;
  readonly keys: HostKeys;
  /** Made with the means to stop the clock while the user is asked. */
  readonly authentication: (paused: <T>(work: () => Promise<T>) => Promise<T>) => Authentication;
  /** Seconds for each step up to the end of authentication. */
  readonly timeout: number;
  readonly aliveInterval: number;
  readonly aliveCountMax: number;
  readonly debug: (line: string) => void;
  readonly signal?: AbortSignal;
}

/** @throws HardenMailError, or what `keys.check` threw. */
export async function openSession(library: SshLibrary, options: SessionOptions): Promise<Transport> {
  const { label, debug } = options;
  const ssh = new library.NodeSSH();
  let why: Error | undefined;
  let open = false;

  const clock = deadline(options.timeout, () => {
    why ??= handshakeFailure(label, new Error(`no answer for ${options.timeout} s`), false, 'client-timeout');
    options.socket.destroy();
  });
  const authentication = options.authentication(clock.paused);

  const config: ConnectConfig = {
    sock: options.socket as NonNullable<ConnectConfig['sock']>,
    username: options.user,
    algorithms: {
      kex: [...KEX],
      cipher: [...CIPHERS],
      hmac: [...MACS],
      compress: ['none'],
      serverHostKey: hostKeyAlgorithms(options.keys.types),
    },
    readyTimeout: 0, // The clock above, which does not count the time that the user takes to answer.
    keepaliveInterval: (options.aliveInterval || 15) * 1000,
    keepaliveCountMax: options.aliveCountMax,
    agentForward: false,
    debug,
    hostVerifier: (key: Buffer, verify: (valid: boolean) => void) => {
      const refuse = (error: unknown): void => {
        why ??= error as Error;
        verify(false);
      };
      options.keys.check(key).then(() => verify(true), refuse);
    },
    authHandler: (allowed, _partial, next) => {
      clock.touch();
      // ssh2 takes false for "none is left", though its types do not say so.
      const give = next as (method: AnyAuthMethod | false) => void;
      authentication.next(allowed).then(give, (error: unknown) => {
        why ??= error as Error;
        give(false);
      });
    },
  };

  // node-ssh hands out the client at once, and leaves it without an error listener once it is ready: one error more
  // would end the process.
  const connecting = ssh.connect(config as Parameters<typeof ssh.connect>[0]);
  connecting.catch(() => {});
  const client = ssh.connection as Client;
  client.setMaxListeners(0);

  const abort = (): void => {
    why ??= interrupted(label);
    client.destroy();
  };
  options.signal?.addEventListener('abort', abort, { once: true });

  let shaken = false;
  await new Promise<void>((resolve, reject) => {
    client.on('handshake', () => {
      shaken = true;
      clock.touch();
    });
    client.on('error', (error: Error & { level?: string; code?: unknown }) => {
      debug(`${label}: ${error.message}`);
      // An agent that fails, or a key that cannot sign, is one way less, not the end.
      if (!open && error.level === 'agent') return;
      if (open) why ??= lost(label, error);
      else if (error.level === 'client-authentication' || TOO_MANY.test(error.message))
        why ??= authentication.failure();
      else why ??= handshakeFailure(label, error, shaken, error.level);
    });
    client.on('close', () => {
      why ??= open ? lost(label) : handshakeFailure(label, new Error('the connection was closed'), shaken);
      options.signal?.removeEventListener('abort', abort);
      reject(why);
    });
    client.on('ready', () => {
      open = true;
      resolve();
    });
    if (options.signal?.aborted) abort();
  }).finally(clock.stop);

  const slots = sessionSlots();
  return {
    label,
    address: options.address,
    user: options.user,
    exec: async (command) => {
      const start = (release: () => void): Promise<Channel> => {
        if (why !== undefined) throw why;
        return startCommand(client, command, () => why ?? lost(label), label, release);
      };
      return slots.use(start).catch((error: Error) => {
        throw error instanceof HardenMailError ? error : (why ?? execFailure(label, error));
      });
    },
    forward: (address, port) =>
      new Promise((resolve, reject) => {
        if (why !== undefined) return reject(why);
        client.forwardOut('127.0.0.1', 0, address, port, (error, channel) => {
          if (error) reject(why ?? forwardFailure(label, address, port, error));
          else resolve(channel);
        });
      }),
    close: () => close(client),
  };
}

const TOO_MANY = /too many authentication failures/i;

function startCommand(
  client: Client,
  command: string,
  why: () => Error,
  label: string,
  release: () => void,
): Promise<Channel> {
  return new Promise((resolve, reject) => {
    // A connection that is lost while the channel opens is not told to the callback.
    const onLost = (): void => reject(why());
    client.once('close', onLost);
    client.exec(command, {}, (error, channel) => {
      client.off('close', onLost);
      if (error) return reject(error);
      resolve(asChannel(channel, client, why, label, release));
    });
  });
}

function asChannel(
  channel: ClientChannel,
  client: Client,
  why: () => Error,
  label: string,
  release: () => void,
): Channel {
  let alive = true;
  let end: End | undefined;
  const onLost = (): void => {
    alive = false;
  };
  client.once('close', onLost);
  channel.on('exit', (code: number | null, signal?: string) => {
    end = code === null ? { signal: signal ?? 'a signal' } : { code };
  });
  const read = new Promise((resolve) => channel.stderr.once('end', resolve).once('close', resolve));
  const ended = new Promise<End>((resolve, reject) => {
    channel.once('close', async () => {
      await read;
      client.off('close', onLost);
      release();
      if (end !== undefined) resolve(end);
      else reject(alive ? closedWithoutStatus(label) : why());
    });
  });
  ended.catch(() => {}); // Whoever waits for it gets it; nobody may be waiting yet.
  channel.on('error', () => {});
  return { stdin: channel, stdout: channel, stderr: channel.stderr, ended, close: () => channel.close() };
}

/** Says goodbye, and does not wait long for the answer. */
function close(client: Client): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(() => client.destroy(), 1000);
    client.once('close', () => {
      clearTimeout(timer);
      resolve();
    });
    client.end();
  });
}
