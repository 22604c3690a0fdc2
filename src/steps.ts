/** The steps of one host, as src/run.ts strings them together. */
import { installPackages, preflight, requestCertificate } from './commit/actions.ts';
import { readHistory } from './commit/history.ts';
import { heal } from './commit/heal.ts';
import { commit, settle } from './commit/transaction.ts';
import { connect } from './connect/connect.ts';
import { EXIT, HardenMailError } from './errors.ts';
import { gather } from './gather/gather.ts';
import type { Ending, Facts, Finding, Note, Plan, Policy, Snapshot } from './model.ts';
import { compose } from './plan/compose.ts';
import { policyFor } from './plan/policy.ts';
import { assertSupported } from './plan/supported.ts';
import { undoPlan } from './plan/undo.ts';
import { probe, probeUntilWell, regressions } from './probe.ts';
import { readOnly } from './remote/readonly.ts';
import type { RunOptions, Say, Step } from './run.ts';
import { known, linked, type Known, type Visit } from './visit.ts';
import { notCommitted, sentence, verdict } from './words.ts';

/** connect → gather → plan. A host that is as it should be is verified, and done. Nothing is written. */
export const survey: Step = async (visit, options, say) => {
  const { plan, facts, policy } = await planAnew(visit, options, say);
  const certificate = plan.actions.find((action) => action.kind === 'certificate');
  if (certificate) await preflight(readOnly(linked(visit)), certificate);
  if (options.dryRun && !isEmpty(plan)) return;
  say('verify');
  if (facts.packages['postfix']) {
    visit.findings = await probe(linked(visit), facts, policy, options, isEmpty(plan) ? 'full' : 'quiet');
    visit.before = visit.findings;
  }
  if (isEmpty(plan)) visit.ending = verdict(visit.findings, { kind: 'unchanged' });
};

/** install and certbot: what they bring must be there before the settings that rest on it can go live. */
export const prepare: Step = async (visit, options, say) => {
  let { plan, facts } = known(visit);
  for (let action = plan.actions[0]; action !== undefined; action = plan.actions[0]) {
    say(action.kind);
    if (action.kind === 'install') await installPackages(linked(visit), action.packages, facts);
    else await requestCertificate(linked(visit), action);
    const before = plan.actions.length;
    ({ plan, facts } = await planAnew(visit, options, say));
    if (plan.actions.length >= before) {
      throw new HardenMailError(
        'REMOTE_FAILED',
        `${action.kind} on ${visit.name} reported success, but what it should bring is not there`,
        'Look at the host with ssh; no configuration was written.',
      );
    }
  }
};

/** commit → verify from outside → confirm over a new connection, or have everything put back. */
export const carryOut: Step = async (visit, options, say) => {
  const { plan } = known(visit);
  say('commit');
  const started = await commit(linked(visit), plan, {
    confirmTimeout: options.confirmTimeout,
    who: options.who,
    ports: portsFor(visit),
    onStep: say,
  });
  if (started.state !== 'awaiting') {
    visit.ending = notCommitted(visit.name, started);
    return;
  }
  try {
    visit.ending = await proveAndSettle(visit, started.id, options, say);
  } catch (error) {
    throw whileWaiting(error, options.confirmTimeout);
  }
};

/** From outside, and with the word over a new connection: what stays must be reachable. */
async function proveAndSettle(visit: Visit, id: string, options: RunOptions, say: Say): Promise<Ending> {
  const { facts, policy } = known(visit);
  say('verify');
  const second = connect(visit.host, options.ssh);
  second.catch(() => {}); // looked at below; until then it is nobody's unhandled rejection
  visit.findings = await probeUntilWell(
    async (how) => relevant(visit, await probe(linked(visit), facts, policy, options, how)),
    8,
  );
  const worse = regressions(relevant(visit, visit.before), visit.findings);
  const remote = await second;
  try {
    say(worse.length > 0 ? 'undo' : 'confirm');
    const receipt = await settle(remote, id, worse.length > 0 ? worse.map(sentence).join('; ') : null);
    if (receipt.state !== 'committed') return notCommitted(visit.name, receipt);
    return verdict(visit.findings, { kind: 'changed', receipt });
  } finally {
    await remote.close();
  }
}

/** A connection that is lost now leaves a host that waits for a word: it will help itself, and the admin must know. */
function whileWaiting(error: unknown, seconds: number): unknown {
  if (!(error instanceof HardenMailError) || error.exit !== EXIT.unreachable) return error;
  return new HardenMailError(
    error.code,
    `${error.message}, while the host waited to hear that all is well`,
    `The host puts everything back by itself within ${seconds} s. Run again when it can be reached; \`harden-mail history\` shows how it ended.`,
    { cause: error },
  );
}

