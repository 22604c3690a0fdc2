/** The steps from a host to its plan: connect, gather, policy, plan. */
import { heal } from '../commit/heal.ts';
import { readRecord } from '../plan/profile/record.ts';
import { assertSupported, assumeBase } from '../debian/supported.ts';
import { HardenMailError } from '../model/errors.ts';
import type { Facts, Host, Note, Replaceable, Snapshot } from '../model/index.ts';
import { readOnly } from '../remote/readonly.ts';
import type { Remote } from '../remote/remote.ts';
import type { Approach } from './probe.ts';
import type { RunOptions, Say } from './step.ts';
import type { Begun, Connected, FilesRead, Planned, Read } from './visit.ts';

/** Starts to connect; the address is known before the login. The visit closes the connection, also if nobody uses it. */
export function approach({ visit }: Begun, { world, ssh }: RunOptions): Approach {
  let reached: (address: string) => void = () => {};
  const told = new Promise<string>((resolve) => (reached = resolve));
  const remote = world.connect(visit.host, { ...ssh, onAddress: reached });
  visit.connecting = remote;
  const address = Promise.race([told, remote.then((one) => one.address)]);
  for (const one of [address, remote]) one.catch(() => {}); // The caller awaits them later, or never.
  return { address, remote };
}

export async function connected(
  { visit }: Begun,
  { world, ssh }: RunOptions,
  say: Say,
  remote?: Promise<Remote>,
): Promise<Connected> {
  say('connect');
  visit.connection = await (remote ?? world.connect(visit.host, ssh));
  visit.connecting = null;
  return { visit, remote: visit.connection };
}

/** Reads facts and files. */
export async function filesRead({ visit, remote }: Connected, options: RunOptions, say: Say): Promise<FilesRead> {
  say('gather');
  const snapshot = await readHost(options, readOnly(remote), visit.host);
  visit.report.facts = snapshot.facts;
  assertSupported(snapshot.facts, visit.name);
  return { visit, remote, snapshot };
}

/** Without an inventory, only the host's own record names the admin's certificates for additional names. */
export async function readHost(
  { world, compute }: Pick<RunOptions, 'world' | 'compute'>,
  remote: Remote,
  host: Host,
): Promise<Snapshot> {
  const parse = (output: Buffer): Promise<Snapshot> => compute(host.name, 'read', output);
  const snapshot = await world.gather(remote, host, parse);
  const sni = host.sni === undefined ? readRecord(snapshot).sni : [];
  const isMore = sni.some(({ cert }) => cert !== undefined);
  const whole = isMore ? await world.gather(remote, { ...host, sni }, parse) : snapshot;
  return host.assumeOs ? { ...whole, facts: assumeBase(whole.facts) } : whole;
}

/** Reads the files, and decides the host's policy. */
export async function readHostPolicy(
  from: Connected,
  options: RunOptions,
  say: Say,
  consents: readonly Replaceable[] = [],
): Promise<Read> {
  const found = await filesRead(from, options, say);
  const replace = [...(from.visit.host.replace ?? []), ...consents];
  const { host, name } = from.visit;
  const policy = await options.compute(name, 'policy', { ...host, replace }, found.snapshot);
  const { prepareUpgrade: prepares } = options;
  return { ...found, policy: prepares === undefined ? policy : { ...policy, prepares }, notes: [] };
}

/**
 * The same on a host without an unfinished transaction: one from an earlier run is finished or undone first, and a dry run only
 * notes it.
 * @throws LOCKED while another run works on the host
 */
export async function readAtRest(
  from: Connected,
  options: RunOptions,
  say: Say,
  consents?: readonly Replaceable[],
): Promise<Read> {
  const found = await readHostPolicy(from, options, say, consents);
  assertFree(found.snapshot.facts, from.visit.name);
  const { unfinished } = found.snapshot.facts;
  if (unfinished.length === 0) return found;
  if (options.dryRun) {
    const first = 'an apply finishes or undoes it first, so this plan may change';
    return { ...found, notes: unfinished.map((id) => unfinishedNote(id, first)) };
  }
  say('heal');
  const receipts = await heal(from.remote, unfinished);
  const notes = receipts.map(({ id, state }) =>
    unfinishedNote(id, state === 'committed' ? 'finished now' : 'undone now'),
  );
  return { ...(await readHostPolicy(from, options, say, consents)), notes };
}

function unfinishedNote(id: string, what: string): Note {
  return { task: 'restart', level: 'warning', text: `transaction ${id} was left unfinished: ${what}` };
}

/** During a transaction the files are neither the old nor the new configuration. */
export function assertFree({ busy }: Facts, name: string): void {
  if (busy === '') return;
  throw new HardenMailError(
    'LOCKED',
    `another harden-mail works on ${name}: ${busy}`,
    'Nothing was written. Run again when it is done.',
  );
}

/** Reads, and makes the plan for the tasks of this run. */
export async function planned(
  from: Connected,
  options: RunOptions,
  say: Say,
  consents?: readonly Replaceable[],
): Promise<Planned> {
  const found = await readAtRest(from, options, say, consents);
  const { snapshot, policy } = found;
  const { name } = from.visit;
  if (options.prepareUpgrade !== undefined) {
    // Files that apply could not convert after the upgrade are a reason to refuse now.
    await options.compute(name, 'foresee', snapshot, policy, options.prepareUpgrade, name, []);
  }
  const { plan, open } = await options.compute(name, 'plan', snapshot, policy, options.tasks, options.trust);
  const noted = { ...plan, notes: [...found.notes, ...plan.notes] };
  from.visit.report.plan = noted;
  return { ...found, plan: noted, open };
}
