/** The controller's side of a transaction: hand it over, probe from outside, then confirm it or have it undone. */
import { commit, settle } from '../commit/commit.ts';
import { EXIT, HardenMailError } from '../model/errors.ts';
import { SUBMISSION_ENTRY } from '../fragments/submission.ts';
import { CONVERSION, isEmpty } from '../model/index.ts';
import type { Afterwards, Facts, Finding, Host, Plan, Receipt, SettingChange } from '../model/index.ts';
import type { Remote } from '../remote/remote.ts';
import { withLastWords } from './last-words.ts';
import type { Thoroughness } from '../compute/expectations.ts';
import { regressions } from './regressions.ts';
import type { RunOptions, Say, Step, World } from './step.ts';
import { withChanges } from '../plan/undo.ts';
import { excuse } from './excuse.ts';
import { finish, type Agreed, type Surveyed } from './visit.ts';
import { notCommitted, sentence, verdict } from './endings.ts';

/** commit → verify from outside → confirm over a new connection, or have everything restored. */
export const carryOut: Step<Agreed, Agreed> = async (from, options, say) => {
  const { visit, remote, plan } = from;
  const { confirmTimeout, who } = options;
  if (isEmpty(plan)) {
    // Only packages or a certificate were missing.
    const began = options.world.clock();
    const found = await findingsOnceWell(from, options, say);
    visit.report.findings = await withLastWords(remote, from.snapshot, found, began, options);
    return finish(from, verdict(visit.report.findings, { kind: 'changed', ...(await afterwards(from, options)) }));
  }
  say('commit');
  const began = options.world.clock();
  const started = await commit(remote, plan, {
    confirmTimeout,
    who,
    ...packagesOf(from),
    rollback: from.goal === 'rollback',
    ports: await options.compute(visit.name, 'ports to hold', from.goal, plan, from.snapshot, from.policy),
    ...(options.mailboxes && converts(plan) && { mailboxes: options.mailboxes }),
    onStep: say,
  }).catch(lostBeforeConfirmation(confirmTimeout));
  if (started.state !== 'awaiting') return finish(from, notCommitted(visit.name, started, from.apt));
  const undo = await prove(from, options, say).catch(lostBeforeConfirmation(confirmTimeout));
  say(undo === null ? 'confirm' : 'undo');
  const notes = [...(started.notes ?? []), ...notProved(visit.connection)];
  const receipt = withNotes(await confirmOrUndo(from, started.id, undo, options), notes);
  if (receipt.state !== 'committed') return finish(from, notCommitted(visit.name, receipt, from.apt)); // the receipt has the daemons' lines
  visit.report.findings = await withLastWords(visit.connection, from.snapshot, visit.report.findings, began, options);
  return finish(
    from,
    verdict(visit.report.findings, { kind: 'changed', receipt, ...(await afterwards(from, options)) }),
  );
};

/** After an apply: what users enter in their clients, and what an audit would still find. */
async function afterwards(
  { goal, plan, policy, snapshot, visit }: Agreed,
  { compute }: RunOptions,
): Promise<{ after?: Afterwards }> {
  if (goal !== 'apply') return {};
  const clients = await compute(visit.name, 'clients', withChanges(snapshot, plan.changes), policy);
  const reversible = plan.settings.every(({ fragment }) => fragment !== CONVERSION);
  return { after: { profile: policy.profile, clients, left: plan.left ?? [], reversible } };
}

function notProved(connection: Remote | null): string[] {
  if (connection?.withoutLogin === undefined) return [];
  return [`confirmed over the open connection of ssh; a new login is not proved: ${connection.withoutLogin}`];
}

/** Joins the host's notes: those from before the confirmation come first. */
function withNotes(receipt: Receipt, before: readonly string[] = []): Receipt {
  const notes = [...new Set([...before, ...(receipt.notes ?? [])])];
  return notes.length > 0 ? { ...receipt, notes } : receipt;
}

/** Probes from outside, and opens a second connection: the host must stay reachable. Returns the reason to undo, or null. */
async function prove(from: Agreed, options: RunOptions, say: Say): Promise<string | null> {
  const { visit, remote } = from;
  const [second, found] = await Promise.allSettled([
    secondConnection(visit.host, options),
    findingsOnceWell(from, options, say),
  ]);
  if (second.status === 'fulfilled') {
    visit.connection = second.value; // Also after a failure of the probes: the visit closes it.
    await remote.close();
  }
  visit.report.findings = settled(found);
  settled(second);
  const worse = regressions(await relevant(from, from.before, options), visit.report.findings);
  return worse.length > 0 ? worse.map(sentence).join('; ') : null;
}

