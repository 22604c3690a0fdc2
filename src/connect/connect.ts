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
import { route } from './route.ts';
import { loadSsh } from './library.ts';
import { describeSettings } from './ssh-config.ts';

/**
 * Opens an SSH connection as `ssh` would: ~/.ssh/config, host key check, jump hosts, authentication. The first script that
 * runs finds the way to root (see `sshRemote`).
 * @throws HardenMailError; its message names host and port
 */
export async function connect(host: Host, options: ConnectOptions): Promise<Remote> {
  if (host.local) return connectLocally(host, options);
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
  const loading = loadSsh();
  loading.catch(() => {}); // Awaited by each hop.
  const { prompt, knownHosts, onAddress, ...shared } = options;
  const resolved = await route(query, debug);
  const hops = resolved.map((hop) => (knownHosts ? { ...hop, knownHosts: { user: knownHosts, global: [] } } : hop));

  const open: Transport[] = [];
  const closeAll = async (): Promise<void> => {
    for (const transport of open.toReversed()) await transport.close();
  };
  try {
    for (const [index, settings] of hops.entries()) {
      options.onStep?.('settings', describeSettings(settings));
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
      open.push(await openHop(loading, settings, hop));
    }
  } catch (error) {
    await closeAll();
    throw error;
  }
  const remote = sshRemote(
    { ...(open.at(-1) as Transport), close: closeAll },
    { name: host.name, ...(options.becomePassword && { becomePassword: options.becomePassword }) },
  );
  return options.onCommand ? observed(remote, options.onCommand) : remote;
}

function checkNames({ hostname, user }: Host): void {
  const refuse = (what: string, value: string, hint: string): never => {
    throw new HardenMailError('USAGE', `not a ${what}: ${JSON.stringify(value)}`, hint);
  };
  if (!validHostname(hostname)) refuse('host name', hostname, 'Give a name, an address or an alias of ~/.ssh/config.');
  if (user !== undefined && !validUser(user)) refuse('user name', user, 'Give the name of an account on the host.');
}
