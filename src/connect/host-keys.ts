import { appendFile, mkdir, open, readFile, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { HardenMailError } from '../model/errors.ts';
import {
  describeKey,
  finder,
  keyFingerprint,
  hostEntry,
  judgeHostKey,
  knownHostLine,
  knownTypes,
  parseKnownHosts,
} from './known-hosts.ts';
import type { KnownHost } from './known-hosts.ts';
import { isRevoked } from './revoked-keys.ts';
import { hostLabel } from './ssh-config.ts';
import type { SshSettings } from './ssh-config.ts';

/** The keys of one host: its known types, and the check of the key that it shows. */
export interface HostKeys {
  /** SSH key types known for the host, e.g. `ssh-ed25519`. */
  readonly types: readonly string[];
  /** Resolves if the key can be trusted; otherwise throws the reason. */
  check(key: Buffer): Promise<void>;
}

/** @param acceptNew accept the key of a host that is in no file, and add it; a changed key is always refused. */
export async function hostKeys(settings: SshSettings, acceptNew: boolean): Promise<HostKeys> {
  const { user, global } = settings.knownHosts;
  const files = await Promise.all([...user, ...global].map(knownHostsFile));
  const name = settings.hostKeyAlias ?? settings.hostname;
  // With an alias the port does not matter, as in OpenSSH.
  const port = settings.hostKeyAlias === undefined ? settings.port : 22;
  const names = new Set([hostEntry(name, port), name.toLowerCase()]);
  const entries = [...names].flatMap((one) => files.flatMap(({ find }) => find(one)));
  return {
    types: knownTypes(entries, name, port),
    async check(key) {
      const { revokedHostKeys: list } = settings;
      if (list !== undefined && (await isRevoked(list, key))) throw revoked(hostLabel(settings), list, key);
      const verdict = judgeHostKey(entries, name, port, key);
      if (verdict.kind === 'known') return;
      const hashed = settings.hashKnownHosts || files[0]?.isHashed === true;
      if (verdict.kind === 'unknown' && acceptNew) return remember(user[0], hashed, name, port, key);
      throw refusal(verdict, settings, hostEntry(name, port), key);
    },
  };
}

interface KnownHostsFile {
  readonly find: (name: string) => KnownHost[];
  readonly isHashed: boolean;
}

const EMPTY: KnownHostsFile = { find: () => [], isHashed: false };

/** By path, with what tells a change: all hosts of a run have the same files. */
const readFiles = new Map<string, { readonly state: string; readonly content: Promise<KnownHostsFile> }>();

async function knownHostsFile(path: string): Promise<KnownHostsFile> {
  const state = await stateOf(path);
  if (state === null) return EMPTY;
  const known = readFiles.get(path);
  if (known?.state === state) return known.content;
  const content = readFile(path, 'utf8').then(
    (text) => {
      const entries = parseKnownHosts(text, path);
      return { find: finder(entries), isHashed: entries.some(({ hosts }) => hosts.startsWith('|')) };
    },
    (error: Error) => {
      throw unreadable(path, error);
    },
  );
  readFiles.set(path, { state, content });
  return content;
}

/** Null for a file that does not exist. */
async function stateOf(path: string): Promise<string | null> {
  try {
    const { ino, size, mtimeNs } = await stat(path, { bigint: true });
    return `${ino} ${size} ${mtimeNs}`;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'ENOTDIR') return null;
    throw unreadable(path, error as Error);
  }
}

function unreadable(path: string, { message }: Error): HardenMailError {
  return new HardenMailError(
    'USAGE',
    `cannot read ${path}: ${message}`,
    'Make it readable: it holds the known host keys.',
  );
}

/** Appends the key in one write, on its own line, hashed if the file's entries are. */
async function remember(
  file: string | undefined,
  hashed: boolean,
  name: string,
  port: number,
  key: Buffer,
): Promise<void> {
  if (file === undefined || file === '/dev/null') return;
  const line = knownHostLine(name, port, key, hashed);
  await mkdir(dirname(file), { recursive: true, mode: 0o700 });
  await appendFile(file, `${(await endsOpen(file)) ? '\n' : ''}${line}`, { mode: 0o600 });
}

/** Does the file lack a final newline? */
async function endsOpen(file: string): Promise<boolean> {
  const handle = await open(file, 'r').catch(() => undefined);
  if (handle === undefined) return false;
  try {
    const { size } = await handle.stat();
    if (size === 0) return false;
    const { buffer } = await handle.read(Buffer.alloc(1), 0, 1, size - 1);
    return buffer[0] !== 0x0a;
  } finally {
    await handle.close();
  }
}

function refusal(
  verdict: Exclude<ReturnType<typeof judgeHostKey>, { kind: 'known' }>,
  settings: SshSettings,
  entry: string,
  key: Buffer,
): HardenMailError {
  const where = hostLabel(settings);
  const shown = describeKey(key);
  if (verdict.kind === 'unknown') {
    const authority = verdict.authority && ` (host certificates, as in ${place(verdict.authority)}, are not supported)`;
    return new HardenMailError(
      'HOST_KEY_UNKNOWN',
      `${where}: the host key is not known${authority ?? ''}: ${shown}`,
      `Compare it with the host's own (\`ssh-keygen -lf\` on its console), then connect once with ` +
        `\`ssh ${settings.original}\`, or use --accept-new-host-keys.`,
    );
  }
  if (verdict.kind === 'revoked') return revoked(where, place(verdict.entry), key);
  const known = verdict.entry;
  return new HardenMailError(
    'HOST_KEY_CHANGED',
    `${where}: the host key changed: ${shown} is shown, ` +
      `${known.type} ${keyFingerprint(known.key)} is known from ${place(known)}`,
    'This may be a man in the middle. If the host was reinstalled, compare the new fingerprint on its console, then ' +
      `\`ssh-keygen -R '${entry}' -f ${known.file}\`.`,
  );
}

function revoked(where: string, by: string, key: Buffer): HardenMailError {
  return new HardenMailError(
    'HOST_KEY_REVOKED',
    `${where}: the host key is revoked by ${by}: ${describeKey(key)}`,
    'Do not connect: another person may have this key. Ask the person who revoked it.',
  );
}

function place(entry: KnownHost): string {
  return `${entry.file}:${entry.line}`;
}
