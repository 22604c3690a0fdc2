import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { userInfo } from 'node:os';
import { join } from 'node:path';
import { HardenMailError } from '../model/errors.ts';
import { printable } from '../formats/text/printable.ts';
import { expandTokens } from './expand.ts';
import { sharedAnswer } from './ssh-answers.ts';
import type { SshQuery } from './ssh-query.ts';

/** How to connect to one host, as OpenSSH would. Paths are absolute, times are seconds. */
export interface SshSettings {
  readonly original: string;
  readonly hostname: string;
  readonly port: number;
  readonly user: string;
  readonly hostKeyAlias?: string;
  readonly identityFiles: readonly string[];
  readonly identitiesOnly: boolean;
  /** Socket of the agent; absent when there is none. */
  readonly agent?: string;
  readonly knownHosts: { readonly user: readonly string[]; readonly global: readonly string[] };
  readonly revokedHostKeys?: string;
  readonly hashKnownHosts: boolean;
  /** `[user@]host[:port]`, the first hop first. */
  readonly proxyJump: readonly string[];
  readonly proxyCommand?: string;
  /** The socket of a connection that ssh keeps open for others. */
  readonly controlPath?: string;
  readonly connectTimeout?: number;
  /** Seconds between keepalives; 0 when the configuration does not set it. */
  readonly aliveInterval: number;
  readonly aliveCountMax: number;
}

/** For messages: `host:port`, preceded by the name that the user gave if it differs. */
export function hostLabel({ original, hostname, port }: SshSettings): string {
  const place = hostname.includes(':') ? `[${hostname}]:${port}` : `${hostname}:${port}`;
  return original.toLowerCase() === hostname.toLowerCase() ? place : `${original} (${place})`;
}

/** The resolved settings on one line. */
export function describeSettings(settings: SshSettings): string {
  const { user, identityFiles, identitiesOnly, agent, hostKeyAlias, knownHosts, proxyJump } = settings;
  return [
    `${user} at ${hostLabel(settings)}`,
    ...(proxyJump.length > 0 ? [`through ${proxyJump.join(', ')}`] : []),
    agent === undefined ? 'no agent' : `agent ${agent}${identitiesOnly ? ' (configured keys only)' : ''}`,
    `keys ${identityFiles.filter((file) => existsSync(file)).join(' ') || 'none'}`,
    `known hosts ${[...knownHosts.user, ...knownHosts.global].filter((file) => existsSync(file)).join(' ') || 'none'}`,
    ...(hostKeyAlias === undefined ? [] : [`known as ${hostKeyAlias}`]),
  ].join('; ');
}

/**
 * OpenSSH's own resolution of its configuration (`ssh -G`). Without an ssh client its plain defaults, but only if there is no
 * configuration: an ignored configuration may lead to another host or another user.
 */
export async function resolveSettings(query: SshQuery, debug: (line: string) => void): Promise<SshSettings> {
  const text = await sharedAnswer(query, askSsh);
  if (text !== undefined) return readSettings(text, query);
  const files = query.file === undefined ? CONFIGURATIONS.filter((file) => existsSync(file)) : [query.file];
  const [file = 'none'] = files;
  if (file !== 'none') {
    throw new HardenMailError(
      'USAGE',
      `${file} cannot be read: this needs an ssh client, and this machine has none`,
      'Install one (`apt install openssh-client`), or give --ssh-config none, and the rest with --host, --port, --user, --jump.',
    );
  }
  debug('no ssh client on this machine: plain defaults');
  return readSettings('', query);
}

const CONFIGURATIONS = [join(userInfo().homedir, '.ssh/config'), '/etc/ssh/ssh_config'];

function askSsh(query: SshQuery): Promise<string | undefined> {
  return askAgain(query, 3);
}

