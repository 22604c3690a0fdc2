/** The hosts, one with Dovecot 2.3 and others with 2.4, on which one configuration after the other is tried. */

import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { quote } from '../../../src/formats/text/shell-quote.ts';
import type { ReleaseName } from '../../../src/lab/images.ts';
import type { HostOptions } from '../../../src/lab/lab-host.ts';
import { lab } from '../../../src/lab/lab.ts';
import type { LabHost } from '../../../src/lab/lab.ts';
import { runProgram } from '../../../src/lab/programs.ts';
import { CONVERT_HOST } from './schema.ts';
import type { ConvertHost } from './schema.ts';

const HERE = fileURLToPath(new URL('../../convert-hosts', import.meta.url));
const SHARED = fileURLToPath(new URL('../../hosts', import.meta.url));

/** Answers by question. */
export type Answers = Readonly<Record<string, string | readonly string[]>>;
export type Phase = 'seed' | 'ask' | 'use' | 'again';

const DOVECOT = 'lmtpd sieve managesieved sqlite mysql pgsql ldap solr'.split(' ').map((name) => `dovecot-${name}`);
const OTHERS = ['slapd', 'ldap-utils', 'sqlite3', 'mariadb-server', 'postgresql'];
const OWN: Readonly<Partial<Record<ReleaseName, readonly string[]>>> = {
  bookworm: ['dovecot-auth-lua', 'dovecot-antispam', 'dovecot-fts-xapian'],
  trixie: ['dovecot-auth-lua', 'dovecot-flatcurve', 'dovecot-fts-xapian'],
  forky: ['dovecot-auth-lua', 'dovecot-flatcurve', 'dovecot-fts-xapian'],
};
const SERVERS = 'slapd mariadb postgresql';

/** What a configuration may change, and what is put back before the next one. */
const KEPT = '/etc/dovecot /etc/passwd /etc/group /etc/shadow /etc/gshadow';
const GONE =
  '/home/* /var/spool/postfix/private/dovecot-* /var/vmail /var/mail/* /srv/mail /var/lib/dovecot/* /var/lib/harden-mail /root/host';
const MOVED = ['/etc/dovecot', '/home', '/var/mail', '/var/vmail', '/srv/mail'];

/** Of the host's own authority. */
export const ROOT = '/root/ca/root.pem';
export const [CERTIFICATE, KEY] = ['/etc/ssl/certs/own.pem', '/etc/ssl/private/own.key'];

export const configurations = (): string[] =>
  readdirSync(HERE, { withFileTypes: true })
    .filter((entry) => entry.isDirectory() && existsSync(join(HERE, entry.name, 'host.json')))
    .map(({ name }) => name)
    .sort();

/** The releases with 2.4 that each configuration moves to: Debian's names with commas between, `testing` among them. */
export const releases = (): ReleaseName[] =>
  (process.env['HARDEN_MAIL_CONVERT_HOSTS_TO'] || 'trixie').split(',').map((name) => {
    const release = name === 'testing' ? 'forky' : name;
    if (release !== 'trixie' && release !== 'forky') throw new Error(`HARDEN_MAIL_CONVERT_HOSTS_TO: ${name}: no release with Dovecot 2.4`); // oxfmt-ignore
    return release;
  });

export const readConfiguration = (name: string): ConvertHost =>
  CONVERT_HOST.parse(JSON.parse(readFileSync(join(HERE, name, 'host.json'), 'utf8')));

/** Boots a host with everything that a configuration may need; the servers for databases do not run yet. */
export const bootFor = (release: ReleaseName, name: string): Promise<LabHost> =>
  bootWith({ release, name, also: [...DOVECOT, ...(OWN[release] ?? []), ...OTHERS] });

/** Boots a host with these packages. */
export async function bootWith(options: HostOptions & { readonly also: readonly string[] }): Promise<LabHost> {
  const host = await lab.host({ ...options, mail: true });
  await host.run(
    `export DEBIAN_FRONTEND=noninteractive; apt-get -q update && apt-get -q -y install ${options.also.join(' ')}
    for server in ${SERVERS}; do systemctl disable --now $server; done; systemctl stop dovecot; cd / && tar -cpf /root/kept.tar ${KEPT}`,
  );
  const library = readFileSync(join(SHARED, 'lib/setup.sh'), 'utf8');
  await host.run(`sh -s`, { input: `${library}\nauthority; issue ec ${CERTIFICATE} ${KEY} ${host.name}` });
  return host;
}

