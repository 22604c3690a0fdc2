/** Makes the copy of a host: a host of the lab with its files, accounts, certificates and a user of the rehearsal. */
import { setTimeout as sleep } from 'node:timers/promises';
import { HardenMailError } from '../../model/errors.ts';
import { PATHS, type Host } from '../../model/index.ts';
import { lab, type LabHost } from '../../lab/lab.ts';
import { quote } from '../../formats/text/shell-quote.ts';
import type { CleanCapture } from '../../rehearse/clean-capture.ts';
import { addressScript, copyAddresses, taken, type Addresses } from '../../rehearse/addresses.ts';
import { issuing } from '../../rehearse/certificates.ts';
import { copyScript, copyPackages } from '../../rehearse/copy.ts';
import { databasesAsked } from '../../rehearse/databases-asked.ts';
import type { DatabaseKind } from '../../rehearse/lookups.ts';
import type { Person } from '../../rehearse/resident.ts';
import { SERVERS } from '../../rehearse/sql-server.ts';
import { saslauthdFor } from '../../rehearse/saslauthd.ts';
import { stubNotes, stubScript, stubsFor } from '../../rehearse/stubs.ts';
import { certificatesIn, dnsNames } from '../../x509/pem.ts';
import type { RunOptions } from '../step.ts';
import { addPerson, makeHome } from './add-person.ts';
import type { Base } from './base.ts';
import type { Original, OriginalFacts, OriginalPlan } from './original.ts';

export interface Copied {
  readonly machine: LabHost;
  readonly base: Base;
  readonly host: Host;
  readonly person: Person | null;
  /** Makes the names of the host lead to this copy. */
  publish(): Promise<void>;
  /** PEM roots that the checks trust. */
  readonly trust: readonly string[];
  readonly differences: readonly string[];
  readonly unrehearsed: readonly string[];
}

/** @throws STOPPED if the copy cannot be made */
export async function copyOf(...[original, base, options]: Parameters<typeof made>): Promise<Copied> {
  return made(original, base, options).catch((error: unknown) => {
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

async function made({ host, facts, plan, capture }: Original, base: Base, options: RunOptions): Promise<Copied> {
  const { kinds, others } = databasesAsked(capture);
  const choice = copyPackages(capture.packages, kinds.flatMap((kind) => SERVERS[kind])); // oxfmt-ignore
  const { release, goal, ubuntu } = base;
  const name = /^[\w-]+(\.[\w-]+)+$/.test(capture.hostname) ? capture.hostname : facts.hostname;
  const machine = await lab.host({
    ...{ release, mail: true, name },
    // The archive of Debian has no version of Ubuntu.
    with: { install: choice.also, purge: choice.absent, versions: ubuntu === undefined ? choice.versions : [] },
    ...(goal !== undefined && { upgradeTo: goal }),
    ...(ubuntu !== undefined && { ubuntu }),
  });
  try {
    const addresses = copyAddresses(facts.listeners, facts.address);
    await giveAddresses(machine, addresses);
    const acme = await lab.acme();
    const names = namesOf(host, facts, plan, capture);
    const publish = async (): Promise<void> => {
      await Promise.all([...names].map((one) => acme.setA(one, machine.address)));
    };
    await publish();
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
    if (person) names.add(person.address.slice(person.address.indexOf('@') + 1));
    await publish();
    const saslauthd = saslauthdFor(capture);
    if (saslauthd.script !== '') await machine.exec('exec sh -s', { input: saslauthd.script });
    await startDaemons(machine, capture);
    if (person) await makeHome(machine, person);
    const versions = await machine.run(
      "dpkg-query -W -f '${Package} ${Version}\\n' 'postfix*' 'dovecot*' '*sasl2*' certbot 2>/dev/null || true",
    );
    const lacking = choice.also.length === 0 ? '' : await machine.run(`for name in ${choice.also.map(quote).join(' ')}; do dpkg-query -W "$name" >/dev/null 2>&1 || echo "$name"; done`); // oxfmt-ignore
    return {
      ...{ machine, base, person, publish },
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