function askAgain(query: SshQuery, tries: number): Promise<string | undefined> {
  const flags = [
    ...(query.file === undefined ? [] : ['-F', query.file]),
    ...(query.port === undefined ? [] : ['-p', String(query.port)]),
    ...(query.user === undefined ? [] : ['-l', query.user]),
    ...(query.identity === undefined ? [] : ['-i', query.identity]),
    ...(query.jump === undefined ? [] : ['-J', query.jump]),
  ];
  return new Promise((resolve, reject) => {
    const args = ['-G', ...flags, '--', query.hostname];
    execFile('ssh', args, { timeout: 10_000, maxBuffer: 1 << 20 }, (error, stdout, stderr) => {
      // With a hundred at once, ssh sometimes exits 0 without output. That does not mean "plain defaults": retry.
      if (error === null && /^hostname /m.test(stdout)) return resolve(stdout);
      if (error === null) return resolve(tries > 1 ? askAgain(query, tries - 1) : Promise.reject(noAnswer(query)));
      if (error.code === 'ENOENT') return resolve(undefined);
      const lines = stderr.split('\n').map(printable);
      const why = lines.find((line) => line !== '' && !/^(Warning|Pseudo-terminal)/.test(line)) ?? error.message;
      reject(
        new HardenMailError(
          'USAGE',
          `ssh cannot resolve ${query.hostname}: ${why}`,
          `Fix this error; \`ssh -G ${query.hostname}\` shows the same.`,
        ),
      );
    });
  });
}

function noAnswer({ hostname }: SshQuery): HardenMailError {
  const what = `ssh cannot resolve ${hostname}: \`ssh -G ${hostname}\` gave no output`;
  return new HardenMailError('USAGE', what, 'Check the load of this machine, then run the command again.');
}

const DEFAULT_IDENTITIES = ['id_rsa', 'id_ecdsa', 'id_ed25519'].map((name) => `~/.ssh/${name}`);

/** Reads the output of `ssh -G`: a line has one keyword in lower case and its value; a list repeats the keyword. */
export function readSettings(text: string, query: SshQuery): SshSettings {
  const values = new Map<string, string[]>();
  for (const line of text.split('\n')) {
    const [, keyword, value] = /^(\S+) (.*)$/.exec(line) ?? [];
    if (keyword !== undefined && value !== undefined) values.set(keyword, [...(values.get(keyword) ?? []), value]);
  }
  const one = (keyword: string): string | undefined => {
    const value = values.get(keyword)?.[0];
    return value === undefined || value === 'none' ? undefined : value;
  };
  const hostKeyAlias = one('hostkeyalias');
  const base = {
    original: query.hostname,
    hostname: one('hostname') ?? query.hostname,
    port: Number(one('port') ?? query.port ?? 22),
    user: one('user') ?? query.user ?? userInfo().username,
    ...(hostKeyAlias !== undefined && { hostKeyAlias }),
  };
  const path = (name: string): string => expandTokens(name, base);
  const paths = (keyword: string, byDefault: string): string[] =>
    (values.get(keyword)?.[0] ?? byDefault)
      .split(' ')
      .filter((name) => name !== '' && name !== 'none')
      .map(path);

  const agent = agentSocket(values.get('identityagent')?.[0], path);
  const proxyCommand = one('proxycommand');
  const controlPath = one('controlpath');
  const connectTimeout = one('connecttimeout');
  const revoked = one('revokedhostkeys');
  const identities =
    values.get('identityfile') ?? (query.identity === undefined ? DEFAULT_IDENTITIES : [query.identity]);
  return {
    ...base,
    identityFiles: identities.filter((name) => name !== 'none').map(path),
    identitiesOnly: one('identitiesonly') === 'yes',
    ...(agent !== undefined && { agent }),
    knownHosts: {
      user: paths('userknownhostsfile', '~/.ssh/known_hosts ~/.ssh/known_hosts2'),
      global: paths('globalknownhostsfile', '/etc/ssh/ssh_known_hosts /etc/ssh/ssh_known_hosts2'),
    },
    ...(revoked !== undefined && { revokedHostKeys: path(revoked) }),
    hashKnownHosts: one('hashknownhosts') === 'yes',
    proxyJump: (one('proxyjump') ?? query.jump ?? '').split(',').filter((hop) => hop !== ''),
    ...(proxyCommand !== undefined && { proxyCommand }),
    ...(controlPath !== undefined && { controlPath }),
    ...(connectTimeout !== undefined && { connectTimeout: Number(connectTimeout) }),
    aliveInterval: Number(one('serveraliveinterval') ?? 0),
    aliveCountMax: Number(one('serveralivecountmax') ?? 3),
  };
}

/** IdentityAgent: a path, `none`, `SSH_AUTH_SOCK`, or `$NAME` for a variable that contains the path. */
function agentSocket(value: string | undefined, path: (name: string) => string): string | undefined {
  if (value === 'none') return undefined;
  if (value === undefined || value === 'SSH_AUTH_SOCK') return process.env['SSH_AUTH_SOCK'] || undefined;
  return value.startsWith('$') && !value.startsWith('${') ? process.env[value.slice(1)] : path(value);
}
