/** Makes the copy of a host: a host of the lab with its files, accounts, certificates and a user of the rehearsal. */
import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { HardenMailError } from '../model/errors.ts';
import { PATHS, type Facts, type Host, type Plan } from '../model/index.ts';
import { lab, type LabHost } from '../lab/lab.ts';
import { RELEASES, type ReleaseName } from '../lab/images.ts';
import { quote } from '../formats/text/shell-quote.ts';
import type { CleanCapture } from '../rehearse/clean-capture.ts';
import { addressScript, copyAddresses, taken, ungiven, type Addresses } from '../rehearse/addresses.ts';
import { issuing } from '../rehearse/certificates.ts';
import { copyScript, copyPackages } from '../rehearse/copy.ts';
import { databasesAsked } from '../rehearse/databases-asked.ts';
import type { DatabaseKind } from '../rehearse/lookups.ts';
import { personFor, type PersonPlan } from '../rehearse/person.ts';
import type { Person } from '../rehearse/resident.ts';
import { SERVERS } from '../rehearse/sql-server.ts';
import { saslauthdFor } from '../rehearse/saslauthd.ts';
import { changeDigests, type ChangeDigests } from '../rehearse/verdict.ts';
import { stubNotes, stubScript, stubsFor } from '../rehearse/stubs.ts';
import { certificatesIn, dnsNames } from '../x509/pem.ts';
import type { RunOptions } from './step.ts';

/** The real host, as far as its copy needs it: plain values without a secret. */
export interface Original {
  readonly host: Host;
  readonly facts: OriginalFacts;
  /** Of a dry run; null if it found no plan. */
  readonly plan: OriginalPlan | null;
  readonly capture: CleanCapture;
}

export interface OriginalFacts extends Pick<Facts, 'os' | 'hostname' | 'listeners'> {
  readonly hasDovecot: boolean;
  /** Where the control machine reaches the host. */
  readonly address: string;
}

export interface OriginalPlan {
  readonly changes: ChangeDigests;
  /** The names for which it requests certificates. */
  readonly names: readonly string[];
}

/** @throws STOPPED for a host whose daemons listen at an address that a copy cannot have */
export function assertCopyable({ listeners }: Pick<Facts, 'listeners'>): void {
  const found = ungiven(listeners);
  if (!found) return;
  const { listener, ports, why } = found;
  throw new HardenMailError(
    'STOPPED',
    `${listener.process === 'master' ? 'Postfix' : 'Dovecot'} listens on ${listener.address} (port ${ports.join(', ')}), ${why}, so there is no copy of this host`,
    'Nothing was written. `harden-mail apply --dry-run` shows the plan.',
  );
}

export function originalOf(
  { host, address }: { readonly host: Host; readonly address: string },
  facts: Facts,
  plan: Plan | null,
  capture: CleanCapture,
): Original {
  const { os, hostname, listeners, dovecot } = facts;
  return {
    ...{ host, capture },
    facts: { os, hostname, listeners, address, hasDovecot: dovecot !== null },
    plan: plan && {
      changes: changeDigests(plan, capture.clues),
      names: plan.actions.flatMap((action) => (action.kind === 'certificate' ? action.domains : [])),
    },
  };
}

/** @throws UNSUPPORTED_OS for a release of which the lab has no image */
export function releaseOf({ os }: Pick<Facts, 'os'>): ReleaseName {
  if (os.id === 'debian' && Object.hasOwn(RELEASES, os.codename)) return os.codename as ReleaseName;
  throw new HardenMailError(
    'UNSUPPORTED_OS',
    `there is no image to copy ${os.pretty} from: copies are Debian ${Object.keys(RELEASES).join(', ')}`,
    'Nothing was written. `harden-mail apply --dry-run` shows the plan for this host.',
  );
}

export interface Copied {
  readonly machine: LabHost;
  readonly host: Host;
  readonly person: Person | null;
  /** PEM roots that the checks trust. */
  readonly trust: readonly string[];
  readonly differences: readonly string[];
  readonly unrehearsed: readonly string[];
}

