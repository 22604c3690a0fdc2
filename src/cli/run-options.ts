import { readFile } from 'node:fs/promises';
import { userInfo } from 'node:os';
import { parseBatch, type Batch } from '../run/batch.ts';
import type { Flags } from './arguments.ts';
import type { Process } from '../terminal/process.ts';
import { HardenMailError } from '../model/errors.ts';
import { interruptBy } from '../run/interrupt.ts';
import { assertPairs, loadInventory, singleHost, thisMachine, type Overrides } from '../inventory/load.ts';
import { requestFromFlags } from '../inventory/request-settings.ts';
import { validFile } from '../inventory/valid-names.ts';
import { selectHosts } from '../inventory/select.ts';
import {
  REPLACEABLE,
  SERVICES,
  TASKS,
  type ClientSettings,
  type Host,
  type Profile,
  type TaskName,
} from '../model/index.ts';
import type { ReleaseCodename } from '../debian/releases.ts';
import type { RunOptions } from '../run/step.ts';
import { WORLD } from '../run/world.ts';
import { computeFor } from '../compute/compute-for.ts';
import { chooseTasks } from './task-selection.ts';
import type { Terminal } from '../terminal/terminal.ts';
import { wordsOf } from './word-list.ts';
import { readHostText } from '../inventory/host-text.ts';
import { pemCertificates } from '../x509/pem.ts';

interface GivenFlags {
  readonly flags: Flags;
  /** Of the configuration file, for hosts: flags and inventories override them. */
  readonly defaults?: Flags;
}

/**
 * The hosts that the flags select.
 * @param note takes a line about what the inventory has and harden-mail does not use
 */
export async function chooseHosts(
  given: GivenFlags,
  note: (line: string) => void = () => {},
): Promise<readonly Host[]> {
  const hosts = await namedHosts(given, note);
  assertPairs(hosts);
  return Promise.all(hosts.map(withRoots));
}

/** Replaces the file name by the roots themselves: only the certificates in the file, because they are sent to the host. */
async function withRoots(host: Host): Promise<Host> {
  if (host.request?.acmeCa === undefined) return host;
  const text = await readCa('acme-ca', host.request.acmeCa);
  return { ...host, request: { ...host.request, acmeCa: pemCertificates(text).join('\n') } };
}

async function namedHosts(
  { flags, defaults: config = {} }: GivenFlags,
  note: (line: string) => void,
): Promise<readonly Host[]> {
  const overrides = await overridesOf(flags);
  const defaults = await overridesOf(config);
  const own = withDefaults(defaults, overrides);
  if (flags.local === true) {
    const others = (['host', 'inventory', 'limit', 'user', 'port', 'identity', 'jump'] as const).filter((name) => flags[name] !== undefined); // oxfmt-ignore
    if (others.length > 0) throw usage(`--local is this machine, without SSH: leave out --${others.join(', --')}`);
    if (flags.audit === true || flags.ssh === false)
      throw usage('an audit works from outside the host, so it cannot be combined with --local');
    return [thisMachine(own)];
  }
  if (flags.host !== undefined && flags.inventory !== undefined) throw usage('give --host or --inventory, not both');
  if (flags.inventory !== undefined)
    return selectHosts(await loadInventory(flags.inventory, overrides, { note, defaults }), flags.limit);
  if (flags.limit !== undefined) throw usage('--limit chooses from an --inventory');
  if (flags.host === undefined)
    throw usage(
      'no host is given: name one (harden-mail COMMAND HOST), or use --inventory, or --local for this machine',
    );
  const texts = new Set(flags.host.split(',').map((text) => text.trim()));
  return withNames([...texts].map((text) => hostFrom(text, overrides, own)));
}

/** A host as `--host` names it; a user or port that contradicts --user or --port is an error. */
function hostFrom(text: string, overrides: Overrides, wanted: Overrides): Host {
  const read = readHostText(text);
  if (!read) throw usage(`--host ${JSON.stringify(text)} is not [USER@]HOST[:PORT]`);
  const { hostname, ...own } = read;
  for (const name of ['user', 'port'] as const)
    if (own[name] !== undefined && overrides[name] !== undefined && own[name] !== overrides[name])
      throw usage(`--host ${text} contradicts --${name} ${overrides[name]}`);
  return singleHost(hostname, { ...wanted, ...own });
}

