/**
 * The services that a host offers on its mail ports, and those that its administrator leaves out: a policy that is read from
 * the host, shown in the plan, and kept. docs/served.md. Pure.
 */
import { HardenMailError } from '../../model/errors.ts';
import { dovecotValue, type DovecotConfig } from '../../formats/dovecot/dovecot.ts';
import {
  IMAP_PORTS,
  POP3_PORTS,
  READING_PORTS,
  SMTP_PORTS,
  SUBMISSION_PORTS,
  SERVICES,
  type Alone,
  type Facts,
  type Note,
  type Policy,
  type Service,
  type Snapshot,
} from '../../model/index.ts';
import { smtpdsOf } from '../../exposure/postfix-ways.ts';
import { isLimited } from '../../exposure/reference.ts';
import { addressesOf, isLoopback, overlap } from './holders.ts';
import { readRecord } from '../profile/record.ts';
import { takesLogins } from './logins.ts';
import { aloneWith, NO_DOVECOT, otherServers, withoutDovecot } from './postfix-alone.ts';
import { entriesOn } from '../place/sites.ts';
import { MAIN_CF, MASTER_CF, mainReader, openWorkspace, type Workspace } from '../workspace.ts';

/** A service that the host leaves out. */
export interface LeftOut {
  readonly service: Service;
  /** The reason, as a clause: `the package dovecot-pop3d is not installed`. */
  readonly why: string;
}

export interface Serving {
  readonly leftOut: readonly LeftOut[];
  /** Ports that must not answer, each with the reason. One port of a service can be closed while the other is open. */
  readonly closed: ReadonlyMap<number, string>;
  /** The mechanisms that users log in with, upper case; absent: PLAIN and LOGIN as the recipe has them. */
  readonly mechanisms?: readonly string[];
  /** Do users log in on port 25? A caller that knows it from a plan passes it to `servingOf`. */
  readonly authOn25: boolean;
  /** Postfix alone: the host has no Dovecot, and gets none. */
  readonly alone?: Alone;
  /** Ports that a program other than Postfix and Dovecot serves. The plan does not change that program. */
  readonly others: ReadonlyMap<number, string>;
}

const PORTS_OF: Readonly<Record<Service, readonly number[]>> = { smtp: [25], imap: IMAP_PORTS, pop3: POP3_PORTS };

/** Dovecot's listeners, by their default port. */
const LISTENER: Readonly<Record<number, readonly [service: string, listener: string]>> = {
  110: ['pop3-login', 'pop3'],
  143: ['imap-login', 'imap'],
  993: ['imap-login', 'imaps'],
  995: ['pop3-login', 'pop3s'],
};

/**
 * The services of this host, by its files, its packages, its record, `--serve` and `--no-serve`. Files that cannot be parsed leave
 * nothing out.
 * @param sure facts that a plan knows better than the files, and the address at which the host is checked
 */
export function servingOf(
  snapshot: Snapshot,
  policy: Policy,
  sure: { readonly authOn25?: boolean; readonly address?: string } = {},
): Serving {
  const workspace = opened(snapshot);
  const refused = policy.noServe ?? [];
  const wanted = policy.serve ?? [];
  const record = readRecord(snapshot);
  const leftOut: LeftOut[] = SERVICES.flatMap((service): LeftOut[] => {
    if (refused.includes(service)) return [{ service, why: `--no-serve ${service}` }];
    if (wanted.includes(service)) return [];
    const why = reasonOf(service, snapshot.facts, workspace, policy, record.noServe ?? []);
    return why === null ? [] : [{ service, why }];
  });
  const alone = workspace ? aloneWith(leftOut, workspace, snapshot.facts, policy) : null;
  const closed = new Map<number, string>();
  for (const { service, why } of leftOut) for (const port of PORTS_OF[service]) closed.set(port, why);
  // Ports that strict closed for --no-pop3 are not the administrator's choice.
  const ours = record.asked.includes('no-pop3') ? PORTS_OF.pop3 : [];
  for (const port of READING_PORTS) {
    if (closed.has(port) || ours.includes(port) || wanted.some((service) => PORTS_OF[service].includes(port))) continue;
    const why = workspace?.dovecot ? closedListener(workspace.dovecot, port) : null;
    if (why !== null) closed.set(port, why);
  }
  if (workspace)
    for (const [port, why] of usersElsewhere(workspace, snapshot.facts, sure.address)) closed.set(port, why);
  if (workspace && alone?.logins === false)
    for (const port of SUBMISSION_PORTS) if (entriesOn(workspace, port).length === 0) closed.set(port, NOBODY_LOGS_IN);
  const mechanisms = workspace?.dovecot ? otherMechanisms(workspace.dovecot) : null;
  return {
    leftOut,
    closed,
    ...(mechanisms && { mechanisms }),
    authOn25: sure.authOn25 ?? (workspace ? takesLogins(workspace) : policy.profile !== 'strict'),
    ...(alone && { alone }),
    others: otherServers(snapshot.facts),
  };
}

