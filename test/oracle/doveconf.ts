/** The real doveconf of a Debian release, and a reader of what it prints that shares no code with src/. */
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { oracleRoot, runIn } from './debs.ts';
import type { Release } from './debs.ts';

const PACKAGES = [
  'dovecot-core',
  'dovecot-imapd',
  'dovecot-pop3d',
  'dovecot-lmtpd',
  'dovecot-sieve',
  'dovecot-managesieved',
  // 2.4 knows the settings of these only where they are installed.
  'dovecot-ldap',
  'dovecot-mysql',
  'dovecot-pgsql',
  'dovecot-sqlite',
  'dovecot-solr',
];
/** Part of Debian from 2.4 on. */
const FLATCURVE = 'dovecot-flatcurve';

export interface Doveconf {
  readonly release: Release;
  readonly root: string;
  /** Stock configuration: latin1 by path, as the packages install it below /etc/dovecot. */
  stock(): Promise<Record<string, string>>;
  /** Every example file that the packages ship, by path in the root. */
  examples(): Promise<Record<string, string>>;
  /** What the binary makes of /etc/dovecot/dovecot.conf and the files beside it; others are the root's own. */
  read(files: Readonly<Record<string, string>>): Promise<Reading>;
}

/** Settings by path, `service auth > user`; or the daemon's own refusal. */
export type Reading =
  | { readonly ok: true; readonly settings: ReadonlyMap<string, string> }
  | { readonly ok: false; readonly error: string };

const HOME = '/etc/dovecot/';

export async function doveconf(release: Release): Promise<Doveconf> {
  const is24 = release === 'trixie' || release === 'forky';
  const root = await oracleRoot(release, is24 ? [...PACKAGES, FLATCURVE] : PACKAGES);
  await furnish(root);
  return {
    release,
    root,
    stock: async () => {
      const shared = '/usr/share/dovecot';
      const files = await readTree(root, shared, /\.conf(\.ext)?$/);
      const moved = Object.entries(files).map(
        ([path, bytes]) => [path.replace(shared, '/etc/dovecot'), bytes] as const,
      );
      return { ...Object.fromEntries(moved), ...(await readTree(root, `${shared}/protocols.d`, /\.protocol$/)) };
    },
    examples: async () => ({
      ...(await readTree(root, '/usr/share/dovecot', /\.conf(\.ext)?$/)),
      ...(await readTree(root, '/usr/share/doc', /dovecot.*\.conf(\.ext)?$/)),
    }),
    read: (files) => read(root, files),
  };
}

const known = new Map<string, Promise<Reading>>();

/** The same files are read once only. */
function read(root: string, files: Readonly<Record<string, string>>): Promise<Reading> {
  const key = JSON.stringify([root, files]);
  const reading = known.get(key) ?? readFresh(root, files);
  known.set(key, reading);
  return reading;
}

async function readFresh(root: string, files: Readonly<Record<string, string>>): Promise<Reading> {
  // A folder of its own takes the place of /etc/dovecot, in names, in contents and back in the answer.
  const folder = await mkdtemp(join(root, 'tmp/doveconf-'));
  const inside = `${folder.slice(root.length)}/`;
  try {
    for (const [path, bytes] of Object.entries(files)) {
      if (!path.startsWith(HOME)) continue;
      const target = join(folder, path.slice(HOME.length));
      await mkdir(dirname(target), { recursive: true });
      await writeFile(target, Buffer.from(bytes.replaceAll(HOME, inside), 'latin1'));
    }
    const answer = await runIn(root, ['/usr/bin/doveconf', '-N', '-P', '-c', `${inside}dovecot.conf`]);
    const fatal = /^doveconf: Fatal: (.*)$/m.exec(answer.stderr)?.[1];
    if (fatal !== undefined) return { ok: false, error: fatal.replaceAll(inside, HOME) };
    if (answer.code !== 0) throw new Error(`doveconf ended with ${answer.code}: ${answer.stderr}`);
    return { ok: true, settings: parseOutput(answer.stdout.replaceAll(inside, HOME)) };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** doveconf's own output is regular: one setting, `name {` or `}` a line, values in double quotes where they need it. */
export function parseOutput(text: string): Map<string, string> {
  const settings = new Map<string, string>();
  const path: string[] = [];
  let nameless = 0;
  const lines = text.split('\n');
  for (let i = 0; i < lines.length; i++) {
    const line = lines[i]!.trimStart();
    if (line === '' || line.startsWith('#')) continue;
    if (line === '}') {
      path.pop();
      continue;
    }
    if (line.endsWith(' {') && !/^("[^"]*"|\S+) = /.test(line)) {
      const header = line.slice(0, -2).replace(/"((?:[^"\\]|\\.)*)"$/, (_, name: string) => unquote(name));
      path.push(header);
      if (/^(passdb|userdb|namespace)$/.test(header)) path[path.length - 1] = `${header} #${nameless++}`;
      settings.set([...path, ''].join(' > '), '');
      continue;
    }
    const [, quoted, bare, rest] = /^(?:"((?:[^"\\]|\\[^])*)"|([^ ]*)) ?= ?([^]*)$/.exec(line) ?? [];
    if (rest === undefined) throw new Error(`doveconf printed a line that the test does not know: ${line}`);
    const key = quoted === undefined ? bare! : unquote(quoted);
    let value = rest;
    const marker = /^<<(.+)$/.exec(value)?.[1];
    if (marker !== undefined) {
      value = '';
      while (lines[++i] !== marker) value += lines[i] + '\n';
    } else if (/^"[^]*"$/.test(value)) value = unquote(value.slice(1, -1));
    settings.set([...path, key].join(' > '), value);
  }
  return settings;
}

const unquote = (text: string): string => text.replace(/\\([^])/g, '$1');

async function readTree(root: string, folder: string, name: RegExp): Promise<Record<string, string>> {
  const files: Record<string, string> = {};
  for (const entry of await readdir(join(root, folder), { withFileTypes: true, recursive: true })) {
    const path = join(entry.parentPath, entry.name);
    if (entry.isFile() && name.test(path)) files[path.slice(root.length)] = await readFile(path, 'latin1');
  }
  return Object.fromEntries(Object.entries(files).sort(([a], [b]) => (a < b ? -1 : 1)));
}

/** Packages are unpacked, not installed: the users that doveconf looks for, and a /dev/null, have to be put there. */
async function furnish(root: string): Promise<void> {
  const users = ['root:x:0:0', 'dovecot:x:110:110', 'dovenull:x:111:111', 'postfix:x:112:112'];
  const files = {
    'dev/null': '',
    'etc/passwd': users.map((user) => `${user}::/:/usr/sbin/nologin\n`).join(''),
    'etc/group': users.map((user) => `${user.replace(/:\d+$/, '')}:\n`).join(''),
  };
  for (const [path, bytes] of Object.entries(files)) {
    await mkdir(dirname(join(root, path)), { recursive: true });
    await writeFile(join(root, path), bytes, { flag: 'wx' }).catch((error: { code?: string }) => {
      if (error.code !== 'EEXIST') throw error;
    });
  }
}