/** Several hosts need several names in the report: two ports of one host are named with their port. */
function withNames(hosts: readonly Host[]): Host[] {
  const isTwice = (name: string): boolean => hosts.filter((one) => one.name === name).length > 1;
  const named = hosts.map((host) =>
    isTwice(host.name) && host.port ? { ...host, name: `${host.name}:${host.port}` } : host,
  );
  const twice = named.find((host, at) => named.findIndex(({ name }) => name === host.name) < at);
  if (twice) throw usage(`the host ${twice.name} is named twice`);
  return named;
}

/** A request's settings override one another singly. */
function withDefaults(defaults: Overrides, overrides: Overrides): Overrides {
  const request = { ...defaults.request, ...overrides.request };
  return { ...defaults, ...overrides, ...(Object.keys(request).length > 0 && { request }) };
}

async function overridesOf(flags: Flags): Promise<Overrides> {
  const { user, port, identity, domain, domains, profile, pop3 } = flags;
  const request = await requestFromFlags(flags);
  for (const name of ['cert', 'key'] as const) {
    const path = flags[name];
    if (path === undefined || validFile(path)) continue;
    throw usage(`--${name} takes an absolute path on the host, with letters, digits and . _ @ + - only`);
  }
  return {
    ...(user !== undefined && { user }),
    ...(port !== undefined && { port }),
    ...(identity !== undefined && { identity }),
    ...(domain !== undefined && { domain }),
    ...(domains !== undefined && {
      domains: domains
        .split(',')
        .map((name) => name.trim())
        .filter(Boolean),
    }),
    ...(Object.keys(request).length > 0 && { request }),
    ...(flags.cert !== undefined && { cert: flags.cert }),
    ...(flags.key !== undefined && { key: flags.key }),
    ...(profile !== undefined && { profile: profile as Profile }),
    ...(flags['require-tls-inbound'] !== undefined && { requireTlsInbound: flags['require-tls-inbound'] }),
    ...(pop3 !== undefined && { pop3 }),
    ...(flags['assume-os'] !== undefined && { assumeOs: flags['assume-os'] }),
    ...(flags.serve !== undefined && { serve: wordsOf('serve', flags.serve, SERVICES) }),
    ...(flags['no-serve'] !== undefined && { noServe: wordsOf('no-serve', flags['no-serve'], SERVICES) }),
    ...(flags.replace !== undefined && { replace: wordsOf('replace', flags.replace, REPLACEABLE) }),
  };
}

/** @param hosts the number of hosts of this run */
export async function runOptions(flags: Flags, process: Process, screen: Terminal, hosts: number): Promise<RunOptions> {
  const { env, signal } = process;
  const secret = (text: string): Promise<string> => screen.askSecret(text);
  const user = flags['probe-user'];
  const interrupt = interruptBy(signal, () => screen.note(HELD));
  return {
    world: WORLD,
    compute: computeFor(hosts, interrupt.cut),
    interrupt,
    dryRun: flags['dry-run'] === true,
    audit: flags.audit === true || flags.ssh === false,
    outside: flags.ssh === false,
    yes: flags.yes === true,
    ...(screen.interactive &&
      flags.yes !== true &&
      flags['dry-run'] !== true && { consent: (question) => screen.ask(question) }),
    forks: flags.forks ?? 10,
    ...(flags.serial !== undefined && { serial: batchOf(flags.serial) }),
    maxFail: maxFail(flags),
    tasks: tasksOf(flags),
    ...(flags.to !== undefined && { to: flags.to }),
    ...(flags['upgrade-to'] !== undefined && { upgradeTo: flags['upgrade-to'] as ReleaseCodename }),
    keep: flags.keep === true,
    ...spareOf(flags),
    version: process.version,
    ...mailboxesOf(flags),
    ...(flags['prepare-upgrade'] !== undefined && { prepareUpgrade: flags['prepare-upgrade'] as ReleaseCodename }),
    ...(flags.write !== undefined && { clientsTo: flags.write }),
    ...(flags['mail-domains'] !== undefined && { mailDomains: mailDomainsOf(flags['mail-domains']) }),
    ...(flags['login-name'] !== undefined && { loginName: flags['login-name'] as ClientSettings['login'] }),
    confirmTimeout: flags['confirm-timeout'] ?? 60,
    who: whoRuns(env),
    trust: flags.ca === undefined ? [] : [await readCa('ca', flags.ca)],
    ...(user !== undefined && {
      user: { name: user, password: env['HARDEN_MAIL_PROBE_PASSWORD'] ?? (await secret(`Mail password of ${user}: `)) },
    }),
    ssh: {
      acceptNewHostKeys: flags['accept-new-host-keys'] === true,
      signal: interrupt.cut,
      ...(flags['known-hosts'] !== undefined && { knownHosts: [flags['known-hosts']] }),
      ...(flags['ssh-config'] !== undefined && { sshConfig: flags['ssh-config'] }),
      ...(flags.jump !== undefined && { jump: flags.jump }),
      ...(flags['connect-timeout'] !== undefined && { connectTimeout: flags['connect-timeout'] }),
      ...(screen.interactive && { prompt: (text, about) => (about.secret ? secret(text) : screen.askLine(text)) }),
      ...(flags['ask-become-pass'] === true && { becomePassword: once(() => secret("sudo's password: ")) }),
      ...(flags.debug === true && { debug: (line) => screen.debug(line) }),
      onCommand: (command) => screen.command(command),
    },
  };
}

