/** The transaction as the controller sees it: hand it over, look from outside, give the word. */
import { commit, settle } from './commit/transaction.ts';
import { connect } from './connect/connect.ts';
import { EXIT, HardenMailError } from './errors.ts';
import { SUBMISSION_ENTRY } from './fragments/submission.ts';
import { isEmpty } from './model.ts';
import type { Facts, Finding, Receipt, SettingChange } from './model.ts';
import { probe, probeUntilWell, regressions } from './probe.ts';
import type { RunOptions, Say, Step } from './run.ts';
import { entryPorts, staying } from './plan/staying.ts';
import { withChanges } from './plan/undo.ts';
import { excuse } from './tags.ts';
import { known, linked, type Visit } from './visit.ts';
import { notCommitted, sentence, verdict } from './words.ts';

/** commit → verify from outside → confirm over a new connection, or have everything put back. */
export const carryOut: Step = async (visit, options, say) => {
  const { plan } = known(visit);
  const { confirmTimeout, who } = options;
  if (isEmpty(plan)) {
    // Packages or a certificate were all that was missing.
    visit.findings = await wellIfItCan(visit, options, say);
    visit.ending = verdict(visit.findings, { kind: 'changed' });
    return;
  }
  say('commit');
  const started = await commit(linked(visit), plan, {
    confirmTimeout,
    who,
    ...did(visit),
    rollback: visit.goal === 'rollback',
    ports: portsFor(visit),
    onStep: say,
  }).catch(lostBeforeTheWord(confirmTimeout));
  if (started.state !== 'awaiting') {
    visit.ending = notCommitted(visit.name, started, visit.apt);
    return;
  }
  const undo = await prove(visit, options, say).catch(lostBeforeTheWord(confirmTimeout));
  say(undo === null ? 'confirm' : 'undo');
  const receipt = withNotes(await giveWord(visit, started.id, undo, options), started.notes);
  visit.ending =
    receipt.state === 'committed'
      ? verdict(visit.findings, { kind: 'changed', receipt })
      : notCommitted(visit.name, receipt, visit.apt);
};

/** What the host noted before the word comes before what it notes after it. */
function withNotes(receipt: Receipt, before: readonly string[] = []): Receipt {
  const notes = [...new Set([...before, ...(receipt.notes ?? [])])];
  return notes.length > 0 ? { ...receipt, notes } : receipt;
}

/** Looks from outside, and opens the connection for the word: what stays must be reachable. Gives the reason to undo. */
async function prove(visit: Visit, options: RunOptions, say: Say): Promise<string | null> {
  const second = connect(visit.host, options.ssh);
  second.catch(() => {}); // looked at below; until then it is nobody's unhandled rejection
  visit.findings = await wellIfItCan(visit, options, say);
  const first = visit.remote;
  visit.remote = await second;
  await first?.close();
  const worse = regressions(relevant(visit, visit.before), visit.findings);
  return worse.length > 0 ? worse.map(sentence).join('; ') : null;
}

/** What is seen from outside, once the daemons have had time to take it up. */
function wellIfItCan(visit: Visit, options: RunOptions, say: Say): Promise<readonly Finding[]> {
  const { plan, snapshot: before, policy } = known(visit);
  const facts = plan.settings.some(closes587) ? without587(before.facts) : before.facts;
  const after = { ...withChanges(before, plan.changes), facts };
  say('verify');
  const once = async (how: 'quiet' | 'full'): Promise<readonly Finding[]> =>
    relevant(visit, excuse(await probe(linked(visit), after, policy, options, how), visit.open, visit.before));
  return probeUntilWell(once, 8);
}

function did({ apt }: Visit): { packages?: Visit['apt'] } {
  return apt.installed.length > 0 ? { packages: apt } : {};
}

/** What listened before and is taken away is not missed. */
function closes587({ fragment, after }: SettingChange): boolean {
  return fragment === SUBMISSION_ENTRY && after === null;
}

function without587(facts: Facts): Facts {
  return { ...facts, listeners: facts.listeners.filter(({ port }) => port !== 587) };
}

/** The word may be given twice: when the connection is lost over it, it is, to learn how it ended. */
async function giveWord(visit: Visit, id: string, undo: string | null, { ssh }: RunOptions): Promise<Receipt> {
  try {
    return await settle(linked(visit), id, undo);
  } catch (error) {
    if (!isLost(error)) throw error;
    visit.remote = null;
    visit.remote = await connect(visit.host, ssh).catch(lostOverTheWord);
    return settle(visit.remote, id, undo).catch(lostOverTheWord);
  }
}

function isLost(error: unknown): error is HardenMailError {
  return error instanceof HardenMailError && error.exit === EXIT.unreachable;
}

/** A connection that is lost now leaves a host that waits for a word: it will help itself, and the admin must know. */
function lostBeforeTheWord(seconds: number): (error: unknown) => never {
  return (error) => {
    if (!isLost(error)) throw error;
    throw new HardenMailError(
      error.code,
      `${error.message}, in the middle of the transaction`,
      `Not hearing from us, the host puts everything back by itself within ${seconds} s; \`harden-mail history\` shows it. Then run again.`,
      { cause: error },
    );
  };
}

function lostOverTheWord(error: unknown): never {
  if (!isLost(error)) throw error;
  throw new HardenMailError(
    error.code,
    `${error.message}, so whether the host heard the last word is not known`,
    'If it did the changes stay, else it has put them back by itself. `harden-mail history` shows how it ended.',
    { cause: error },
  );
}

/** Who rolls back takes the hardening away, and means it: then only that the daemons still serve counts. */
function relevant(visit: Visit, findings: readonly Finding[]): readonly Finding[] {
  if (visit.goal === 'apply') return findings;
  const ports = [...ALWAYS, ...staying(known(visit).snapshot, known(visit).plan.changes)];
  return findings.filter(({ check, port }) => check === 'answers' && ports.includes(port));
}

const ALWAYS = [25, 110, 143, 993, 995];

/** Ports that served before must serve again; and after an apply those for users with them. */
function portsFor(visit: Visit): number[] {
  const { plan, facts, policy, snapshot } = known(visit);
  const stay = policy.asked?.includes('no-pop3') ? [25, 143, 993] : ALWAYS;
  const own = visit.goal === 'rollback' ? staying(snapshot, plan.changes) : [];
  const before = facts.listeners.map(({ port }) => port).filter((port) => stay.includes(port));
  const opens = visit.goal === 'apply' && plan.activations.some(({ unit }) => unit === 'postfix');
  // 25 may be left out on purpose: then master.cf has no entry for it, and nobody waits for one.
  const after = opens ? entryPorts(withChanges(snapshot, plan.changes)) : [];
  const users = policy.profile === 'strict' ? [465, 587] : [465];
  return [...new Set([...before, ...own, ...[25, ...users].filter((port) => after.includes(port))])];
}
