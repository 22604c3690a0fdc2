/**
 * The whole story on one page. For every host: connect, gather, plan; show the diff and ask; do what must come before
 * (install, certificate) and plan again; commit; verify from outside; confirm, or have it put back.
 */
import { installPackages, preflight, requestCertificate } from './commit/actions.ts';
import { commit, settle } from './commit/transaction.ts';
import { connect, type ConnectOptions } from './connect/connect.ts';
import { HardenMailError, type ErrorCode } from './errors.ts';
import { gather } from './gather/gather.ts';
import type { Interrupt } from './interrupt.ts';
import type { Ending, Facts, Finding, Host, HostResult, Plan, Policy, Receipt } from './model.ts';
import { compose, fingerprint } from './plan/compose.ts';
import { policyFor } from './plan/policy.ts';
import { assertSupported } from './plan/supported.ts';
import { probe, probeUntilWell, regressions, type ProbeOptions } from './probe.ts';
import { readOnly } from './remote/readonly.ts';
import type { Remote } from './remote/remote.ts';
import type { Progress } from './report/progress.ts';
import { begin, failure, resultOf, type Visit } from './visit.ts';

export interface RunOptions extends ProbeOptions {
  readonly dryRun: boolean;
  /** Agreed beforehand: no question is asked. */
  readonly yes: boolean;
  /** How many hosts at a time. */
  readonly forks: number;
  /** Seconds that a host waits for our word before it puts everything back. */
  readonly confirmTimeout: number;
  readonly ssh: ConnectOptions;
  readonly interrupt: Interrupt;
  /** Who runs this, for the host's history. */
  readonly who: string;
}

export interface Io {
  readonly progress: Progress;
  /** Shows a plan with its diffs. */
  show(name: string, facts: Facts, plan: Plan): Promise<void>;
  ask(question: string): Promise<boolean>;
}

type Say = (step: string) => void;
type Step = (visit: Visit, options: RunOptions, say: Say) => Promise<void>;

/** `harden-mail apply`; with `dryRun` the same road, left after the diff. */
export function apply(hosts: readonly Host[], options: RunOptions, io: Io): Promise<HostResult[]> {
  return visiting(hosts, async (visits) => {
    await stage(survey, visits, options, io);
    await agree(visits, options, io);
    options.interrupt.hold();
    await stage(prepare, visits, options, io);
    await agree(visits, options, io);
    await stage(carryOut, visits, options, io);
  });
}

/** `harden-mail verify`: the probes alone. */
export function verifyHosts(hosts: readonly Host[], options: RunOptions, io: Io): Promise<HostResult[]> {
  return visiting(hosts, (visits) => stage(look, visits, options, io));
}

async function visiting(hosts: readonly Host[], road: (visits: Visit[]) => Promise<void>): Promise<HostResult[]> {
  const visits = hosts.map(begin);
  try {
    await road(visits);
    return visits.map(resultOf);
  } finally {
    await Promise.all(visits.map(async ({ remote }) => remote?.close().catch(() => {})));
  }
}

/** One step for every host that is not done yet, side by side. One host's failure is its own ending. */
async function stage(step: Step, visits: readonly Visit[], options: RunOptions, io: Io): Promise<void> {
  const guarded = async (visit: Visit, say: Say): Promise<void> => {
    try {
      if (options.interrupt.asked()) throw interrupted();
      await step(visit, options, say);
    } catch (error) {
      visit.ending = failure(error);
    }
  };
  const open = visits.filter(({ ending }) => ending === null);
  if (open.length > 0) await io.progress.each(open, options.forks, guarded);
}

/** Shows what has not been agreed to yet, and asks. A dry run ends here. */
async function agree(visits: readonly Visit[], options: RunOptions, io: Io): Promise<void> {
  for (const visit of visits.filter(({ ending }) => ending === null)) {
    const { plan, facts } = known(visit);
    if (visit.agreed === fingerprint(plan)) continue;
    await io.show(visit.name, facts, plan);
    if (options.dryRun) visit.ending = { kind: 'pending' };
    else if (options.yes || (await io.ask(`Apply to ${visit.name}?`))) visit.agreed = fingerprint(plan);
    else visit.ending = { kind: 'declined' };
  }
}

// ── the steps ────────────────────────────────────────────────────────────────────────────────────────────────────────

/** connect → gather → plan. A host that is as it should be is verified, and done. Nothing is written. */
async function survey(visit: Visit, options: RunOptions, say: Say): Promise<void> {
  say('connect');
  visit.remote = await connect(visit.host, options.ssh);
  const { plan, facts, policy } = await planAnew(visit, say);
  const certificate = plan.actions.find((action) => action.kind === 'certificate');
  if (certificate) await preflight(readOnly(visit.remote), certificate);
  if (options.dryRun && !isEmpty(plan)) return;
  say('verify');
  if (facts.packages['postfix']) visit.before = visit.findings = await probe(visit.remote, facts, policy, options);
  if (isEmpty(plan)) visit.ending = verdict(visit.findings, { kind: 'unchanged' });
}

/** gather → plan, by looking only. */
async function planAnew(visit: Visit, say: Say): Promise<{ plan: Plan; facts: Facts; policy: Policy }> {
  say('gather');
  visit.snapshot = await gather(readOnly(linked(visit)));
  const { facts } = visit.snapshot;
  assertSupported(facts, visit.name);
  visit.policy = policyFor(visit.host, facts);
  visit.plan = compose(visit.snapshot, visit.policy);
  return { plan: visit.plan, facts, policy: visit.policy };
}

