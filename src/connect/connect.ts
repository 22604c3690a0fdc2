import { connect as dial } from 'node:net';
import type { Duplex } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { HardenMailError } from '../errors.ts';
import { validHostname, validUser } from '../inventory/names.ts';
import type { Host } from '../model.ts';
import type { Remote } from '../remote/remote.ts';
import { sshRemote } from '../remote/ssh.ts';
import type { Transport } from '../remote/transport.ts';
import { authentication, findCredentials } from './auth.ts';
import { Refusal, interrupted, socketFailure } from './failures.ts';
import { hostKeys } from './host-keys.ts';
import { route } from './route.ts';
import { loadSsh, openSession } from './session.ts';
import type { SshLibrary } from './session.ts';
import type { SshSettings } from './ssh-config.ts';

export interface ConnectOptions {
  /** Take the key of a host that is not known yet, and write it down. A changed key is refused all the same. */
  readonly acceptNewHostKeys: boolean;
  /** known_hosts files in place of the configured ones; a new key goes into the first. */
  readonly knownHosts?: readonly string[];
  /** Configuration file as `ssh -F` takes it; `none` for no configuration. */
  readonly sshConfig?: string;
  /** Hosts to go through, as `ssh -J` takes them. */
  readonly jump?: string;
  /** Seconds for each step of connecting; default is ConnectTimeout of the configuration, else 15. */
  readonly connectTimeout?: number;
  /** Asks the user; absent when nobody can be asked. */
  readonly prompt?: (text: string, about: { readonly secret: boolean; readonly host: string }) => Promise<string>;
  /** Asks for the password of sudo; absent when none can be asked. */
  readonly becomePassword?: () => Promise<string>;
  readonly debug?: (line: string) => void;
  /** Ends connecting, and the connection. */
  readonly signal?: AbortSignal;
}

/**
 * Opens an SSH connection as `ssh` would: ~/.ssh/config, host key check, jump hosts, authentication. The way to root is
 * found by the first script that is run (see `sshRemote`).
 * @throws HardenMailError with the code of what went wrong; its message names host and port
 */
export async function connect(host: Host, options: ConnectOptions): Promise<Remote> {
  checkNames(host);
  const debug = options.debug ?? (() => {});
  const query = {
    hostname: host.hostname,
    ...(host.port !== undefined && { port: host.port }),
    ...(host.user !== undefined && { user: host.user }),
    ...(host.identity !== undefined && { identity: host.identity }),
    ...(options.jump !== undefined && { jump: options.jump }),
    ...(options.sshConfig !== undefined && { file: options.sshConfig }),
  };
  const [library, hops] = await Promise.all([loadSsh(), route(query, debug)]);

  const open: Transport[] = [];
  const closeAll = async (): Promise<void> => {
    for (const transport of open.toReversed()) await transport.close();
  };
  try {
    for (const [index, settings] of hops.entries()) {
      const identity = index === hops.length - 1 ? host.identity : undefined;
      open.push(await openHop(library, settings, open.at(-1), host, identity, { ...options, debug }));
    }
  } catch (error) {
    await closeAll();
    throw error;
  }
  const transport = open.at(-1) as Transport;
  return sshRemote(
    { ...transport, close: closeAll },
    { name: host.name, ...(options.becomePassword && { becomePassword: options.becomePassword }) },
  );
}

function checkNames({ hostname, user }: Host): void {
  if (!validHostname(hostname)) {
    throw new HardenMailError('USAGE', `not a host name: ${JSON.stringify(hostname)}`, 'Give a name, an address or an ssh alias.'); // prettier-ignore
  }
  if (user !== undefined && !validUser(user)) {
    throw new HardenMailError('USAGE', `not a user name: ${JSON.stringify(user)}`, 'Give the name of an account on the host.'); // prettier-ignore
  }
}

/** Seconds before the second and the third try where the other side hangs up at once (MaxStartups). */
const BACKOFF = [0.5, 1.5];

async function openHop(
  library: SshLibrary,
  settings: SshSettings,
  via: Transport | undefined,
  host: Host,
  identity: string | undefined,
  options: ConnectOptions & { readonly debug: (line: string) => void },
): Promise<Transport> {
  const { debug, prompt, signal } = options;
  const label = `${settings.hostname}:${settings.port}`;
  const timeout = options.connectTimeout ?? settings.connectTimeout ?? 15;
  const known = options.knownHosts ? { user: options.knownHosts, global: [] } : settings.knownHosts;
  const auth = {
    label,
    settings,
    debug,
    ...(identity !== undefined && { identity }),
    ...(prompt && { asker: prompt }),
  };
  const [keys, credentials] = await Promise.all([
    hostKeys({ ...settings, knownHosts: known }, options.acceptNewHostKeys),
    findCredentials(library, auth),
  ]);

  for (let attempt = 0; ; attempt += 1) {
    if (signal?.aborted) throw interrupted(label);
    const { socket, address } = via
      ? { socket: await via.forward(settings.hostname, settings.port), address: settings.hostname }
      : await openSocket(settings, label, timeout, signal);
    try {
      return await openSession(library, {
        socket,
        label,
        address,
        user: settings.user,
        keys,
        authentication: (paused) =>
          authentication(
            library,
            auth,
            credentials,
            prompt && ((text, secret) => paused(() => prompt(text, { secret, host: host.name }))),
          ),
        timeout,
        aliveInterval: settings.aliveInterval,
        aliveCountMax: settings.aliveCountMax,
        debug,
        ...(signal && { signal }),
      });
    } catch (error) {
      socket.destroy();
      const pause = BACKOFF[attempt];
      if (!(error instanceof Refusal) || pause === undefined) throw error;
      debug(`${error.message}; trying again`);
      await sleep(pause * (0.75 + Math.random() / 2) * 1000);
    }
  }
}

/** Nagle's algorithm is off: with it every later command costs a round trip more. */
function openSocket(
  { hostname, port }: SshSettings,
  label: string,
  timeout: number,
  signal: AbortSignal | undefined,
): Promise<{ socket: Duplex; address: string }> {
  return new Promise((resolve, reject) => {
    const socket = dial({ host: hostname, port, noDelay: true });
    const fail = (error: Error): void => {
      clearTimeout(timer);
      signal?.removeEventListener('abort', abort);
      socket.destroy();
      reject(error);
    };
    const abort = (): void => fail(interrupted(label));
    const late = Object.assign(new Error(`no answer for ${timeout} s`), { code: 'ETIMEDOUT' });
    const timer = setTimeout(() => fail(socketFailure(label, late)), timeout * 1000);
    signal?.addEventListener('abort', abort, { once: true });
    socket.once('error', (error) => fail(socketFailure(label, error)));
    socket.once('connect', () => {
      clearTimeout(timer);
      signal?.removeEventListener('abort', abort);
      socket.removeAllListeners('error').on('error', () => {}); // ssh2 listens for itself; this covers the moment before.
      resolve({ socket, address: socket.remoteAddress ?? hostname });
    });
  });
}
