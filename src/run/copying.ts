/** Makes the copy of a host: a host of the lab with its files, accounts, certificates and a user of the rehearsal. */
import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { HardenMailError } from '../model/errors.ts';
import { PATHS, type Facts, type Host, type Plan } from '../model/index.ts';
import { lab, type LabHost } from '../lab/lab.ts';
import { RELEASES, type ReleaseName } from '../lab/images.ts';
import { quote } from '../formats/text/shell-quote.ts';
import type { Capture } from '../rehearse/capture.ts';
import { issuing } from '../rehearse/certificates.ts';
import { copyScript, copyPackages } from '../rehearse/copy.ts';
import { personFor, type Person } from '../rehearse/person.ts';
import { saslauthdFor } from '../rehearse/saslauthd.ts';
import { stubNotes, stubScript, stubsFor } from '../rehearse/stubs.ts';
import { certificatesIn, dnsNames } from '../x509/pem.ts';
import type { RunOptions } from './step.ts';

/** The real host, as far as it is known. */
export interface Original {
  readonly host: Host;
  readonly facts: Facts;
  /** Of a dry run; null if it found no plan. */
  readonly plan: Plan | null;
  readonly capture: Capture;
}

/** @throws UNSUPPORTED_OS for a release of which the lab has no image */
export function releaseOf({ os }: Facts): ReleaseName {
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
  const choice = copyPackages(capture.packages);
  const { upgradeTo } = options;
  const name = /^[\w-]+(\.[\w-]+)+$/.test(capture.hostname) ? capture.hostname : facts.hostname;
  const machine = await lab.host({
    ...{ release, mail: true, name },
    ...(choice.also.length > 0 && { also: choice.also }),
    ...(upgradeTo !== undefined && { upgradeTo: upgradeTo as ReleaseName }),
  });
  try {
    const acme = await lab.acme();
    await Promise.all([...namesOf(host, facts, plan, capture)].map((one) => acme.setA(one, machine.address)));
    const { script, replaced } = copyScript(capture, choice);
    const told = await machine.run('exec sh -s', { input: script });
    const subjects = new Set(options.trust.flatMap((text) => certificatesIn(text).map(({ subject }) => subject)));
    const certificates = issuing(capture.pems, subjects);
    const issued = await machine.run('exec sh -s', { input: certificates.script });
    const trusted = capture.pems.some((pem) =>
      pem.certificates.some((one) => options.trust.some((text) => text.includes(one))),
    );
    const authority = trusted ? issued : (issued.match(/-----BEGIN[^-]+-----[^-]+-----END[^-]+-----/)?.[0] ?? '');
    const stubs = stubsFor(facts.listeners, texts(capture), PATHS.QUEUE);
    const programs = await machine.run('exec sh -s', { input: stubScript(stubs, capture.programs) });
    const { person, notes } = await addPerson(machine, facts);
    const saslauthd = saslauthdFor(capture);
    if (saslauthd.script !== '') await machine.exec('exec sh -s', { input: saslauthd.script });
    await startDaemons(machine, capture);
    const versions = await machine.run(
      "dpkg-query -W -f '${Package} ${Version}\\n' 'postfix*' 'dovecot*' 2>/dev/null || true",
    );
    return {
      ...{ machine, person },
      host: copyHost(host, machine, acme.directory),
      trust: [...options.trust, authority, await acme.root()],
      differences: [
        ...versions.split('\n').flatMap((line) => versionNote(line, capture)),
        ...replaced.map((path) => `${path}: what may be secret is replaced`),
        ...told
          .split('\n')
          .flatMap((line) => (line.startsWith('unowned ') ? [`${line.split(' ')[1]} has another owner`] : [])),
        ...certificates.notes,
      ],
      unrehearsed: [
        ...notes,
        ...saslauthd.notes,
        ...stubNotes(stubs, programs.split('\n').filter(Boolean)),
        ...capture.others.map(({ kind, path }) => `${path} (${WORDS[kind] ?? kind}) is not on the copy`), // oxfmt-ignore
        'mail to and from other servers: the copy reaches no network',
      ],
    };
  } catch (error) {
    await machine.stop();
    throw error;
  }
}

const WORDS: Readonly<Record<string, string>> = {
  large: 'too large',
  binary: 'not text',
  program: 'a program',
};

function texts({ files }: Capture): string[] {
  return files.filter(({ path }) => path === PATHS.MAIN_CF || path === PATHS.MASTER_CF).map(({ bytes }) => bytes);
}

function copyHost(host: Host, { address, identity }: LabHost, acmeServer: string): Host {
  const { local: _, port: _port, ...rest } = host;
  return { ...rest, hostname: address, user: 'root', identity, request: { ...host.request, acmeServer } };
}

/** Every name for which the copy may need a certificate. */
function namesOf(
  { domain, domains = [], sni = [] }: Host,
  facts: Facts,
  plan: Plan | null,
  { pems, hostname }: Capture,
): Set<string> {
  const covered = pems.flatMap(({ certificates }) =>
    certificates.flatMap((pem) => certificatesIn(pem).flatMap(dnsNames)),
  );
  const asked = (plan?.actions ?? []).flatMap((action) => (action.kind === 'certificate' ? action.domains : []));
  const all = [
    domain ?? '',
    ...domains,
    ...sni.flatMap(({ names }) => names),
    facts.hostname,
    hostname,
    ...covered,
    ...asked,
  ];
  return new Set(all.filter((name) => /^[\w-]+(\.[\w-]+)+$/.test(name)));
}

function versionNote(line: string, { packages }: Capture): string[] {
  const [name = '', version = ''] = line.split(' ');
  const own = packages[name];
  return own === undefined || own === version || version === '' ? [] : [`${name} is ${version}, the host has ${own}`];
}

async function addPerson(machine: LabHost, facts: Facts): Promise<{ person: Person | null; notes: readonly string[] }> {
  const doveconf = facts.dovecot === null ? '' : (await machine.exec('doveconf -n 2>/dev/null')).stdout;
  const wanted = 'mydestination myhostname virtual_mailbox_maps local_recipient_maps smtpd_sender_login_maps';
  const lines = (await machine.exec(`postconf -x ${wanted} 2>/dev/null`)).stdout.split('\n');
  const postconf = Object.fromEntries(lines.map((line) => line.split(' = ') as [string, string]));
  const paths = [...new Set([doveconf, ...lines].join('\n').match(/\/[\w.@/+-]+/g) ?? [])];
  const found = new Map<string, string>();
  for (const path of paths) {
    const { code, stdout } = await machine.exec(`[ -f ${quote(path)} ] && head -c 262144 ${quote(path)}`);
    if (code === 0) found.set(path, stdout);
  }
  const password = randomBytes(12).toString('hex');
  const made = personFor({ doveconf, postconf, file: (path) => found.get(path) ?? null, password });
  await machine.run('exec sh -s', { input: `set -e\n${made.script}\n` });
  return made;
}

/** systemd does not wait for Dovecot's sockets, and a Postfix that asks for logins too early does not serve any for a minute. */
const ANSWERS = ` && timeout 10 sh -c 'until doveadm service status >/dev/null 2>&1; do sleep 0.1; done'`;

/** Those that run on the host. A daemon that does not start is a fault of the first act. */
async function startDaemons(machine: LabHost, { running }: Capture): Promise<void> {
  const units = [
    ...(running.includes('dovecot') ? ['dovecot'] : []),
    ...(running.includes('master') ? ['postfix'] : []),
  ];
  for (const unit of units) await machine.exec(`systemctl restart ${unit}${unit === 'dovecot' ? ANSWERS : ''}`);
  await sleep(500);
}