/** Do users log in on this port, by the current files? If these cannot be parsed: yes, as in the recipe. */
export function usersLogInOn(snapshot: Snapshot, port: number): boolean {
  const workspace = opened(snapshot);
  return workspace === null || takesLogins(workspace, port);
}

/** The policy with the services that are left out, which the tasks respect. */
export function withServing(policy: Policy, snapshot: Snapshot): Policy {
  const serving = servingOf(snapshot, policy);
  const leftOut = serving.leftOut.map(({ service }) => service);
  const { alone } = serving;
  return leftOut.length > 0 ? { ...policy, leftOut, ...(alone && { alone }) } : policy;
}

const PACKAGE = 'the package';
const NOBODY_LOGS_IN = 'no entry of Postfix offers logins';
const CALLED: Readonly<Record<Service, string>> = { smtp: 'SMTP (port 25)', imap: 'IMAP', pop3: 'POP3' };

/** A note for each service that is left out, and one on Dovecot if Postfix has served without it so far. */
export function servingNotes({ leftOut, alone }: Serving, { packages }: Facts): Note[] {
  const notes = leftOut.map(({ service, why }): Note => ({
    task: service === 'smtp' ? 'sasl' : 'install',
    level: 'info',
    text: `${CALLED[service]} is not served here, and stays so: ${why}${isMissing(why) ? ` (--serve ${service} installs it)` : ''}`,
  }));
  const told = (task: Note['task'], text: string): Note[] => [...notes, { task, level: 'info', text }];
  if (alone?.logins === false)
    return told('sasl', `Postfix works alone: ${NOBODY_LOGS_IN}, so 465 stays closed; --replace sasl installs Dovecot for logins`); // oxfmt-ignore
  if (alone || !packages['postfix'] || packages['dovecot-core']) return notes;
  const isForLogins = notes.some(({ text }) => text.startsWith('IMAP')) && notes.some(({ text }) => text.startsWith('POP3')); // oxfmt-ignore
  const purpose = isForLogins ? 'for the logins of Postfix' : 'as the recipe does; --no-serve imap,pop3 keeps Postfix alone'; // oxfmt-ignore
  return told('install', `${NO_DOVECOT}: this plan installs it, ${purpose}`);
}

const isMissing = (why: string): boolean => why.startsWith(PACKAGE) || why.startsWith(NO_DOVECOT);

/**
 * Stops a run that cannot serve what it is asked to serve.
 * @throws CONFIG_CONFLICT if `--serve` names a service that a line of the administrator's files leaves out: the tool installs
 * packages, but does not remove such a line; and if Postfix serves only the host itself
 */
export function assertServable({ facts }: Snapshot, workspace: Workspace, { serve = [] }: Policy): void {
  for (const service of serve) {
    const why = inFiles(service, workspace);
    if (why === null) continue;
    throw new HardenMailError(
      'CONFIG_CONFLICT',
      `--serve ${service}, but ${why}`,
      'Nothing was written. Undo that in the file, and run again.',
    );
  }
  assertReachable(workspace, facts);
}

/** A satellite that only relays its own mail has no submission ports: 465 would open on loopback, where no user needs it. */
function assertReachable(workspace: Workspace, { listeners }: Facts): void {
  if (!workspace.postfix) return;
  const entries = SMTP_PORTS.flatMap((port) => entriesOn(workspace, port));
  const addresses = entries.flatMap(({ name }) => addressesOf(name, workspace));
  const fallback = addressesOf('smtp', workspace);
  if (![...addresses, ...fallback].every(isLoopback)) return;
  // A proxy on the host accepts users' connections for Postfix.
  const proxied = listeners.some(({ port, process }) => SMTP_PORTS.includes(port) && !['', 'master'].includes(process));
  if (proxied) return;
  const value = mainReader(workspace)('inet_interfaces') ?? '';
  throw new HardenMailError(
    'CONFIG_CONFLICT',
    `Postfix listens on loopback only (${MAIN_CF}: inet_interfaces = ${value}): it only relays the host's own mail, and has no port for users to harden`,
    'Nothing was written. If this host is to serve users, set inet_interfaces = all, restart Postfix, and run again.',
  );
}

