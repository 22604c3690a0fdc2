import { HardenMailError } from '../model/errors.ts';
import { validHostname, validUser } from '../inventory/valid-names.ts';
import type { Host } from '../model/index.ts';
import { observed } from '../remote/observed.ts';
import type { Remote } from '../remote/remote.ts';
import { sshRemote } from '../remote/ssh.ts';
import type { Transport } from '../remote/transport.ts';
import { openHop } from './hop.ts';
import { connectLocally } from './connect-locally.ts';
import type { ConnectOptions } from './connect-options.ts';
import { routeTo } from './route.ts';
import { loadSsh, type SshLibrary } from './library.ts';
import { masterTransport, openMaster } from './master.ts';
import { describeSettings, resolveSettings, type SshSettings } from './ssh-config.ts';
import type { SshQuery } from './ssh-query.ts';

/**
 * Opens an SSH connection as `ssh` would: ~/.ssh/config, an open connection of the user's (ControlPath), host key check, jump hosts,
 * authentication. The first script that runs finds the way to root (see `sshRemote`).
 * @throws HardenMailError; its message names host and port
 */
export async function connect(host: Host, options: ConnectOptions): Promise<Remote> {
  if (host.local) return connectLocally(host, options);
  checkNames(host);
  const query = {
    hostname: host.hostname,
    ...(host.port !== undefined && { port: host.port }),
    ...(host.user !== undefined && { user: host.user }),
    ...(host.identity !== undefined && { identity: host.identity }),
    ...(options.jump !== undefined && { jump: options.jump }),
    ...(options.sshConfig !== undefined && { file: options.sshConfig }),
  };
  const loading = loadSsh();
  loading.catch(() => {}); // Awaited by each hop.
  const settings = await resolveSettings(query, options.debug ?? (() => {}));
  const over = (transport: Transport): Remote => {
    const { becomePassword } = options;
    const remote = sshRemote(transport, { name: host.name, ...(becomePassword && { becomePassword }) });
    return options.onCommand ? observed(remote, options.onCommand) : remote;
  };
  // A user who names a key wants a login with it.
  const master = host.identity === undefined ? await openMaster(settings) : undefined;
  if (master === undefined) return over(await logIn(host, options, query, settings, loading));

  const shared = async (): Promise<Remote> => {
    options.onStep?.('reach', `over the open connection of ssh, ${settings.controlPath}`);
    return over(await masterTransport(master, settings, options.signal));
  };
  if (options.isFresh !== true) return shared();
  // Nobody is asked for what the open connection did not need.
  const { prompt: _, ...unasked } = options;
  try {
    return over(await logIn(host, unasked, query, settings, loading));
  } catch (error) {
    if (!(error instanceof HardenMailError) || !OF_LOGIN.has(error.code)) throw error;
    return { ...(await shared()), withoutLogin: error.message };
  }
}

/** Errors of a login that ssh may be capable of, and this program is not. The host itself answers. */
const OF_LOGIN = new Set(['AUTH_FAILED', 'KEY_UNUSABLE', 'HOST_KEY_UNKNOWN', 'USAGE']);

/** Logs in on each hop in turn. */
async function logIn(
  host: Host,
  options: ConnectOptions,
  query: SshQuery,
  settings: SshSettings,
  loading: Promise<SshLibrary>,
): Promise<Transport> {
  const { prompt, knownHosts, onAddress, debug = () => {}, ...shared } = options;
  const resolved = await routeTo(settings, query, debug);
  const hops = resolved.map((hop) => (knownHosts ? { ...hop, knownHosts: { user: knownHosts, global: [] } } : hop));

  const open: Transport[] = [];
  const closeAll = async (): Promise<void> => {
    for (const transport of open.toReversed()) await transport.close();
  };
  try {
    for (const [index, hopSettings] of hops.entries()) {
      options.onStep?.('settings', describeSettings(hopSettings));
      const via = open.at(-1);
      const identity = index === hops.length - 1 ? host.identity : undefined;
      const hop = {
        ...shared,
        debug,
        commands: index === hops.length - 1,
        ...(options.debug && { packets: options.debug }),
        ...(via ? { via } : hops.length === 1 && onAddress && { onAddress }),
        ...(identity !== undefined && { identity }),
        ...(prompt && {
          prompt: (text: string, secret: boolean) => prompt(text, { secret, host: host.name }),
          asker: prompt,
        }),
      };
      open.push(await openHop(loading, hopSettings, hop));
    }
  } catch (error) {
    await closeAll();
    throw error;
  }
  return { ...(open.at(-1) as Transport), close: closeAll };
}

function checkNames({ hostname, user }: Host): void {
  const refuse = (what: string, value: string, hint: string): never => {
    throw new HardenMailError('USAGE', `not a ${what}: ${JSON.stringify(value)}`, hint);
  };
  if (!validHostname(hostname)) refuse('host name', hostname, 'Give a name, an address or an alias of ~/.ssh/config.');
  if (user !== undefined && !validUser(user)) refuse('user name', user, 'Give the name of an account on the host.');
}
