import { EXIT, worstExit } from '../model/errors.ts';
import { isEmpty } from '../model/index.ts';
import type {
  Ending,
  Facts,
  Finding,
  Host,
  HostResult,
  Note,
  Plan,
  Policy,
  PortAudit,
  Replaceable,
  Snapshot,
  TaskName,
} from '../model/index.ts';
import type { Remote } from '../remote/remote.ts';
import { failure } from './endings.ts';

/** One host's way through a run, as far as it has come. */
export interface Visit {
  readonly host: Host;
  readonly name: string;
  /** What the plan is for. */
  goal: 'apply' | 'rollback';
  /** Milliseconds of work on it, without its waiting for others and for an answer. */
  spent: number;
  remote: Remote | null;
  /** Resolves when no connection is being closed. */
  left: Promise<void>;
  snapshot: Snapshot | null;
  policy: Policy | null;
  plan: Plan | null;
  /** Tasks that are left out of this run and not as they should be. */
  open: readonly TaskName[];
  /** What was found and mended on the way, for the report. */
  notes: readonly Note[];
  /** What apt did in this run: packages that it installed, and those that it removed for them. */
  apt: { readonly installed: readonly string[]; readonly removed: readonly string[] };
  /** What was agreed to be replaced, in a dialogue. */
  consents: readonly Replaceable[];
  /** The fingerprint of the plan that was agreed to. */
  agreed: string | null;
  /** What the probes saw before anything was changed. */
  before: readonly Finding[];
  /** What they saw last. */
  findings: readonly Finding[];
  /** What an audit saw, port by port. */
  audit?: readonly PortAudit[];
  /** Null as long as there is something left to do. */
  ending: Ending | null;
}

export function begin(host: Host): Visit {
  return {
    host,
    name: host.name,
    goal: 'apply',
    spent: 0,
    remote: null,
    left: Promise.resolve(),
    snapshot: null,
    policy: null,
    plan: null,
    open: [],
    notes: [],
    apt: { installed: [], removed: [] },
    consents: [],
    agreed: null,
    before: [],
    findings: [],
    ending: null,
  };
}

export function resultOf(visit: Visit): HostResult {
  const ending = visit.ending ?? failure(new Error('the host was left in the middle'));
  return {
    host: visit.name,
    ending,
    exit: exitOf(ending, visit.plan),
    facts: visit.snapshot?.facts ?? null,
    plan: visit.plan,
    findings: visit.findings,
    ...(visit.audit && { audit: visit.audit }),
    seconds: visit.spent / 1000,
  };
}

/**
 * Hangs up on a host that is done, and keeps of it what the report tells: of hundreds of hosts the connections and the files
 * that nobody needs any more would be most of the memory.
 */
export function leave(visit: Visit): void {
  const { remote, snapshot } = visit;
  if (remote) visit.left = remote.close().catch(() => {});
  visit.remote = null;
  if (visit.ending && snapshot) visit.snapshot = { facts: snapshot.facts, files: {} };
}

function exitOf(ending: Ending, plan: Plan | null): number {
  if (ending.kind === 'failed') return ending.exit;
  if (ending.kind === 'examined') return worstExit(ending.diagnoses.map(({ exit }) => exit));
  const isCheck = ending.kind === 'checked' || ending.kind === 'foreseen';
  return isCheck && plan && !isEmpty(plan) ? EXIT.pending : EXIT.ok;
}

export function linked({ remote, name }: Visit): Remote {
  if (!remote) throw new Error(`no connection to ${name}`);
  return remote;
}

/** What there is once a plan has been made. */
export interface Known {
  readonly plan: Plan;
  readonly policy: Policy;
  readonly snapshot: Snapshot;
  readonly facts: Facts;
}

export function known({ plan, policy, snapshot, name }: Visit): Known {
  if (!plan || !policy || !snapshot) throw new Error(`no plan for ${name}`);
  return { plan, policy, snapshot, facts: snapshot.facts };
}
