import { createHash } from 'node:crypto';
import { HardenMailError } from '../model/errors.ts';
import type { Facts, Listener, Package, RemoteFile, Snapshot } from '../model/index.ts';
import { lineages, takenNames } from './lineages.ts';
import { sectionsOf } from '../formats/text/sections.ts';
import { upstream } from '../formats/versions.ts';
import { lostMapsIn, refusalsIn, upcomingIn, userFieldsIn } from './parsers.ts';
import { pemFiles } from './pem-files.ts';
import { provided } from './parse-provided.ts';
import { distribution } from '../debian/releases.ts';
import { masked, takenUp, timer, units, watching } from '../debian/units.ts';

/**
 * Parses the output of gather.sh.
 * @throws TornError (REMOTE_FAILED) if a file changed while it was read, or if the output is incomplete
 */
export function parseSnapshot(output: Buffer): Snapshot {
  const sections = sectionsOf(output);
  if (!sections) throw new TornError('the answer is incomplete');
  const text = (name: string): string => sections.get(name)?.toString('latin1') ?? '';
  const lines = (name: string): string[] => text(name).split('\n').filter(Boolean);

  const all = files(
    lines('stat'),
    lines('targets'),
    lines('digests').map(digest),
    sections.get('bytes') ?? Buffer.alloc(0),
  );
  assertSize(all);
  const packages = Object.fromEntries(lines('packages').flatMap(installedPackage));
  const simulation = lines('simulation');
  const candidates = Object.fromEntries(simulation.flatMap(candidate));
  const postconf = Object.fromEntries(lines('postconf').map(parameter));
  const version = (name: string): string | null => {
    const found = packages[name]?.version ?? candidates[name];
    return found === undefined ? null : upstream(found);
  };
  const broughtAs = (name: string): ReturnType<typeof provided> =>
    provided(lines(name), text(`${name}-chain`), text(`${name}-key`), lines(`${name}-folders`));
  const brought = broughtAs('provided');
  const broughtSni = [...sections.keys()].filter((name) => /^sni\d+$/.test(name)).flatMap((n) => broughtAs(n) ?? []);
  const pem = pemFiles(`${text('pem-main')}\n${text('pem')}`);
  const watched = watching(text('units'));
  const masters = lines('masters');
  const facts: Facts = {
    now: Math.floor(Number(text('now'))),
    busy: text('busy').trim(),
    unfinished: lines('unfinished').map((line) => line.split(' ')[0] ?? ''),
    os: osRelease(sections.get('os')?.toString('utf8').split('\n') ?? []),
    hostname: postconf['myhostname'] || text('hostname').trim(),
    packages,
    candidates,
    removes: simulation.flatMap((line) => /^Remv (\S+)/.exec(line)?.[1] ?? []),
    postfix: version('postfix'),
    dovecot: version('dovecot-core'),
    maps: lines('maps'),
    postconf,
    ...refusalsIn(lines('refusals')),
    ...lostMapsIn(lines('lost-maps')),
    ...upcomingIn(lines('upcoming')),
    ...userFieldsIn(lines('user-fields')),
    ...(text('cyrus').trim() !== '' && { cyrus: true as const }),
    resolves: namesOfPorts(lines('services')),
    listeners: lines('listeners').flatMap((line) => listener(line, masters)),
    units: units(text('units'), takenUp(lines('taken-up'), Number(text('now')))),
    masked: masked(text('units')),
    lineages: lineages(all, text('keys'), lines('lineages')),
    ...(brought && { provided: brought }),
    ...(broughtSni.length > 0 && { providedSni: broughtSni }),
    ...(pem.length > 0 && { pemFiles: pem }),
    ...(watched !== null && { watching: watched }),
    takenNames: takenNames(lines('lineages')),
    timer: timer(text('units')),
  };
  return { facts, files: Object.fromEntries(all.map((file) => [file.path, file])) };
}

/** Bytes of all files together. A large site with thousands of names in its files has less than half of it. */
const LARGEST = 2 << 20;

function assertSize(all: readonly RemoteFile[]): void {
  const total = all.reduce((sum, { bytes }) => sum + bytes.length, 0);
  if (total <= LARGEST) return;
  const [largest] = all.toSorted((a, b) => b.bytes.length - a.bytes.length);
  throw new HardenMailError(
    'CONFIG_INVALID',
    `the configuration files have more than ${LARGEST >> 20} MiB together; the largest is ${largest?.path}`,
    'Nothing was written. Move long lists into tables (maps), which are not read.',
  );
}

/** The output is incomplete, or a file changed while it was read: the host never had all these bytes at one time. */
export class TornError extends HardenMailError {
  readonly what: string;

  constructor(what: string) {
    super('REMOTE_FAILED', `reading the host's files failed: ${what}`, 'Nothing was written. Run the command again.');
    this.what = what;
  }
}

