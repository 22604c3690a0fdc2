/** The stages of a host in a run: each type holds what is known at that point, so later steps need not check for missing values. */
import { EXIT, worstExit } from '../model/errors.ts';
import { isEmpty } from '../model/index.ts';
import type {
  Ending,
  Facts,
  Finding,
  Grade,
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

/** One host in a run: the host, the open connection, and what the report tells about it. */
export interface Visit {
  readonly host: Host;
  readonly name: string;
  /** Milliseconds of work on this host, without the time that it waits for other hosts or for an answer. */
  spent: number;
  /** The connection to close when the host is done. */
  connection: Remote | null;
  /** A connection that was begun; it is closed too if it has not become the connection of the visit. */
  connecting: Promise<Remote> | null;
  /** Resolves when the connection is closed. */
  closed: Promise<void>;
  /** Null until the host has ended. */
  ending: Ending | null;
  readonly report: Report;
}

/** The parts of a host's result that the steps fill in. */
interface Report {
  facts: Facts | null;
  plan: Plan | null;
  findings: readonly Finding[];
  /** The audit of each port; only for an audit. */
  audit?: readonly PortAudit[];
  grade?: Grade;
}

/** A host before anything is known about it. */
export interface Begun {
  readonly visit: Visit;
}

export interface Connected extends Begun {
  readonly remote: Remote;
}

/** A host whose files were read. */
export interface FilesRead extends Connected {
  readonly snapshot: Snapshot;
}

export interface Read extends FilesRead {
  readonly policy: Policy;
  /** Unfinished transactions that were found, and how each ended. */
  readonly notes: readonly Note[];
}

export interface Planned extends Read {
  readonly plan: Plan;
  /** Tasks that this run leaves out although they would change something. */
  readonly open: readonly TaskName[];
}

/** A plan with what the probes saw before anything was changed. */
export interface Surveyed extends Planned {
  readonly goal: 'apply' | 'rollback';
  /** The administrator's choices that the user agreed to replace, in a dialogue. */
  readonly consents: readonly Replaceable[];
  readonly before: readonly Finding[];
  /** The packages that apt installed and removed in this run. */
  readonly apt: AptChanges;
}

/** A plan that the user agreed to, by its fingerprint. */
export interface Agreed extends Surveyed {
  readonly agreed: string;
}

export interface AptChanges {
  readonly installed: readonly string[];
  readonly removed: readonly string[];
}

export const NO_APT: AptChanges = { installed: [], removed: [] };

export function begin(host: Host): Begun {
  const report: Report = { facts: null, plan: null, findings: [] };
  const closed = Promise.resolve();
  return {
    visit: { host, name: host.name, spent: 0, connection: null, connecting: null, closed, ending: null, report },
  };
}

/** Ends the host's run here. */
export function finish({ visit }: Begun, ending: Ending): null {
  visit.ending = ending;
  return null;
}

export function resultOf({ visit }: Begun): HostResult {
  const ending = visit.ending ?? failure(new Error('the host was left in the middle'));
  return {
    host: visit.name,
    ending,
    exit: exitOf(ending, visit.report.plan),
    ...visit.report,
    seconds: visit.spent / 1000,
  };
}

/** Closes the connection of a host that is done. */
export function leave({ visit }: Begun): void {
  const open = visit.connection ? Promise.resolve(visit.connection) : visit.connecting;
  if (open) visit.closed = open.then((connection) => connection.close()).catch(() => {});
  visit.connection = null;
  visit.connecting = null;
}

function exitOf(ending: Ending, plan: Plan | null): number {
  if (ending.kind === 'failed') return ending.exit;
  if (ending.kind === 'examined') return worstExit(ending.diagnoses.map(({ exit }) => exit));
  if (ending.kind === 'rehearsed') return ending.rehearsal.good ? EXIT.ok : EXIT.failed;
  const isAhead = ending.kind === 'foreseen' && plan !== null && !isEmpty(plan);
  return isAhead || ending.kind === 'drifted' ? EXIT.pending : EXIT.ok;
}
