/**
 * Files of Debian's Dovecot packages that the upgrade to 2.4 has replaced, because nobody had edited them. Their text of 2.3 is part of
 * the old configuration: without it users are not found, mail for `anna@example.org` is looked up as `anna` and returned, or a port
 * opens.
 */
import { PATHS, type Bytes } from '../model/index.ts';
import { commentedOut } from './render.ts';
import type { ConvertedLine } from './conversion.ts';

interface PackageFile {
  /** The lines of 2.4's file that are no comments, without indents. A file with other lines is the administrator's. */
  readonly now: readonly string[];
  /** Of these, by index, the ones that 2.3's file had no counterpart of, and whose effect 2.3's defaults did not have. */
  readonly drop: readonly number[];
  /** Lines of 2.3's file that 2.4's has no counterpart of, in the syntax of 2.3. */
  readonly add: readonly string[];
  /** A line of some file that Dovecot reads, without which the file is of no effect. Absent: it always has one. */
  readonly only?: RegExp;
}

/** Users who are not those of the system: their names have a domain, and their homes come from the database. */
const VIRTUAL = /^[ \t]*(driver[ \t]*=[ \t]*|(passdb|userdb)[ \t]+)(sql|ldap|passwd-file|static|lua|dict|oauth2)\b/m;
const plugin = (name: string): RegExp => new RegExp(`^[ \\t]*mail_plugins\\b.*\\b${name}\\b`, 'm');

const { DOVECOT } = PATHS;

const passwords = (...lines: readonly string[]): PackageFile => ({
  now: [],
  drop: [],
  add: ['passdb {', '  driver = passwd-file', ...lines.map((line) => `  ${line}`), '}'],
});
const lookup = (driver: string, args: string): PackageFile => ({
  now: [],
  drop: [],
  add: ['passdb', 'userdb'].flatMap((kind) => [`${kind} {`, `  driver = ${driver}`, `  args = ${args}`, '}']),
});

/** Debian's packages 1:2.3.13 to 1:2.3.21 and 1:2.4.1 to 1:2.4.5, their conf.d, by name. */
const FILES: Readonly<Record<string, PackageFile>> = {
  '10-mail.conf': {
    now: [
      ...['mail_driver = mbox', 'mail_home = /home/%{user | username}', 'mail_path = %{home}/mail'],
      ...['mail_inbox_path = /var/mail/%{user}', 'namespace inbox {', 'inbox = yes', '}'],
      ...['mail_privileged_group = mail', 'protocol !indexer-worker {', '}'],
    ],
    drop: [1],
    add: [],
    only: VIRTUAL,
  },
  '20-lmtp.conf': {
    now: ['protocol lmtp {', 'auth_username_format = %{user | username | lower}', '}'],
    drop: [1],
    add: [],
    only: VIRTUAL,
  },
  '20-managesieve.conf': {
    now: [
      ...[
        'protocols {',
        'sieve = yes',
        '}',
        'service managesieve-login {',
        'inet_listener sieve {',
        'port = 4190',
        '}',
      ],
      ...['inet_listener sieve_deprecated {', 'port = 2000', '}', '}', 'service managesieve {', '}'],
      ...['protocol sieve {', '}'],
    ],
    drop: [0, 1, 2, 7, 8, 9],
    add: [],
  },
  '90-fts.conf': {
    now: ['fts_autoindex = yes', 'fts_autoindex_max_recent_msgs = 999', 'fts_search_add_missing = yes'],
    drop: [0, 1, 2],
    add: [],
    only: plugin('fts'),
  },
  '90-sieve.conf': {
    now: [],
    drop: [],
    add: ['plugin {', '  sieve = file:~/sieve;active=~/.dovecot.sieve', '}'],
    only: plugin('sieve'),
  },
  'auth-sql.conf.ext': lookup('sql', `${DOVECOT}/dovecot-sql.conf.ext`),
  'auth-ldap.conf.ext': lookup('ldap', `${DOVECOT}/dovecot-ldap.conf.ext`),
  'auth-passwdfile.conf.ext': {
    now: [],
    drop: [],
    add: [
      ...['passdb {', '  driver = passwd-file', `  args = scheme=CRYPT username_format=%u ${DOVECOT}/users`, '}'],
      ...['userdb {', '  driver = passwd-file', `  args = username_format=%u ${DOVECOT}/users`, '}'],
    ],
  },
  'auth-master.conf.ext': passwords('master = yes', `args = ${DOVECOT}/master-users`, 'pass = yes'),
  'auth-deny.conf.ext': passwords('deny = yes', `args = ${DOVECOT}/deny-users`),
};

interface AsBefore {
  readonly files: Readonly<Record<string, Bytes>>;
  readonly lines: readonly ConvertedLine[];
}

/**
 * The files with what the replaced ones said in 2.3; null if there are none.
 * @param read does Dovecot read this file?
 * @param hasOld other files that Dovecot reads are still those of 2.3
 */
export function asBeforeTheUpgrade(
  files: Readonly<Record<string, Bytes>>,
  read: (path: string) => boolean,
  hasOld: boolean,
): AsBefore | null {
  const replaced = Object.entries(FILES).flatMap(([name, one]) => {
    const path = `${DOVECOT}/conf.d/${name}`;
    const bytes = files[path];
    if (bytes === undefined || !read(path)) return [];
    const active = activeLines(bytes);
    const isPackaged = active.length === one.now.length && active.every(({ text }, n) => text === one.now[n]);
    return isPackaged ? [{ ...one, path, bytes, active, separate: separateOf(one) }] : [];
  });
  // 2.4 has no separate files for databases: one that an empty file of the package named in 2.3 tells of the upgrade too.
  const isThere = (path: string | null): boolean => path !== null && activeLines(files[path] ?? '').length > 0;
  const isUpgraded = hasOld || replaced.some(({ separate }) => isThere(separate));
  const result: Record<string, Bytes> = { ...files };
  const lines: ConvertedLine[] = [];
  const applies = replaced.filter(({ separate }) => isUpgraded && (separate === null || isThere(separate)));
  const text = [...Object.keys(files).filter(read).map((path) => files[path]), ...applies.flatMap(({ only, add }) => (only ? [] : add))].join('\n'); // oxfmt-ignore
  const missing = applies.filter(({ only }) => only?.test(text) ?? true);
  for (const { path, bytes, active, drop, add } of missing) {
    const goes = drop.flatMap((n) => active[n] ?? []);
    const numbers = new Set(goes.map(({ number }) => number));
    const body = bytes
      .split(/(?<=\n)/)
      .map((text, n) => (numbers.has(n) ? commentedOut(text) : text))
      .join('');
    const gap = body === '' || body.endsWith('\n') ? '' : '\n';
    result[path] = add.length === 0 ? body : `${body}${gap}${add.map((line) => `${line}\n`).join('')}`;
    for (const { text, number } of goes) {
      const [setting = '', before] = text.split(' = ');
      if (before !== undefined)
        lines.push({ file: path, line: number + 1, setting, before, after: null, replaced: true });
    }
  }
  return missing.length > 0 ? { files: result, lines } : null;
}

/** The separate file of a database that 2.3's file named. */
const separateOf = ({ add }: PackageFile): string | null =>
  add.flatMap((line) => /args = (\S+[.]conf[.]ext)$/.exec(line)?.[1] ?? [])[0] ?? null;

function activeLines(bytes: Bytes): { readonly text: string; readonly number: number }[] {
  return bytes
    .split('\n')
    .map((text, number) => ({ text: text.trim(), number }))
    .filter(({ text }) => text !== '' && !text.startsWith('#'));
}
