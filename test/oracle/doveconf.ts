/** The real doveconf of a Debian release, and a reader of what it prints that shares no code with src/. */
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { grammarOf, oracleRoot, runIn } from '../support/debs.ts';
import type { Release } from '../support/debs.ts';

const PACKAGES = [
  'dash',
  'dovecot-core',
  'dovecot-imapd',
  'dovecot-pop3d',
  'dovecot-lmtpd',
  'dovecot-sieve',
  'dovecot-managesieved',
  'dovecot-submissiond',
  // 2.4 knows the settings of these only where they are installed.
  'dovecot-ldap',
  'dovecot-mysql',
  'dovecot-pgsql',
  'dovecot-sqlite',
  'dovecot-solr',
];
/** Also part of the root where Dovecot is 2.4: it knows their settings. */
const FOR_24 = ['dovecot-flatcurve', 'dovecot-fts-xapian', 'dovecot-auth-lua'];

export interface Doveconf {
  readonly release: Release;
  /** Stock configuration: latin1 by path, as the packages install it below /etc/dovecot. */
  stock(): Promise<Record<string, string>>;
  /** Every file of configuration that the packages ship, by path in the root. */
  shipped(): Promise<Record<string, string>>;
  /** What the binary makes of /etc/dovecot/dovecot.conf and the files beside it; others are the root's own. */
  read(files: Files): Promise<Reading>;
  /** The same for many, in one go, which is several times as fast. */
  readAll(all: readonly Files[]): Promise<Reading[]>;
  /** Every setting that the binary has, with its value: also those that have their default. */
  readWithDefaults(files: Files): Promise<Reading>;
}

type Files = Readonly<Record<string, string>>;

/** Settings by path, `service auth > user`; or the daemon's own refusal. */
export type Reading =
  | { readonly ok: true; readonly settings: ReadonlyMap<string, string> }
  | { readonly ok: false; readonly error: string };

const HOME = '/etc/dovecot/';
const SHARED = '/usr/share/dovecot/';

export async function doveconf(release: Release): Promise<Doveconf> {
  const root = await oracleRoot(release, grammarOf(release) === '2.4' ? [...PACKAGES, ...FOR_24] : PACKAGES);
  await furnish(root, release);
  const readAll = (all: readonly Files[]) => readFiles(root, all, '-N');
  return {
    release,
    stock: async () => {
      const files = await readTree(root, SHARED, /\.(conf|conf\.ext|protocol)$/);
      const moved = Object.entries(files).map(([path, bytes]) => {
        return [path.endsWith('.protocol') ? path : path.replace(SHARED, HOME), bytes] as const;
      });
      return Object.fromEntries(moved);
    },
    shipped: async () => ({
      ...(await readTree(root, SHARED, /\.conf(\.ext)?$/)),
      ...(await readTree(root, '/usr/share/doc', /\/dovecot-.*\.conf(\.ext)?(\.gz)?$/)),
    }),
    read: async (files) => (await readAll([files]))[0]!,
    readAll,
    readWithDefaults: async (files) => (await readFiles(root, [files], '-a'))[0]!,
  };
}

/** In each a folder of its own takes the place of /etc/dovecot, in names, in contents and back in the answer. */
async function readFiles(root: string, all: readonly Files[], option: '-N' | '-a'): Promise<Reading[]> {
  const folder = await mkdtemp(join(root, 'tmp/doveconf-'));
  const inside = folder.slice(root.length);
  try {
    await Promise.all(all.map((files, index) => write(join(folder, String(index)), `${inside}/${index}/`, files)));
    const script = `cd ${inside} && for d in *; do
      doveconf ${option} -P -c "$PWD/$d/dovecot.conf" >"$d.out" 2>"$d.err"; echo $? >"$d.code"
    done`;
    const { code, stderr } = await runIn(root, ['/bin/dash', '-c', script]);
    if (code !== 0) throw new Error(`doveconf: ${stderr}`);
    return await Promise.all(all.map((_, index) => readAnswer(join(folder, String(index)), `${inside}/${index}/`)));
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function write(folder: string, inside: string, files: Files): Promise<void> {
  await mkdir(folder);
  for (const [path, bytes] of Object.entries(files)) {
    if (!path.startsWith(HOME)) continue;
    const target = join(folder, path.slice(HOME.length));
    await mkdir(dirname(target), { recursive: true });
    await writeFile(target, bytes.replaceAll(HOME, inside), 'latin1');
  }
}

async function readAnswer(base: string, inside: string): Promise<Reading> {
  const text = async (end: string) => (await readFile(base + end, 'latin1')).replaceAll(inside, HOME);
  const stderr = await text('.err');
  const fatal = /^doveconf: Fatal: (.*)$/m.exec(stderr)?.[1];
  if (fatal !== undefined) return { ok: false, error: fatal };
  const code = (await text('.code')).trim();
  if (code !== '0') throw new Error(`doveconf ended with ${code}: ${stderr}`);
  return { ok: true, settings: parseOutput(await text('.out')) };
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
    if (!entry.isFile() || !name.test(path)) continue;
    const bytes = await readFile(path);
    files[path.slice(root.length)] = (path.endsWith('.gz') ? gunzipSync(bytes) : bytes).toString('latin1');
  }
  return Object.fromEntries(Object.entries(files).sort(([a], [b]) => (a < b ? -1 : 1)));
}

/** Packages are unpacked, not installed: what else doveconf looks for, and what their scripts would make, is put there. */
async function furnish(root: string, release: Release): Promise<void> {
  const users = ['root:x:0:0', 'dovecot:x:110:110', 'dovenull:x:111:111', 'postfix:x:112:112', 'vmail:x:113:113'];
  const protocols = { imapd: 'imap', pop3d: 'pop3', lmtpd: 'lmtp', managesieved: 'sieve', submissiond: 'submission' };
  const made = Object.entries(protocols).map(([service, name]) => {
    const text =
      grammarOf(release) === '2.4' ? `protocols {\n  ${name} = yes\n}\n` : `protocols = $protocols ${name}\n`;
    return [`${SHARED.slice(1)}protocols.d/${service}.protocol`, text] as const;
  });
  const files = {
    'dev/null': '',
    'etc/passwd': users.map((user) => `${user}::/:/usr/sbin/nologin\n`).join(''),
    'etc/group': users.map((user) => `${user.replace(/:\d+$/, '')}:\n`).join(''),
    ...Object.fromEntries(made),
  };
  for (const [path, bytes] of Object.entries(files)) {
    await mkdir(dirname(join(root, path)), { recursive: true });
    await writeFile(join(root, path), bytes, { flag: 'wx' }).catch((error: { code?: string }) => {
      if (error.code !== 'EEXIST') throw error;
    });
  }
}