const HELD = [
  'harden-mail: Ctrl-C: a change that is under way comes to its end first, and',
  '  it stands if the checks pass. Ctrl-C again ends at once.',
].join('\n');

export function tasksOf(flags: Flags): readonly TaskName[] {
  const chosen = chooseTasks(flags.tags, flags['skip-tags']);
  const whole = (['upgrade-to', 'prepare-upgrade'] as const).find((name) => flags[name] !== undefined);
  if (whole !== undefined && chosen.length < TASKS.length)
    throw usage(`--${whole} needs the whole recipe: leave out --tags and --skip-tags`);
  return chosen;
}

/** @throws USAGE for options that have nothing to work on together */
export function mailboxesOf(flags: Flags): Pick<RunOptions, 'record' | 'mailboxes'> {
  const { record, 'all-users': all, mailboxes, 'upgrade-to': ahead } = flags;
  if (record === true && ahead === undefined)
    throw usage('--record belongs to `check --upgrade-to RELEASE`: it keeps the mailboxes of before an upgrade');
  if (all === true && ahead !== undefined && record !== true)
    throw usage('--all-users says whose mailboxes --record keeps: add --record');
  if (all === true && mailboxes === false) throw usage('give --all-users or --no-mailboxes, not both');
  return { record: record === true, mailboxes: mailboxes === false ? null : all === true ? 'all' : 'sample' };
}

/** @throws USAGE for a copy that nobody could look at: it ends with the connection to the other machine */
export function spareOf({ on, keep }: Flags): Pick<RunOptions, 'on'> {
  if (on === undefined) return {};
  const read = readHostText(on);
  if (!read) throw usage(`--on ${JSON.stringify(on)} is not [USER@]HOST[:PORT]`);
  if (keep === true)
    throw usage(`--keep needs a copy on this machine: leave out --on, or run the rehearsal on ${on} itself`);
  return { on: { name: on, ...read } };
}

/** The user, for the host's history and the log. */
export function whoRuns(env: Process['env']): string {
  return env['USER'] ?? userInfo().username;
}

/** Names of domains: they become names of folders and parts of URLs. */
function mailDomainsOf(text: string): string[] {
  const domains = text.split(',').map((one) => one.trim().toLowerCase());
  const wrong = domains.find((one) => !/^([a-z0-9]([a-z0-9-]*[a-z0-9])?\.)+[a-z0-9-]*[a-z][a-z0-9-]*$/.test(one));
  if (wrong !== undefined) throw usage(`--mail-domains takes names of domains: ${JSON.stringify(wrong)}`);
  return [...new Set(domains)];
}

function maxFail({ 'max-fail': given, serial }: Flags): number {
  if (given !== undefined && serial === undefined) throw usage('--max-fail needs --serial');
  return given ?? 0;
}

function batchOf(text: string): Batch {
  const batch = parseBatch(text);
  if (!batch) throw usage(`--serial takes a number of hosts, or a percentage up to 100%: ${JSON.stringify(text)}`);
  return batch;
}

/** Asks once, even if several hosts need the answer at the same time. */
function once<T>(ask: () => Promise<T>): () => Promise<T> {
  let answer: Promise<T> | undefined;
  return () => (answer ??= ask());
}

async function readCa(option: 'ca' | 'acme-ca', path: string): Promise<string> {
  const text = await readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
    throw usage(`--${option} ${path} cannot be read: ${error.code ?? error.message}`);
  });
  if (!text.includes('-----BEGIN CERTIFICATE-----')) throw usage(`--${option} ${path} contains no PEM certificate`);
  return text;
}

function usage(message: string): HardenMailError {
  return new HardenMailError('USAGE', message, '`harden-mail COMMAND --help` shows the options.');
}
