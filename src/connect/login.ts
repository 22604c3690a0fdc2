import type { Duplex } from 'node:stream';
import type { AnyAuthMethod, Client, ConnectConfig } from 'ssh2';
import { CIPHERS, KEX, MACS, hostKeyAlgorithms } from './algorithms.ts';
import type { Authentication } from './auth.ts';
import { deadline } from './deadline.ts';
import type { ConnectionLife } from './ending.ts';
import { handshakeFailure, lost } from './failures.ts';
import type { HostKeys } from './host-keys.ts';
import type { SshLibrary } from './library.ts';
import { withFewerTrips } from './fewer-trips/index.ts';

export interface LoginOptions {
  readonly socket: Duplex;
  readonly label: string;
  readonly user: string;
  /** Will commands run on this connection, or does it only lead to another host? */
  readonly commands: boolean;
  readonly keys: HostKeys;
  /** Gets a function that pauses the timer while the user is asked. */
  readonly authentication: (paused: <T>(work: () => Promise<T>) => Promise<T>) => Authentication;
  /** Seconds for each step. */
  readonly timeout: number;
  readonly aliveInterval: number;
  readonly aliveCountMax: number;
  readonly debug: (line: string) => void;
  /** Receives a line for each packet. Leave it out if unused: ssh2 builds these lines only for a receiver. */
  readonly packets?: (line: string) => void;
}

/** Seconds between two keepalives if ServerAliveInterval is not set. */
const ALIVE_INTERVAL = 15;

/**
 * Turns an open socket into an authenticated connection. From here on every failure ends in `ending`, also those after the
 * login.
 * @throws the reason of `ending`
 */
export async function login(library: SshLibrary, options: LoginOptions, ending: ConnectionLife): Promise<Client> {
  const { label, socket, timeout, debug } = options;
  // The socket closed while node-ssh was loading: no event would report it.
  if (socket.destroyed) ending.end(handshakeFailure(label, new Error('the connection was closed'), false));

  const late = (): void =>
    ending.end(handshakeFailure(label, new Error(`no answer for ${timeout} s`), false, 'client-timeout'));
  const clock = deadline(timeout, late);
  const authentication = options.authentication(clock.paused);
  const ssh = new library.NodeSSH();
  // node-ssh exposes the client at once, and removes its error listener once it is ready: the next error would end the
  // process. So do not wait for its own promise.
  ssh.connect(configuration(options, ending, authentication, clock.touch)).catch(() => {});
  const client = ssh.connection as Client;
  client.setMaxListeners(0);
  withFewerTrips(client, socket, options.commands);

  let shaken = false;
  let open = false;
  client.on('handshake', () => {
    shaken = true;
    clock.touch();
  });
  client.on('error', (error: Error & { level?: string }) => {
    debug(`${label}: ${error.message}`);
    if (open) ending.end(lost(label, error));
    else if (NO_MORE_KEYS.test(error.message)) ending.end(authentication.failure());
    else if (!ONE_WAY_LESS.has(error.level ?? '')) ending.end(handshakeFailure(label, error, shaken, error.level));
  });
  const gone = (): void =>
    ending.end(open ? lost(label) : handshakeFailure(label, new Error('the connection was closed'), shaken));
  // A connection through a jump host may end without a close event.
  client.on('end', gone);
  client.on('close', gone);
  const ready = new Promise<void>((resolve) => {
    client.on('ready', () => {
      open = true;
      resolve();
    });
  });
  await Promise.race([ready, ending.ended]).finally(clock.stop);
  return client;
}

const NO_MORE_KEYS = /all configured authentication methods failed|too many authentication failures/i;
/** An agent that fails, or a key that cannot sign, removes one way to log in; the login continues. */
const ONE_WAY_LESS = new Set(['agent', 'client-authentication']);

type Configuration = Parameters<InstanceType<SshLibrary['NodeSSH']>['connect']>[0];

function configuration(
  options: LoginOptions,
  ending: ConnectionLife,
  authentication: Authentication,
  touch: () => void,
): Configuration {
  const config: ConnectConfig = {
    sock: options.socket,
    username: options.user,
    algorithms: {
      kex: [...KEX],
      cipher: [...CIPHERS],
      hmac: [...MACS],
      compress: ['none'],
      serverHostKey: hostKeyAlgorithms(options.keys.types),
    },
    readyTimeout: 0, // Our own timer does not count the time that the user takes to answer.
    keepaliveInterval: (options.aliveInterval || ALIVE_INTERVAL) * 1000,
    keepaliveCountMax: options.aliveCountMax,
    agentForward: false,
    ...(options.packets && { debug: options.packets }),
    hostVerifier: (key: Buffer, verify: (valid: boolean) => void) => {
      const refuse = (error: unknown): void => {
        ending.end(error as Error);
        verify(false);
      };
      options.keys.check(key).then(() => verify(true), refuse);
    },
    authHandler: (allowed, _partial, next) => {
      touch();
      // ssh2 accepts false for "none is left", though its types do not say so.
      const give = next as (method: AnyAuthMethod | false) => void;
      authentication.next(allowed).then(give, (error: unknown) => ending.end(error as Error));
    },
  };
  return config as Configuration;
}