/** @throws STOPPED if the copy cannot be made */
export async function copyOf(...[original, release, options]: Parameters<typeof made>): Promise<Copied> {
  return made(original, release, options).catch((error: unknown) => {
    if (error instanceof HardenMailError || !(error instanceof Error) || !error.message.startsWith('lab: '))
      throw error;
    const lines = error.message.split('\n').filter(Boolean);
    const text = [lines[0]?.replace('lab: ', ''), lines.length > 1 ? lines.at(-1) : undefined]
      .filter(Boolean)
      .join(': ');
    const hint = 'Nothing was written on the host. `harden-mail apply --dry-run` shows the plan for it.';
    throw new HardenMailError('STOPPED', `the copy cannot be made: ${text}`, hint, { cause: error });
  });
}

async function made(
  { host, facts, plan, capture }: Original,
  release: ReleaseName,
  options: RunOptions,
): Promise<Copied> {
  const { kinds, others } = databasesAsked(capture);
  const choice = copyPackages(capture.packages, kinds.flatMap((kind) => SERVERS[kind])); // oxfmt-ignore
  const { upgradeTo } = options;
  const name = /^[\w-]+(\.[\w-]+)+$/.test(capture.hostname) ? capture.hostname : facts.hostname;
  const machine = await lab.host({
    ...{ release, mail: true, name },
    with: { install: choice.also, purge: choice.absent },
    ...(upgradeTo !== undefined && { upgradeTo: upgradeTo as ReleaseName }),
  });
  try {
    const addresses = copyAddresses(facts.listeners, facts.address);
    await giveAddresses(machine, addresses);
    const acme = await lab.acme();
    await Promise.all([...namesOf(host, facts, plan, capture)].map((one) => acme.setA(one, machine.address)));
    const { script, replaced } = copyScript(capture);
    const told = await machine.run('exec sh -s', { input: script });
    const subjects = new Set(options.trust.flatMap((text) => certificatesIn(text).map(({ subject }) => subject)));
    const certificates = issuing(capture.pems, subjects);
    const issued = await machine.run('exec sh -s', { input: certificates.script });
    const trusted = capture.pems.some((pem) =>
      pem.certificates.some((one) => options.trust.some((text) => text.includes(one))),
    );
    const authority = trusted ? issued : (issued.match(/-----BEGIN[^-]+-----[^-]+-----END[^-]+-----/)?.[0] ?? '');
    const foreign = facts.listeners.filter(({ process }) => !kinds.some((kind) => DAEMONS[kind].includes(process)));
    const stubs = stubsFor(foreign, texts(capture), PATHS.QUEUE);
    const programs = await machine.run('exec sh -s', { input: stubScript(stubs, capture.programs) });
    const { person, notes, differences, databases, silent } = await addPerson(machine, facts, capture);
    if (person) await acme.setA(person.address.slice(person.address.indexOf('@') + 1), machine.address);
    const saslauthd = saslauthdFor(capture);
    if (saslauthd.script !== '') await machine.exec('exec sh -s', { input: saslauthd.script });
    await startDaemons(machine, capture);
    if (person) await makeHome(machine, person);
    const versions = await machine.run(
      "dpkg-query -W -f '${Package} ${Version}\\n' 'postfix*' 'dovecot*' 2>/dev/null || true",
    );
    const lacking = choice.also.length === 0 ? '' : await machine.run(`for name in ${choice.also.map(quote).join(' ')}; do dpkg-query -W "$name" >/dev/null 2>&1 || echo "$name"; done`); // oxfmt-ignore
    return {
      ...{ machine, person },
      host: copyHost(host, machine, acme.directory),
      trust: [...options.trust, authority, await acme.root()],
      differences: [
        ...addresses.given.map((one) => `${one} is an address of the copy, inside its own network`),
        ...versions.split('\n').flatMap((line) => versionNote(line, capture)),
        ...lacking
          .split('\n')
          .filter(Boolean)
          .map((name) => `${name} is not in the archive of Debian, and not on the copy`),
        ...replaced.map((path) => `${path}: what may be secret is replaced`),
        ...told
          .split('\n')
          .flatMap((line) => (line.startsWith('unowned ') ? [`${line.split(' ')[1]} has another owner`] : [])),
        ...certificates.notes,
        ...differences,
      ],
      unrehearsed: [
        ...addresses.notes,
        ...notes,
        ...others.map((text) => `${text}: the copy does not have it, so these lookups fail there`),
        ...silent.map((text) => `${text}: the copy has no answer about the user of the rehearsal`),
        ...saslauthd.notes,
        ...stubNotes(stubs, programs.split('\n').filter(Boolean)),
        ...capture.others.filter(({ path }) => !databases.includes(path)).map(({ kind, path }) => `${path} (${WORDS[kind] ?? kind}) is not on the copy`), // oxfmt-ignore
        'mail to and from other servers: the copy reaches no network',
      ],
    };
  } catch (error) {
    await machine.stop();
    throw error;
  }
}

