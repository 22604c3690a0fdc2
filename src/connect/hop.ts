import { setTimeout as sleep } from 'node:timers/promises';
import type { Transport } from '../remote/transport.ts';
import { authentication } from './auth.ts';
import type { Authentication } from './auth.ts';
import { findCredentials } from './credentials.ts';
import { expandTokens } from './expand.ts';
import { ForwardRefusal, connectionInterrupted } from './failures.ts';
import { enterLogin } from './login-limit.ts';
import { hostKeys } from './host-keys.ts';
import { describeKey } from './known-hosts.ts';
import { openSession } from './session.ts';
import type { SshLibrary } from './library.ts';
import { openSocket } from './socket.ts';
import type { SshStream } from './socket.ts';
import { hostLabel } from './ssh-config.ts';
import type { SshSettings } from './ssh-config.ts';

export interface HopOptions {
  /** The connection to go through; absent for a direct one. */
  readonly via?: Transport;
  /** The key that the user named, for this hop. */
  readonly identity?: string;
  /** Will commands run here, or does this hop only lead to the next one? */
  readonly commands: boolean;
  readonly acceptNewHostKeys: boolean;
  readonly connectTimeout?: number;
  /** Absent if no user can be asked. */
  readonly prompt?: (text: string, secret: boolean) => Promise<string>;
  /** Identifies the user who is asked: the same user is asked once for a passphrase. */
  readonly asker?: object;
  readonly debug: (line: string) => void;
  readonly packets?: (line: string) => void;
  readonly onAddress?: (address: string) => void;
  readonly onStep?: (step: string, text: string) => void;
  readonly signal?: AbortSignal;
}

/** Seconds before each retry if the other side hangs up at once, as sshd does beyond MaxStartups. */
const BACKOFF = [0.3, 0.7, 1.3, 2, 3];
const TIMEOUT = 15;

/** One hop of the route: socket, host key, login. The socket is opened while node-ssh is loading. */
export async function openHop(
  loading: Promise<SshLibrary>,
  settings: SshSettings,
  options: HopOptions,
): Promise<Transport> {
  const { debug, prompt, signal } = options;
  const report = options.onStep ?? (() => {});
  const label = hostLabel(settings);
  const timeout = options.connectTimeout ?? settings.connectTimeout ?? TIMEOUT;
  const identity = options.identity === undefined ? undefined : expandTokens(options.identity, settings);
  const query = { settings, identity, canAsk: prompt !== undefined, debug };
  const server = `${settings.hostname}:${settings.port} ${options.via?.label ?? ''}`;
  let leave = (): void => {};
  const openLine = async (): Promise<SshStream> => {
    leave = await enterLogin(server);
    return options.via === undefined
      ? openSocket(settings.hostname, settings.port, label, timeout, signal)
      : { socket: await options.via.forward(settings.hostname, settings.port), address: settings.hostname };
  };

  let opening = openLine();
  opening.then(
    ({ address }) => options.onAddress?.(address),
    () => {},
  ); // Awaited below, after steps that may fail first.
  try {
    const [library, keys, credentials] = await Promise.all([
      loading,
      hostKeys(settings, options.acceptNewHostKeys),
      loading.then((library) => findCredentials(library, query)),
    ]);
    for (let attempt = 0; ; attempt += 1) {
      const line = await opening;
      report('reach', `${line.address} port ${settings.port}${options.via ? `, through ${options.via.label}` : ''}`);
      let means: Authentication | undefined;
      try {
        const session = await openSession(library, {
          ...line,
          label,
          user: settings.user,
          commands: options.commands,
          keys: {
            types: keys.types,
            check: async (key) => {
              await keys.check(key);
              report('host key', describeKey(key));
            },
          },
          authentication: (paused) =>
            (means = authentication(library, {
              label,
              settings,
              credentials,
              ask: prompt && ((text, secret) => paused(() => prompt(text, secret))),
              asker: options.asker,
              debug,
            })),
          timeout,
          aliveInterval: settings.aliveInterval,
          aliveCountMax: settings.aliveCountMax,
          debug,
          ...(options.packets && { packets: options.packets }),
          ...(signal && { signal }),
        });
        leave();
        report('login', `${settings.user}, by ${means?.last() ?? ''}`);
        return session;
      } catch (error) {
        const pause = BACKOFF[attempt];
        if (!(error instanceof ForwardRefusal) || pause === undefined) throw error;
        leave();
        debug(`${error.message}; trying again`);
        // Spread the retries: many hosts may be behind one jump host.
        await sleep(pause * (0.5 + Math.random()) * 1000, undefined, { ...(signal && { signal }) }).catch(() => {
          throw connectionInterrupted(label);
        });
        opening = openLine();
      }
    }
  } catch (error) {
    void opening.then(({ socket }) => socket.destroy(), () => {}).then(() => leave()); // oxfmt-ignore
    throw error;
  }
}