/** `verify` by itself. */
export const look: Step = async (visit, options, say) => {
  const { facts, policy } = await read(visit, options, say);
  say('verify');
  visit.findings = await probe(linked(visit), facts, policy, options, 'full');
  visit.ending = verdict(visit.findings, { kind: 'verified' });
};

/** The journal, for `history`. */
export const readJournal: Step = async (visit, options, say) => {
  await read(visit, options, say);
  visit.ending = { kind: 'history', transactions: await readHistory(readOnly(linked(visit))) };
};

/** The plan of a rollback, from the journal and the files as they are now. */
export const surveyUndo: Step = async (visit, options, say) => {
  const { facts, policy, snapshot } = await readAtRest(visit, options, say);
  visit.goal = 'rollback';
  const history = await readHistory(readOnly(linked(visit)));
  const now = new Map(Object.values(snapshot.files).map(({ target, bytes }) => [target, bytes]));
  visit.plan = { ...undoPlan(history, options.to, now), notes: visit.notes };
  if (options.dryRun) return;
  say('verify');
  visit.before = await probe(linked(visit), facts, policy, options, 'quiet');
};

// ── what several of them do ──────────────────────────────────────────────────────────────────────────────────────────

/** A host in the middle of a transaction shows neither what was nor what will be. */
function assertFree({ busy }: Facts, name: string): void {
  if (busy === '') return;
  throw new HardenMailError(
    'LOCKED',
    `another harden-mail works on ${name}: ${busy}`,
    'Nothing was written. Run again when it is done.',
  );
}

/** connect → gather → policy. */
async function read(
  visit: Visit,
  { ssh }: RunOptions,
  say: Say,
): Promise<{ snapshot: Snapshot; facts: Facts; policy: Policy }> {
  say('connect');
  visit.remote ??= await connect(visit.host, ssh);
  say('gather');
  visit.snapshot = await gather(readOnly(visit.remote));
  const { facts } = visit.snapshot;
  assertSupported(facts, visit.name);
  visit.policy = policyFor(visit.host, facts);
  return { snapshot: visit.snapshot, facts, policy: visit.policy };
}

async function planAnew(visit: Visit, options: RunOptions, say: Say): Promise<Known> {
  const { snapshot, facts, policy } = await readAtRest(visit, options, say);
  const plan = compose(snapshot, policy);
  visit.plan = { ...plan, notes: [...visit.notes, ...plan.notes] };
  return { plan: visit.plan, facts, policy };
}

/** A run that was cut short may have left a transaction in the middle: it comes to its end before anything is planned. */
async function readAtRest(visit: Visit, options: RunOptions, say: Say): ReturnType<typeof read> {
  const found = await read(visit, options, say);
  assertFree(found.facts, visit.name);
  const { unfinished } = found.facts;
  if (unfinished.length === 0) return found;
  if (options.dryRun) {
    visit.notes = unfinished.map((id) => endless(id, 'an apply finishes or undoes it first, so this plan may change'));
    return found;
  }
  say('heal');
  const receipts = await heal(linked(visit), unfinished);
  visit.notes = receipts.map(({ id, state }) => endless(id, state === 'committed' ? 'finished now' : 'undone now'));
  return read(visit, options, say);
}

function endless(id: string, what: string): Note {
  return { task: 'restart', level: 'warning', text: `transaction ${id} had not come to its end: ${what}` };
}

/** Who rolls back takes the hardening away, and means it: then only that the daemons still serve counts. */
function relevant({ goal }: Visit, findings: readonly Finding[]): Finding[] {
  return findings.filter(({ check, port }) => goal === 'apply' || (check === 'answers' && port !== 465));
}

function isEmpty(plan: Plan): boolean {
  return plan.actions.length + plan.settings.length + plan.changes.length + plan.activations.length === 0;
}

/** Ports that served before must serve again; and after an apply 465 with them. */
function portsFor(visit: Visit): number[] {
  const { plan, facts } = known(visit);
  const before = facts.listeners.map(({ port }) => port).filter((port) => [25, 110, 143, 993, 995].includes(port));
  const opens = visit.goal === 'apply' && plan.activations.some(({ unit }) => unit === 'postfix');
  return [...new Set([...before, ...(opens ? [25, 465] : [])])];
}