/** @throws Error of the lab if the copy cannot have them */
async function giveAddresses(machine: LabHost, addresses: Addresses): Promise<void> {
  const own = taken(addresses, machine.address);
  if (own !== undefined) throw new Error(`lab: the host's address ${own} is in the network that this machine has for its copies`); // oxfmt-ignore
  const script = addressScript(addresses, machine.address);
  if (script !== '') await machine.run('exec sh -s', { input: script });
}

const WORDS: Readonly<Record<string, string>> = {
  large: 'too large',
  binary: 'not text',
  keys: 'with keys in it',
  program: 'a program',
};

function texts({ files }: CleanCapture): string[] {
  return files.filter(({ path }) => path === PATHS.MAIN_CF || path === PATHS.MASTER_CF).map(({ bytes }) => bytes);
}

function copyHost(host: Host, { address, identity }: LabHost, acmeServer: string): Host {
  const { local: _, port: _port, ...rest } = host;
  return { ...rest, hostname: address, user: 'root', identity, request: { ...host.request, acmeServer } };
}

/** Every name for which the copy may need a certificate. */
function namesOf(
  { domain, domains = [], sni = [] }: Host,
  facts: OriginalFacts,
  plan: OriginalPlan | null,
  { pems, hostname }: CleanCapture,
): Set<string> {
  const covered = pems.flatMap(({ certificates }) =>
    certificates.flatMap((pem) => certificatesIn(pem).flatMap(dnsNames)),
  );
  const all = [
    domain ?? '',
    ...domains,
    ...sni.flatMap(({ names }) => names),
    facts.hostname,
    hostname,
    ...covered,
    ...(plan?.names ?? []),
  ];
  return new Set(all.filter((name) => /^[\w-]+(\.[\w-]+)+$/.test(name)));
}

function versionNote(line: string, { packages }: CleanCapture): string[] {
  const [name = '', version = ''] = line.split(' ');
  const own = packages[name];
  return own === undefined || own === version || version === '' ? [] : [`${name} is ${version}, the host has ${own}`];
}

/** Programs whose ports the servers of the copy have. */
const DAEMONS: Readonly<Record<DatabaseKind, readonly string[]>> = {
  mysql: ['mysqld', 'mariadbd'],
  pgsql: ['postgres'],
  ldap: ['slapd'],
  sqlite: [],
};

interface Added extends PersonPlan {
  /** Places of lookups without an answer. */
  readonly silent: readonly string[];
}

