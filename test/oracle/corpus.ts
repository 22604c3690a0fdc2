/** The corpus: our own files of test/corpus, and what the packages ship. See test/corpus/README.md. */
import { readdirSync, readFileSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gunzipSync } from 'node:zlib';
import { compareVersions } from '../../src/formats/versions.ts';
import { grammarOf, RELEASES, VERSIONS } from '../support/debs.ts';
import type { Release } from '../support/debs.ts';
import { doveconf } from './doveconf.ts';
import { postfixRoot } from './postfix.ts';

export type Format = 'postfix-main' | 'postfix-master' | 'dovecot';
export type Origin = 'stock' | 'documented' | 'deployments' | 'awkward' | 'refused';

/** One configuration: a main.cf, a master.cf, or Dovecot's files. */
export interface Sample {
  readonly name: string;
  readonly format: Format;
  readonly origin: Origin;
  readonly files: Readonly<Record<string, string>>;
}

export const MAIN_CF = '/etc/postfix/main.cf';
export const MASTER_CF = '/etc/postfix/master.cf';
const HOME = '/etc/dovecot/';
export const DOVECOT_CONF = `${HOME}dovecot.conf`;
const SHARED = '/usr/share/dovecot/';

const FOLDER = fileURLToPath(new URL('../corpus/', import.meta.url));
const OWN = ['documented', 'deployments', 'awkward', 'refused'] as const;

/** Our own files that a release can read. */
export function ownSamples(format: Format, release: Release): Sample[] {
  const version = VERSIONS[release][format === 'dovecot' ? 'dovecot' : 'postfix'];
  const room = join(FOLDER, format === 'dovecot' ? `dovecot-${grammarOf(release)}` : format);
  return OWN.flatMap((origin) =>
    readdirSync(join(room, origin)).flatMap((name): Sample[] => {
      const since = /_([\d.]+\d)/.exec(name)?.[1];
      if (since !== undefined && compareVersions(version, since) < 0) return [];
      const files = format === 'dovecot' ? tree(join(room, origin, name)) : one(format, join(room, origin, name));
      return [{ name: `${origin}/${name}`, format, origin, files }];
    }),
  );
}

const one = (format: Format, path: string) => ({
  [format === 'postfix-main' ? MAIN_CF : MASTER_CF]: readFileSync(path, 'latin1'),
});

function tree(folder: string): Record<string, string> {
  const entries = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  const paths = entries.map((entry) => join(entry.parentPath, entry.name));
  return Object.fromEntries(
    paths.map((path) => [`${HOME}${path.slice(folder.length + 1)}`, readFileSync(path, 'latin1')]),
  );
}

/** Is every sample tried on every release, with every edit? (`npm run test:nightly`) */
export const FULL = process.env['HARDEN_MAIL_CORPUS'] === 'full';

/** Else each on every second release, as a process of the oracle takes some 60 ms. */
export function isTurn(index: number, release: Release): boolean {
  return FULL || (index + RELEASES.indexOf(release)) % 2 === 0;
}

/** What the packages of each release must hold, by path: test/corpus/stock.json. */
interface Shipped {
  readonly 'postfix-main': readonly string[];
  readonly 'postfix-master': readonly string[];
  /** By doveconf's own grammar. */
  readonly dovecot: readonly string[];
  /** Files with settings of a lookup (SQL, LDAP), which dovecot.conf only names. */
  readonly 'dovecot-lookups': readonly string[];
}

export const MANIFEST = JSON.parse(readFileSync(join(FOLDER, 'stock.json'), 'utf8')) as Record<Release, Shipped>;

/** main.cf and master.cf as the packages ship them, every variant; and main.cf as a fresh installation has it. */
export async function stockPostfix(release: Release, format: 'postfix-main' | 'postfix-master'): Promise<Sample[]> {
  const files = await shippedPostfix(release, format);
  const text = (name: string) => files[`/usr/share/postfix/${name}`] ?? '';
  const path = format === 'postfix-main' ? MAIN_CF : MASTER_CF;
  const fresh = format === 'postfix-main' ? { 'main.cf': text('main.cf.debian') + text('main.cf.tls') } : {};
  return Object.entries({ ...files, ...fresh }).map(([name, bytes]) => ({
    name: `stock ${name}`,
    format,
    origin: 'stock',
    files: { [path]: bytes },
  }));
}

export async function shippedPostfix(release: Release, format: 'postfix-main' | 'postfix-master') {
  const root = await postfixRoot(release);
  const pattern = format === 'postfix-main' ? /^main\.cf/ : /^master\.cf/;
  const found: Record<string, string> = {};
  for (const folder of ['/etc/postfix', '/usr/share/postfix', '/usr/share/doc/postfix']) {
    for (const entry of await readdir(join(root, folder), { withFileTypes: true, recursive: true })) {
      if (!entry.isFile() || !pattern.test(entry.name)) continue;
      const path = join(entry.parentPath, entry.name);
      const bytes = await readFile(path);
      found[path.slice(root.length)] = (path.endsWith('.gz') ? gunzipSync(bytes) : bytes).toString('latin1');
    }
  }
  return found;
}

const HEAD = 'dovecot_config_version = 2.4.0\ndovecot_storage_version = 2.4.0\n';

/** Each file of the stock configuration as if it were the only one, with those that it includes; so dovecot.conf is all. */
export async function stockDovecot(release: Release): Promise<Sample[]> {
  const host = await doveconf(release);
  const [stock, shipped] = [await host.stock(), await host.shipped()];
  return MANIFEST[release].dovecot.map((path) => {
    const example = path.startsWith(SHARED) ? path.replace(SHARED, HOME) : `${HOME}example.conf`;
    const root = `${grammarOf(release) === '2.4' ? HEAD : ''}!include ${example}\n`;
    const files = { ...stock, [DOVECOT_CONF]: root, [example]: shipped[path] ?? '' };
    return { name: `stock ${path}`, format: 'dovecot', origin: 'stock', files };
  });
}