/** Parsed files by snapshot: a run asks several times, and a snapshot does not change. */
const known = new WeakMap<Snapshot, Workspace | null>();

function opened(snapshot: Snapshot): Workspace | null {
  const before = known.get(snapshot);
  if (before !== undefined) return before;
  let workspace: Workspace | null = null;
  try {
    ({ workspace } = openWorkspace(snapshot));
  } catch (error) {
    if (!(error instanceof HardenMailError)) throw error;
  }
  known.set(snapshot, workspace);
  return workspace;
}

function reasonOf(
  service: Service,
  facts: Facts,
  workspace: Workspace | null,
  policy: Policy,
  recorded: readonly Service[],
): string | null {
  const { packages } = facts;
  if (service !== 'smtp') {
    if (!packages['dovecot-core'])
      return recorded.includes(service) ? `${NO_DOVECOT}, by --no-serve ${service} of an earlier run` : withoutDovecot(PORTS_OF[service], facts, workspace, policy); // oxfmt-ignore
    const name = `dovecot-${service}d`;
    if (!packages[name]) return `${PACKAGE} ${name} is not installed`;
  }
  return workspace && inFiles(service, workspace);
}

/** The line that leaves a service out, as a reason; null if no line does. */
function inFiles(service: Service, workspace: Workspace): string | null {
  if (service === 'smtp') {
    if (!workspace.postfix) return null;
    const entries = entriesOn(workspace, 25);
    if (entries.length === 0) return `${MASTER_CF} has no active entry for it`;
    const [first] = entries.filter(({ name }) => name.includes(':'));
    const isInner = entries.every(({ name }) => name.includes(':') && addressesOf(name, workspace).every(isLoopback));
    return first && isInner ? `${MASTER_CF}:${first.line}: ${first.name} is for the host itself` : null;
  }
  const { dovecot } = workspace;
  if (!dovecot) return null;
  const protocols = dovecotValue(dovecot, ['protocols']);
  // The file of a package only adds the package's own protocol.
  if (protocols && !protocols.file.startsWith('/usr/') && !protocols.value.split(/[\s,]+/).includes(service))
    return `${protocols.file}:${protocols.line}: protocols = ${protocols.value.trim()}`.trimEnd();
  const reasons = PORTS_OF[service].map((port) => closedListener(dovecot, port));
  return reasons.every((why) => why !== null) ? (reasons[0] ?? null) : null;
}

/** Why Dovecot does not listen on a port; null if it does. */
function closedListener(config: DovecotConfig, port: number): string | null {
  const [service, name] = LISTENER[port] ?? [];
  if (service === undefined || name === undefined) return null;
  const blocks = [...(config.top.sections.get(`service ${service}`)?.sections.keys() ?? [])];
  const of = (block: string) => dovecotValue(config, [`service ${service}`, block, 'port']);
  const own = of(`inet_listener ${name}`);
  if (!own || own.value === `${port}`) return null;
  if (blocks.some((block) => of(block)?.value === `${port}`)) return null;
  return `${own.file}:${own.line}: inet_listener ${name} has port = ${own.value}`;
}

/**
 * Submission ports that do not answer at this address, and why: the entry is bound to another address, or is left out because
 * Postfix limits users to known clients.
 */
function usersElsewhere(workspace: Workspace, facts: Facts, address: string | undefined): [number, string][] {
  const { postfix } = workspace;
  if (!postfix) return [];
  return SUBMISSION_PORTS.flatMap((port): [number, string][] => {
    const entries = entriesOn(workspace, port);
    const [first] = entries;
    if (first && address !== undefined) {
      const isHere = entries.some(({ name }) => addressesOf(name, workspace).some((one) => overlap(one, address)));
      return isHere || !entries.every(({ name }) => name.includes(':')) ? [] : [[port, `${MASTER_CF}:${first.line}: ${first.name}`]]; // oxfmt-ignore
    }
    const limit = first ? undefined : smtpdsOf(workspace, facts).find((one) => isLimited(one, facts));
    return limit ? [[port, `${MASTER_CF}:${limit.service.line}: ${limit.service.name} is for known clients only`]] : [];
  });
}

/** The mechanisms of `auth_mechanisms` if PLAIN is not among them; null if it is, or if the setting is absent. */
function otherMechanisms(config: DovecotConfig): string[] | null {
  const words = (dovecotValue(config, ['auth_mechanisms'])?.value ?? 'plain').split(/[\s,]+/).filter(Boolean);
  return words.some((word) => word.toLowerCase() === 'plain') ? null : words.map((word) => word.toUpperCase());
}