async function addPerson(machine: LabHost, facts: OriginalFacts, capture: CleanCapture): Promise<Added> {
  const password = randomBytes(12).toString('hex');
  const said = await machine.run('exec sh -s', { input: reading(facts.hasDovecot, password) });
  const [doveconf = '', parameters = '', services = '', hashes = ''] = said.split('\0');
  const lines = parameters.split('\n');
  const postconf = Object.fromEntries(lines.map((line) => line.split(' = ') as [string, string]));
  const paths = [...new Set([doveconf, parameters, services].join('\n').match(/\/[\w.@/+-]+/g) ?? [])];
  const known = new Set(capture.files.map(({ path }) => path));
  const found = new Map<string, string>();
  for (const path of paths) {
    if (!known.has(path)) continue;
    const { code, stdout } = await machine.exec(`[ -f ${quote(path)} ] && head -c 262144 ${quote(path)}`);
    if (code === 0) found.set(path, stdout);
  }
  const passwords = [...hashes.split('\n').filter(Boolean), `{PLAIN}${password}`];
  const file = (path: string): string | null => found.get(path) ?? null;
  const made = personFor({ doveconf, postconf, services: services.split('\n'), file, password, passwords, mailboxes: mailboxesOf(capture, doveconf) }); // oxfmt-ignore
  await machine.run('exec sh -s', { input: `set -e\n${made.script}\n` });
  const asking = made.questions.map(({ place, map, key }) => `postmap -q ${quote(key)} ${quote(map)} >/dev/null 2>&1 || printf '%s\\n' ${quote(place)}`); // oxfmt-ignore
  const silent = asking.length === 0 ? '' : (await machine.exec('exec sh -s', { input: asking.join('\n') })).stdout;
  return { ...made, silent: silent.split('\n').filter(Boolean) };
}

function reading(hasDovecot: boolean, password: string): string {
  return `${hasDovecot ? 'doveconf -n 2>/dev/null' : ':'}; printf '\\0'
postconf -x 2>/dev/null; printf '\\0'
postconf -xP 2>/dev/null; printf '\\0'
for way in 6:SHA512-CRYPT 5:SHA256-CRYPT 1:MD5-CRYPT 6:CRYPT; do
  printf '{%s}' "\${way#*:}"; printf %s ${quote(password)} | openssl passwd "-\${way%%:*}" -stdin
done`;
}

/** The folder of virtual mailboxes: one that the files name and that belongs to a user who is none of the daemons. */
function mailboxesOf({ folders, users }: CleanCapture, doveconf: string): { base: string; uid: string; gid: string } {
  const daemons =
    /^(root|postfix|postdrop|dovecot|dovenull|mysql|postgres|openldap|www-data|_?rspamd|opendkim|clamav|amavis)$/;
  const own = folders
    .filter(
      ({ path, owner }) =>
        !daemons.test(owner.split(':')[0] ?? '') &&
        /^\/(var|srv|home|opt|data|mnt|mail|vmail)\b/.test(path) &&
        !/^\/var\/(lib|run|spool|log|cache)\//.test(path),
    ) // oxfmt-ignore
    .toSorted((one, other) => one.path.length - other.path.length)[0];
  const setting = /^mail_uid = (\S+)$/m.exec(doveconf)?.[1];
  const name = own?.owner.split(':')[0] ?? setting ?? 'vmail';
  const user = users.find((one) => one.name === name || one.uid === name);
  return { base: own?.path ?? user?.home ?? '/var/vmail', uid: user?.uid ?? '5000', gid: user?.gid ?? '5000' };
}

/** Of a user whose folder the administrator's own programs make. */
async function makeHome(machine: LabHost, { login }: Person): Promise<void> {
  const input = `set -- $(doveadm user -f uid ${quote(login)} 2>/dev/null) $(doveadm user -f gid ${quote(login)} 2>/dev/null)
home=$(doveadm user -f home ${quote(login)} 2>/dev/null)
case $home in
  /*) [ -d "$home" ] || setpriv --reuid "$1" --regid "$2" --clear-groups mkdir -p "$home" 2>/dev/null || { mkdir -p "$home" && chown "$1:$2" "$home"; } ;;
esac
true`;
  await machine.exec('exec sh -s', { input });
}

/** systemd does not wait for Dovecot's sockets, and a Postfix that asks for logins too early does not serve any for a minute. */
const ANSWERS = ` && timeout 10 sh -c 'until doveadm service status >/dev/null 2>&1; do sleep 0.1; done'`;

/** Those that run on the host. A daemon that does not start is a fault of the first act. */
async function startDaemons(machine: LabHost, { running }: CleanCapture): Promise<void> {
  const units = [
    ...(running.includes('dovecot') ? ['dovecot'] : []),
    ...(running.includes('master') ? ['postfix'] : []),
  ];
  for (const unit of units) await machine.exec(`systemctl restart ${unit}${unit === 'dovecot' ? ANSWERS : ''}`);
  await sleep(500);
}
