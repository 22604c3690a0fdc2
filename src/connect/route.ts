import { HardenMailError } from '../model/errors.ts';
import { validHostname, validUser } from '../inventory/valid-names.ts';
import { resolveSettings } from './ssh-config.ts';
import type { SshSettings } from './ssh-config.ts';
import type { SshQuery } from './ssh-query.ts';

/** A jump host may itself be behind jump hosts; this limit stops a configuration with a loop. */
const MAX_HOPS = 8;

/**
 * The hosts to connect to in turn, the target last. As in OpenSSH each hop is resolved by its own part of the
 * configuration; in a chain only the first hop's own ProxyJump counts.
 */
export async function route(query: SshQuery, debug: (line: string) => void, depth = 0): Promise<SshSettings[]> {
  return routeTo(await resolveSettings(query, debug), query, debug, depth);
}

/** The same, to a host whose settings are known. */
export async function routeTo(
  settings: SshSettings,
  query: SshQuery,
  debug: (line: string) => void,
  depth = 0,
): Promise<SshSettings[]> {
  if (settings.proxyCommand !== undefined) {
    throw new HardenMailError(
      'USAGE',
      `${query.hostname}: ProxyCommand in the ssh configuration is not supported: ${settings.proxyCommand}`,
      'Use ProxyJump, or --jump, or a connection that ssh keeps open (ControlMaster, ControlPath).',
    );
  }
  const last = settings.proxyJump.at(-1);
  if (last === undefined) return [settings];
  if (depth >= MAX_HOPS) {
    throw new HardenMailError(
      'USAGE',
      `${query.hostname}: more than ${MAX_HOPS} jump hosts`,
      'Does ProxyJump form a loop?',
    );
  }
  const before = settings.proxyJump.slice(0, -1).join(',');
  const hop = {
    ...parseHop(last),
    ...(query.file !== undefined && { file: query.file }),
    ...(before !== '' && { jump: before }),
  };
  return [...(await route(hop, debug, depth + 1)), settings];
}

/** `[user@]host[:port]`, with or without `ssh://`; an IPv6 address with a port needs brackets. */
function parseHop(text: string): { hostname: string; user?: string; port?: number } {
  const [, user, bracketed, plain, port] =
    /^(?:ssh:\/\/)?(?:(.+)@)?(?:\[([^\]]+)\]|([^:]+|[^:]*:[^:]*:.*))(?::(\d+))?\/?$/.exec(text) ?? [];
  const hostname = bracketed ?? plain ?? '';
  if (!validHostname(hostname) || (user !== undefined && !validUser(user))) {
    throw new HardenMailError('USAGE', `not a jump host: ${JSON.stringify(text)}`, 'Write it as [user@]host[:port].');
  }
  return { hostname, ...(user !== undefined && { user }), ...(port !== undefined && { port: Number(port) }) };
}
