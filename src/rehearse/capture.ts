/** The parts of a host that its copy needs, read in one exec that writes nothing there. */
import { createHash } from 'node:crypto';
import { HardenMailError } from '../model/errors.ts';
import { sectionsOf } from '../formats/text/sections.ts';
import { quote } from '../formats/text/shell-quote.ts';
import type { Bytes } from '../model/index.ts';
import type { Remote } from '../remote/remote.ts';
import { scriptText } from '../remote/scripts.ts';

/** As it is on the host: it may hold secrets, so it stays in memory. Only what `withStandIns` returns is written anywhere. */
export interface Capture {
  readonly hostname: string;
  readonly users: readonly User[];
  readonly groups: readonly Group[];
  /** Version by name. */
  readonly packages: Readonly<Record<string, string>>;
  readonly files: readonly CapturedFile[];
  readonly pems: readonly CapturedPem[];
  readonly folders: readonly Folder[];
  /** Files that the daemons read as their configuration, as the plan knows them. */
  readonly read: readonly string[];
  /** The lines of comments that the packages ship. */
  readonly stock: readonly string[];
  /** Paths of programs that Postfix starts, and that the host has. */
  readonly programs: readonly string[];
  /** Command lines of the saslauthd that run. */
  readonly saslauthd: readonly string[];
  /** The main processes that run: `master` is Postfix's. A Dovecot that only answers Postfix holds no port. */
  readonly running: readonly string[];
  /** Every path below the folders of Postfix and Dovecot. */
  readonly listing: readonly string[];
  /** Files that were named and not read. */
  readonly others: readonly { readonly kind: string; readonly path: string }[];
}

interface User {
  readonly name: string;
  readonly uid: string;
  readonly gid: string;
  readonly home: string;
  readonly shell: string;
}

interface Group {
  readonly name: string;
  readonly gid: string;
  readonly members: readonly string[];
}

interface Placed {
  readonly path: string;
  /** In octal. */
  readonly mode: string;
  readonly owner: string;
}

export interface CapturedFile extends Placed {
  readonly bytes: Bytes;
  /** Unchanged since the package wrote it: the package has the same file for the copy. */
  readonly pristine: boolean;
  /** Where the path leads, if it is a symbolic link. */
  readonly link?: string;
}

/** A file with certificates or private keys: the public parts only. */
export interface CapturedPem extends Placed {
  readonly link?: string;
  readonly certificates: readonly string[];
  /** The public half of each private key, PEM; null if it could not be read. */
  readonly keys: readonly (string | null)[];
}

type Folder = Placed;

/** @param extra files that the daemons read beside those below their own folders */
export async function capture(remote: Remote, extra: readonly string[]): Promise<Capture> {
  const script = `extra=${quote(extra.join('\n'))}\n${scriptText('rehearse/capture.sh')}`;
  const { code, stdout, stderr } = await remote.run(script, { name: 'capture', intent: 'read' });
  const read = code === 0 ? parseCapture(stdout) : null;
  if (read) return { ...read, read: extra };
  throw new HardenMailError(
    'REMOTE_FAILED',
    `reading ${remote.name} for its copy failed: ${stderr.toString().trim().split('\n')[0] || 'a file is being changed'}`,
    'Nothing was written there. Run the command again.',
  );
}

/** Parses the output of capture.sh; null if it is incomplete, or if a file changed while it was read. */
export function parseCapture(output: Buffer): Capture | null {
  const sections = sectionsOf(output);
  if (!sections) return null;
  const text = (name: string): string => sections.get(name)?.toString('latin1') ?? '';
  const lines = (name: string): string[] => text(name).split('\n').filter(Boolean);
  const pristine = new Set(lines('pristine'));
  const links = new Map(lines('links').map((line) => cut(line, ' ')));
  const digests = lines('digests').map((line) => /^\\?([0-9a-f]{64})/.exec(line)?.[1]);
  const bytes = sections.get('bytes') ?? Buffer.alloc(0);
  let at = 0;
  let torn = false;
  const files = lines('stat').map((line, index): CapturedFile => {
    const [, size = '0', mode = '', owner = '', path = ''] = /^(\d+) (\d+) (\S+) (\/.*)$/.exec(line) ?? [];
    const content = bytes.subarray(at, (at += Number(size)));
    torn ||= createHash('sha256').update(content).digest('hex') !== digests[index];
    const link = links.get(path);
    const whole = { path, mode, owner, bytes: content.toString('latin1'), pristine: pristine.has(path) };
    return { ...whole, ...(link !== undefined && { link }) };
  });
  if (torn || at !== bytes.length) return null;
  return {
    hostname: text('hostname').trim(),
    users: lines('users').map((line) => {
      const [name = '', uid = '', gid = '', home = '', shell = ''] = line.split(':');
      return { name, uid, gid, home, shell };
    }),
    groups: lines('groups').map((line) => {
      const [name = '', gid = '', members = ''] = line.split(':');
      return { name, gid, members: members.split(',').filter(Boolean) };
    }),
    packages: Object.fromEntries(lines('packages').map((line) => cut(line, ' '))),
    files,
    pems: text('pem')
      .split(/^(?=file \/)/m)
      .filter((block) => block.startsWith('file /'))
      .map(pemFile),
    folders: lines('skeleton').map((line) => {
      const [, mode = '', owner = '', path = ''] = /^d (\d+) (\S+) (\/.*)$/.exec(line) ?? [];
      return { path, mode, owner };
    }),
    read: [],
    stock: lines('stock'),
    programs: lines('programs'),
    saslauthd: lines('saslauthd'),
    running: lines('running'),
    listing: lines('listing'),
    others: lines('others').map((line) => {
      const [kind, path] = cut(line, ' ');
      return { kind, path };
    }),
  };
}

function pemFile(block: string): CapturedPem {
  const field = (name: string): string | undefined => new RegExp(`^${name} (.*)$`, 'm').exec(block)?.[1];
  const [mode = '', owner = ''] = (field('mode') ?? '').split(' ');
  const link = field('link');
  const [before = '', ...keys] = block.split(/^key\n/m);
  return {
    ...{ path: field('file') ?? '', mode, owner },
    ...(link !== undefined && { link }),
    certificates: before.match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g) ?? [],
    keys: keys.map((key) => (key.startsWith('-----BEGIN PUBLIC KEY-----') ? key.trim() : null)),
  };
}

function cut(line: string, at: string): [string, string] {
  const index = line.indexOf(at);
  return index < 0 ? [line, ''] : [line.slice(0, index), line.slice(index + at.length)];
}