/** install and certbot: what they bring must be there before the settings that rest on it can go live. */
async function prepare(visit: Visit, _options: RunOptions, say: Say): Promise<void> {
  let { plan, facts } = known(visit);
  for (let action = plan.actions[0]; action !== undefined; action = plan.actions[0]) {
    say(action.kind);
    if (action.kind === 'install') await installPackages(linked(visit), action.packages, facts);
    else await requestCertificate(linked(visit), action);
    const before = plan.actions.length;
    ({ plan, facts } = await planAnew(visit, say));
    if (plan.actions.length >= before) {
      throw new HardenMailError(
        'REMOTE_FAILED',
        `${action.kind} on ${visit.name} reported success, but what it should bring is not there`,
        'Look at the host with ssh; no configuration was written.',
      );
    }
  }
}

/** commit → verify from outside → confirm over a new connection, or have everything put back. */
async function carryOut(visit: Visit, options: RunOptions, say: Say): Promise<void> {
  const { plan, facts, policy } = known(visit);
  say('commit');
  const started = await commit(linked(visit), plan, {
    confirmTimeout: options.confirmTimeout,
    who: options.who,
    ports: portsFor(facts, plan),
    onStep: say,
  });
  if (started.state !== 'awaiting') {
    visit.ending = notCommitted(visit.name, started);
    return;
  }

  say('verify');
  const second = connect(visit.host, options.ssh);
  second.catch(() => {}); // looked at below; until then it is nobody's unhandled rejection
  visit.findings = await probeUntilWell(() => probe(linked(visit), facts, policy, options), 8);
  const worse = regressions(visit.before, visit.findings);
  const remote = await second;
  try {
    say(worse.length > 0 ? 'undo' : 'confirm');
    const receipt = await settle(remote, started.id, worse.length > 0 ? worse.map(sentence).join('; ') : null);
    visit.ending =
      receipt.state === 'committed'
        ? verdict(visit.findings, { kind: 'changed', receipt })
        : notCommitted(visit.name, receipt);
  } finally {
    await remote.close();
  }
}

/** `verify` by itself. */
async function look(visit: Visit, options: RunOptions, say: Say): Promise<void> {
  say('connect');
  visit.remote = await connect(visit.host, options.ssh);
  say('gather');
  visit.snapshot = await gather(readOnly(visit.remote));
  visit.policy = policyFor(visit.host, visit.snapshot.facts);
  say('verify');
  visit.findings = await probe(visit.remote, visit.snapshot.facts, visit.policy, options);
  visit.ending = verdict(visit.findings, { kind: 'verified' });
}

// ── small words ──────────────────────────────────────────────────────────────────────────────────────────────────────

function isEmpty(plan: Plan): boolean {
  return plan.actions.length + plan.settings.length + plan.changes.length + plan.activations.length === 0;
}

/** Ports that served before must serve again, and 465 with them. */
function portsFor({ listeners }: Facts, plan: Plan): number[] {
  const before = listeners.map(({ port }) => port).filter((port) => [25, 110, 143, 587, 993, 995].includes(port));
  const postfix = plan.activations.some(({ unit }) => unit === 'postfix');
  return [...new Set([...before, ...(postfix ? [25, 465] : [])])];
}

/** The ending as it would be, unless a check fails: then that is how it ended. */
function verdict(findings: readonly Finding[], well: Ending): Ending {
  const bad = findings.filter(({ status }) => status === 'fail');
  const [first] = bad;
  if (!first) return well;
  const done = well.kind === 'changed' ? 'the changes are live, but ' : '';
  const checks = bad.length === 1 ? 'a check fails' : `${bad.length} checks fail, the first`;
  const ending = failure(
    new HardenMailError(
      'VERIFY_FAILED',
      `${done}${checks}: ${sentence(first)}`,
      done
        ? 'None of them passed before, so nothing was undone. `harden-mail verify` looks again.'
        : 'Nothing was written. `journalctl -u postfix@- -u dovecot` on the host may say why.',
    ),
  );
  return well.kind === 'changed' ? { ...ending, receipt: well.receipt } : ending;
}

function sentence({ port, text }: Finding): string {
  return `${port}: ${text}`;
}

/** How a transaction ended that did not stay. */
function notCommitted(name: string, receipt: Receipt): Ending {
  const { state, step, reason } = receipt;
  const [code, message, hint] = wordsFor(name, state, step, reason);
  return { ...failure(new HardenMailError(code, message, hint)), receipt };
}

function wordsFor(name: string, state: Receipt['state'], step: string, reason: string): [ErrorCode, string, string] {
  const again = 'Nothing was written. Run again';
  if (state === 'broken')
    return [
      'ROLLBACK_INCOMPLETE',
      `${name} could not be put back whole: ${reason}`,
      'A human is needed: docs/transaction.md, "By hand".',
    ];
  if (state === 'rolled-back')
    return ['ROLLED_BACK', `${name} was put back as it was (at ${step}): ${reason}`, 'Mend the cause and run again.'];
  if (step === 'lock')
    return ['LOCKED', `another harden-mail works on ${name}: ${reason}`, `${again} when it is done.`];
  if (step === 'compare') return ['CHANGED_SINCE_READ', `${name}: ${reason}`, `${again}: the plan is made anew.`];
  return [
    'COMMIT_REFUSED',
    `${name} refused the changes (at ${step}): ${reason}`,
    `${again} when what it says is mended.`,
  ];
}

function interrupted(): HardenMailError {
  return new HardenMailError('INTERRUPTED', 'interrupted', 'Nothing more was written.');
}

function linked({ remote, name }: Visit): Remote {
  if (!remote) throw new Error(`no connection to ${name}`);
  return remote;
}

function known({ plan, policy, snapshot, name }: Visit): { plan: Plan; policy: Policy; facts: Facts } {
  if (!plan || !policy || !snapshot) throw new Error(`no plan for ${name}`);
  return { plan, policy, facts: snapshot.facts };
}