/** Puts the host back as it was after `bootFor`, and copies the configuration's folder to it. */
export async function prepare(host: LabHost, folder: string, { users }: ConvertHost, stage: 'old' | 'new') {
  const { stdout } = await runProgram('tar', ['-C', SHARED, '-cf', '-', 'lib', '-C', HERE, 'sessions', '-C', join(HERE, folder), '.']); // oxfmt-ignore
  await host.run(
    `systemctl stop dovecot ${SERVERS} 'stub-*'; systemctl reset-failed
    # apply asks about users who have logged in lately
    journalctl -q --rotate; journalctl -q --vacuum-time=1s; truncate -s 0 /var/log/mail.log
    rm -rf /etc/dovecot ${GONE}; cd / && tar -xpf /root/kept.tar && mkdir -p /root/host /srv/mail
    tar -C /root/host --no-same-owner -xf -`,
    { input: stdout },
  );
  const unix = Object.entries(users).filter(([name]) => !name.includes('@'));
  const own = existsSync(join(HERE, folder, 'setup.sh')) ? '. ./setup.sh' : '';
  await host.run(`cd /root/host && sh -s`, {
    input: `ADDRESS=${host.address} NAME=${host.name} STAGE=${stage}
      . lib/setup.sh
      vmail
      ${unix.map(([name, password]) => `unix_user ${quote(name)} ${quote(password)}`).join('\n')}
      ${stage === 'old' ? 'place' : ''}
      ${own}`,
  });
}

export const start = (host: LabHost): Promise<string> => host.run('systemctl restart dovecot');

const DUMP = {
  mariadb: ['mariadb-dump mail', 'mariadb mail'],
  postgresql: ['cd / && su postgres -c "pg_dump --clean mail"', 'cd / && su postgres -c "psql -q mail"'],
} as const;

/** What moves: the configuration and the mail, owners by number, and the database. */
export interface Moved {
  readonly files: Buffer;
  readonly dump: string | null;
}

export async function take(from: LabHost, { moves, database }: ConvertHost): Promise<Moved> {
  const folders = [...MOVED, ...moves].join(' ');
  const dump = database === undefined ? null : await from.run(DUMP[database][0]);
  await from.run(
    `systemctl stop dovecot; rm -f /root/moved.tar; tar -C / --numeric-owner -cpf /root/moved.tar ${folders}`,
  );
  return { files: await from.read('/root/moved.tar'), dump };
}

export async function put(to: LabHost, { files, dump }: Moved, { database }: ConvertHost): Promise<void> {
  if (database !== undefined && dump !== null) await to.run(DUMP[database][1], { input: dump });
  await to.run(`rm -rf /etc/dovecot; tar -C / --numeric-owner -xpf -`, { input: files });
}

/** The sessions of all users. */
export async function ask(host: LabHost, phase: Phase, data: ConvertHost): Promise<Answers> {
  return JSON.parse(
    await host.run('python3 /root/host/sessions/ask.py', { input: JSON.stringify({ phase, host: data }) }),
  ) as Answers;
}

/** What a new release says once about what the old one has compiled; and users who cannot be listed, in other words. */
const ONCE =
  /don't support it|User iteration failed|binary stored with different (major|minor) version|First setting must be|first setting must be/;

/** What Dovecot has complained about since a cursor of the journal; times, numbers and sessions left out. */
export async function complaints(host: LabHost, cursor: string): Promise<string[]> {
  const journal = await host.run(`journalctl -q --no-pager -o cat --after-cursor=${quote(cursor)} -u dovecot`);
  const bad = journal.split('\n').filter((line) => /\b(Error|Fatal|Panic): /.test(line) && !ONCE.test(line));
  return [...new Set(bad.map((line) => line.replace(/<[^>]*>/g, '').replace(/[.]mx\S+|\d+/g, 'N')))];
}

export async function cursor(host: LabHost): Promise<string> {
  const journal = await host.run('journalctl -q --no-pager --show-cursor -n 0');
  return /^-- cursor: (.*)$/m.exec(journal)?.[1] ?? '';
}

/** The questions with different answers, one line each. */
export function differences(was: Answers, is: Answers): string[] {
  const text = (answer: string | readonly string[] | undefined): readonly string[] => [answer ?? 'nothing'].flat();
  return [...new Set([...Object.keys(was), ...Object.keys(is)])].flatMap((key) => {
    const [before, after] = [text(was[key]), text(is[key])];
    if (before.join('\n') === after.join('\n')) return [];
    const lost = before.filter((line) => !after.includes(line)).join(' | ');
    const come = after.filter((line) => !before.includes(line)).join(' | ');
    return [`${key}: ${lost || '(other order)'} → ${come || '–'}`];
  });
}