/** Its shell waits for the confirmation, or for the word to undo, while the probes run. */
async function secondConnection(host: Host, { world, ssh }: RunOptions): Promise<Remote> {
  const second = await world.connect(host, { ...ssh, isFresh: true });
  second.prepare?.();
  return second;
}

function settled<T>(result: PromiseSettledResult<T>): T {
  if (result.status === 'rejected') throw result.reason;
  return result.value;
}

/** The findings from outside, once the daemons have had time to load the new files. */
function findingsOnceWell(from: Agreed, options: RunOptions, say: Say): Promise<readonly Finding[]> {
  const { plan, snapshot: before, policy, remote, open } = from;
  const facts = plan.settings.some(closes587) ? without587(before.facts) : before.facts;
  const after = { ...withChanges(before, plan.changes), facts };
  say('verify');
  const once = async (how: Thoroughness): Promise<readonly Finding[]> => {
    const seen = await options.world.probe(remote, after, policy, options, how);
    return relevant(from, excuse(seen, open, from.before), options);
  };
  return probeUntilWell(once, 8, options.world);
}

/**
 * Probes in full. If something fails, a daemon may still be loading its files: probes without logins until nothing fails, at most for
 * `seconds`, and then in full again.
 */
async function probeUntilWell(
  once: (how: Thoroughness) => Promise<readonly Finding[]>,
  seconds: number,
  { clock, sleep }: Pick<World, 'clock' | 'sleep'>,
): Promise<readonly Finding[]> {
  const isWell = (findings: readonly Finding[]): boolean => findings.every(({ status }) => status !== 'fail');
  const deadline = clock() + seconds * 1000;
  const first = await once('full');
  if (isWell(first)) return first;
  while (clock() < deadline) {
    await sleep(300);
    if (isWell(await once('quiet'))) break;
  }
  return once('full');
}

function converts({ settings }: Plan): boolean {
  return settings.some(({ fragment }) => fragment === CONVERSION);
}

function packagesOf({ apt }: Surveyed): { packages?: Surveyed['apt'] } {
  return apt.installed.length > 0 ? { packages: apt } : {};
}

/** Does the plan close 587? Then nothing needs to listen there. */
function closes587({ fragment, after }: SettingChange): boolean {
  return fragment === SUBMISSION_ENTRY && after === null;
}

function without587(facts: Facts): Facts {
  return { ...facts, listeners: facts.listeners.filter(({ port }) => port !== 587) };
}

/** Confirming and undoing are idempotent: if the connection drops, reconnect and ask again to learn the result. */
async function confirmOrUndo(
  { visit }: Agreed,
  id: string,
  undo: string | null,
  { ssh, world }: RunOptions,
): Promise<Receipt> {
  const { connection } = visit;
  if (!connection) throw new Error(`no connection to ${visit.name}`);
  try {
    return await settle(connection, id, undo);
  } catch (error) {
    if (!isLost(error)) throw error;
    visit.connection = null;
    visit.connection = await world.connect(visit.host, ssh).catch(lostDuringConfirmation);
    return settle(visit.connection, id, undo).catch(lostDuringConfirmation);
  }
}

function isLost(error: unknown): error is HardenMailError {
  return error instanceof HardenMailError && error.exit === EXIT.unreachable;
}

/** Without our confirmation the host undoes the transaction by itself; the message tells the admin so. */
function lostBeforeConfirmation(seconds: number): (error: unknown) => never {
  return (error) => {
    if (!isLost(error)) throw error;
    throw new HardenMailError(
      error.code,
      `${error.message}, in the middle of the transaction`,
      `Without our confirmation the host puts everything back within ${seconds} s; \`harden-mail history\` shows it. Then run again.`,
      { cause: error },
    );
  };
}

function lostDuringConfirmation(error: unknown): never {
  if (!isLost(error)) throw error;
  throw new HardenMailError(
    error.code,
    `${error.message}, so it is not known whether the confirmation reached the host`,
    'If it did, the changes stay; if not, the host has put them back. `harden-mail history` shows how it ended.',
    { cause: error },
  );
}

/** A rollback removes the hardening on purpose: then the only question is whether the daemons still answer. */
async function relevant(
  { visit, goal, snapshot, plan }: Surveyed,
  findings: readonly Finding[],
  { compute }: RunOptions,
): Promise<readonly Finding[]> {
  if (goal === 'apply') return findings;
  const ports = await compute(visit.name, 'ports to answer', plan, snapshot);
  return findings.filter(({ check, port }) => check === 'answers' && ports.includes(port));
}