/** The digest in a line of sha256sum, which begins with a backslash if the name has one. */
function digest(line: string): string {
  return /^\\?([0-9a-f]{64})/.exec(line)?.[1] ?? '';
}

function files(stats: string[], targets: string[], digests: string[], bytes: Buffer): RemoteFile[] {
  let at = 0;
  const read = stats.map((line, index): RemoteFile => {
    const [, size, mode, changed, owner, path] = /^(\d+) (\d+) (\d+) (.+?) (\/.*)$/.exec(line) ?? [];
    const target = targets[index];
    const sha256 = digests[index];
    if (path === undefined || target === undefined || sha256 === undefined)
      throw new TornError('a file went away meanwhile');
    const content = bytes.subarray(at, (at += Number(size)));
    if (createHash('sha256').update(content).digest('hex') !== sha256) throw new TornError(`${path} is being changed`);
    return {
      path,
      target,
      bytes: content.toString('latin1'),
      sha256,
      mode: (mode ?? '').padStart(4, '0'),
      owner: owner ?? '',
      changed: Number(changed),
    };
  });
  if (at !== bytes.length) throw new TornError('a file is being changed');
  return read;
}

/** dpkg also lists packages that were removed, with or without a version; they are left out. */
function installedPackage(line: string): [string, Package][] {
  const [name = '', version = '', status = ''] = line.split(' ');
  return status === 'not-installed' || status === 'config-files' ? [] : [[name, { version, status }]];
}

/** Parses `Inst postfix (3.7.11-0+deb12u1 Debian:12 [amd64])`, as `apt-get -s` prints it. */
function candidate(line: string): [string, string][] {
  const [, name, version] = /^Inst (\S+) (?:\[\S+\] )?\((\S+)/.exec(line) ?? [];
  return name !== undefined && version !== undefined ? [[name, version]] : [];
}

/** Parses `name = value`, as postconf prints it. */
function parameter(line: string): [string, string] {
  const [, name = '', value = ''] = /^(\S+) =\s*(.*)$/.exec(line) ?? [];
  return [name, value];
}

/** Parses `submissions 465/tcp ssmtp smtps urd`, as getent prints it: every name and alias of a submission port. */
function namesOfPorts(lines: string[]): string[] {
  const names = lines.map((line) => line.split(/\s+/)).filter((words) => /^(465|587)\/tcp$/.test(words[1] ?? ''));
  return [...new Set(names.flatMap(([name = '', , ...aliases]) => [name, ...aliases]))];
}

function osRelease(lines: string[]): Facts['os'] {
  const values = new Map(
    lines.map((line) => [line.split('=')[0] ?? '', line.replace(/^[^=]*=/, '').replace(/^(["'])(.*)\1$/, '$2')]),
  );
  const value = (name: string): string => values.get(name) ?? '';
  const like = value('ID_LIKE').split(' ');
  // Linux Mint has a codename of its own, and names Ubuntu's beside it.
  const codenames = ['UBUNTU_CODENAME', 'DEBIAN_CODENAME', 'VERSION_CODENAME'].map(value);
  const isChild = !/^(debian|ubuntu)$/.test(value('ID')) && like.some((one) => one === 'debian' || one === 'ubuntu');
  const base = isChild ? codenames.find((one) => distribution(one) !== null) : undefined;
  return {
    id: value('ID'),
    versionId: value('VERSION_ID'),
    codename: value('VERSION_CODENAME'),
    pretty: value('PRETTY_NAME'),
    ...(base !== undefined && { base }),
  };
}

/**
 * Parses a line of `ss -Hltnp`: `LISTEN 0 100 0.0.0.0:25 0.0.0.0:* users:(("master",pid=1,fd=13))`. While a client is served,
 * Postfix's smtpd holds the port together with its master, and may be named first; the same holds for Dovecot's imap-login.
 * @param masters `own PID`, and `other PID FOLDER` for each master of another instance; empty if Postfix could not be asked
 */
function listener(line: string, masters: readonly string[]): Listener[] {
  const local = line.split(/\s+/)[3] ?? '';
  const [, address, port] = /^(.*):(\d+)$/.exec(local) ?? [];
  if (address === undefined) return [];
  const holders = [...line.matchAll(/\("([^"]*)",pid=(\d+)/g)].map(([, name = '', pid = '']) => ({ name, pid }));
  const master = holders.find(({ name }) => name === 'master');
  const dovecot = holders.find(({ name }) => name === 'dovecot');
  const found = { address, port: Number(port), process: master?.name ?? dovecot?.name ?? holders[0]?.name ?? '' };
  if (!master || masters.length === 0) return [found];
  if (masters.includes(`own ${master.pid}`)) return [{ ...found, ours: true }];
  const other = masters.find((one) => one.startsWith(`other ${master.pid} `));
  return [{ ...found, ours: false, instance: other?.slice(`other ${master.pid} `.length) ?? '' }];
}
