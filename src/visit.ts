import { EXIT, HardenMailError } from './errors.ts';
import type { Ending, Finding, Host, HostResult, Plan, Policy, Snapshot } from './model.ts';
import type { Remote } from './remote/remote.ts';

/** One host's way through a run, as far as it has come. */
export interface Visit {
  readonly host: Host;
  readonly name: string;
  /** Milliseconds, by the monotonic clock. */
  readonly began: number;
  remote: Remote | null;
  snapshot: Snapshot | null;
  policy: Policy | null;
  plan: Plan | null;
  /** The fingerprint of the plan that was agreed to. */
  agreed: string | null;
  /** What the probes saw before anything was changed. */
  before: readonly Finding[];
  /** What they saw last. */
  findings: readonly Finding[];
  /** Null as long as there is something left to do. */
  ending: Ending | null;
}

export function begin(host: Host): Visit {
  return {
    host,
    name: host.name,
    began: performance.now(),
    remote: null,
    snapshot: null,
    policy: null,
    plan: null,
    agreed: null,
    before: [],
    findings: [],
    ending: null,
  };
}

/** A failure as an ending. What is no HardenMailError is a bug of ours, and says so. */
export function failure(error: unknown): Ending & { kind: 'failed' } {
  if (error instanceof HardenMailError) {
    const { code, message, hint, exit, excerpt } = error;
    return { kind: 'failed', code, message, hint, exit, ...(excerpt !== undefined && { excerpt }) };
  }
  const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
  return {
    kind: 'failed',
    code: 'BUG',
    message: `a bug in harden-mail: ${text}`,
    hint: 'Please report it with this text.',
    exit: EXIT.failed,
  };
}

export function resultOf(visit: Visit): HostResult {
  const ending = visit.ending ?? failure(new Error('the host was left in the middle'));
  return {
    host: visit.name,
    ending,
    exit: ending.kind === 'failed' ? ending.exit : EXIT.ok,
    facts: visit.snapshot?.facts ?? null,
    plan: visit.plan,
    findings: visit.findings,
    seconds: (performance.now() - visit.began) / 1000,
  };
}
