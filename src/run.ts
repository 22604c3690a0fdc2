/**
 * The whole story on one page. For every host: connect, gather, plan; show the diff and ask; do what must come before
 * (install, certificate) and plan again; commit; verify from outside; confirm, or have it put back.
 */
import { carryOut } from './carry-out.ts';
import type { ConnectOptions } from './connect/options.ts';
import { examine } from './doctor.ts';
import type { Interrupt } from './interrupt.ts';
import { isEmpty } from './model.ts';
import type { Host, HostResult, TaskName } from './model.ts';
import { fingerprint } from './plan/compose.ts';
import type { DebianRelease } from './plan/releases.ts';
import type { ProbeOptions } from './probe.ts';
import type { Shown } from './report/alike.ts';
import type { Outcome, Progress } from './report/progress.ts';
import { inspect, look, lookAhead, prepare, readJournal, readMap, readRecords, survey, surveyUndo } from './steps.ts';
import { sizeOf, type Batch } from './batch.ts';
import { begin, known, leave, resultOf, type Visit } from './visit.ts';
import { failure, interrupted, stopped } from './words.ts';

export interface RunOptions extends ProbeOptions {
  readonly dryRun: boolean;
  /** `verify` looks closer. */
  readonly audit: boolean;
  /** `verify` does without SSH. */
  readonly outside: boolean;
  /** Agreed beforehand: no question is asked. */
  readonly yes: boolean;
  /** Asks whether to replace what the administrator chose; absent where nobody is to be asked. */
  readonly consent?: (question: string) => Promise<boolean>;
  /** How many hosts at a time. */
  readonly forks: number;
  /** How many hosts become live together, a number or a share of all; absent: all. */
  readonly serial?: Batch;
  /** After a batch with more failures than this, those that are left stay as they are. */
  readonly maxFail: number;
  /** Seconds that a host waits for our word before it puts everything back. */
  readonly confirmTimeout: number;
  /** The transaction that a rollback goes back before; absent: the last one. */
  readonly to?: string;
  /** The tasks that it is about: all of them, unless --tags or --skip-tags say otherwise. */
  readonly tasks: readonly TaskName[];
  /** The release that `check` looks ahead to. */
  readonly upgradeTo?: DebianRelease;
  readonly ssh: ConnectOptions;
  readonly interrupt: Interrupt;
  /** Who runs this, for the host's history. */
  readonly who: string;
}

export interface Io {
  readonly progress: Progress;
  /** Plans that are shown as one, because they differ in the hosts' own names only. */
  alike<T extends Shown>(plans: readonly T[]): Promise<T[][]>;
  /** Shows the one plan of these hosts with its diffs. */
  show(plans: readonly Shown[]): Promise<void>;
  ask(question: string): Promise<boolean>;
}

/** Shows the present step of a host. */
export type Say = (step: string) => void;
export type Step = (visit: Visit, options: RunOptions, say: Say) => Promise<void>;

type Road = (hosts: readonly Host[], options: RunOptions, io: Io) => Promise<HostResult[]>;

/** `harden-mail apply`; with `dryRun` the same road, left after the diff. */
export const apply: Road = (hosts, options, io) =>
  visiting(hosts, async (visits) => {
    await stage(survey, visits, options, io);
    await agree('Apply to', visits, options, io);
    options.interrupt.hold();
    await stage(prepare, visits, options, io);
    await agree('Apply to', visits, options, io);
    await inBatches(carryOut, visits, options, io);
  });

/** `harden-mail rollback`: a transaction like any other, whose plan is made from the host's journal. */
export const rollback: Road = (hosts, options, io) =>
  visiting(hosts, async (visits) => {
    await stage(surveyUndo, visits, options, io);
    await agree('Roll back', visits, options, io);
    options.interrupt.hold();
    await inBatches(carryOut, visits, options, io);
  });

/** `harden-mail verify`: the probes alone, or with an audit, which is loaded only for that. */
export const verifyHosts: Road = (hosts, options, io) =>
  visiting(hosts, async (visits) => {
    const step = options.audit ? (await import('./audit-host.ts')).auditHost : look;
    await stage(step, visits, options, io);
  });

/** `harden-mail check`: would an apply change anything, now or after an upgrade? Nothing is written. */
export const check: Road = (hosts, options, io) =>
  visiting(hosts, async (visits) => {
    await stage(options.upgradeTo === undefined ? inspect : lookAhead, visits, options, io);
    const drifted = visits.filter(({ ending, plan }) => ending?.kind !== 'failed' && plan && !isEmpty(plan));
    for (const group of await io.alike(drifted.map(shown))) await io.show(group);
  });

/** `harden-mail dns`: what to publish, if one wants to. */
export const dns: Road = (hosts, options, io) => visiting(hosts, (visits) => stage(readRecords, visits, options, io));

/** `harden-mail history`: the host's journal. */
export const history: Road = (hosts, options, io) =>
  visiting(hosts, (visits) => stage(readJournal, visits, options, io));

/** `harden-mail map`: who can do what through which way in. Nothing is written. */
export const map: Road = (hosts, options, io) => visiting(hosts, (visits) => stage(readMap, visits, options, io));

/** `harden-mail doctor`: what is in the way of an apply? Nothing is written. */
export const doctor: Road = (hosts, options, io) => visiting(hosts, (visits) => stage(examine, visits, options, io));

async function visiting(hosts: readonly Host[], road: (visits: Visit[]) => Promise<void>): Promise<HostResult[]> {
  const visits = hosts.map(begin);
  try {
    await road(visits);
    return visits.map(resultOf);
  } finally {
    visits.forEach(leave);
    await Promise.all(visits.map(async ({ left }) => left));
  }
}

/** One step for every host that is not done yet, side by side. One host's failure is its own ending. */
async function stage(step: Step, visits: readonly Visit[], options: RunOptions, io: Io): Promise<void> {
  const guarded = async (visit: Visit, say: Say): Promise<Outcome> => {
    const began = performance.now();
    try {
      if (options.interrupt.asked()) throw interrupted();
      await step(visit, options, say);
    } catch (error) {
      visit.ending = failure(error);
    }
    visit.spent += performance.now() - began;
    if (visit.ending) leave(visit);
    return visit.ending?.kind === 'failed' ? 'failed' : 'done';
  };
  const open = visits.filter(({ ending }) => ending === null);
  if (open.length > 0) await io.progress.each(open, options.forks, guarded);
}

/** A step batch by batch; when too many have failed, the rest is not begun. */
async function inBatches(step: Step, visits: readonly Visit[], options: RunOptions, io: Io): Promise<void> {
  const open = visits.filter(({ ending }) => ending === null);
  const size = options.serial ? sizeOf(options.serial, open.length) : open.length;
  for (let begun = 0; begun < open.length; begun += size) {
    const failed = open.filter(({ ending }) => ending?.kind === 'failed').length;
    if (failed > options.maxFail) {
      for (const visit of open.slice(begun)) visit.ending = failure(stopped(failed, begun));
      return;
    }
    await stage(step, open.slice(begun, begun + size), options, io);
  }
}

/** Shows what has not been agreed to yet, and asks. A dry run ends here. */
async function agree(question: string, visits: readonly Visit[], options: RunOptions, io: Io): Promise<void> {
  const open = visits.filter((visit) => !visit.ending && visit.agreed !== fingerprint(known(visit).plan));
  for (const group of await io.alike(open.map(shown))) {
    await io.show(group);
    const whom = group.length === 1 ? group[0]?.name : `these ${group.length} hosts`;
    let agreed: boolean;
    try {
      agreed = !options.dryRun && (options.yes || (await io.ask(`${question} ${whom}?`)));
    } catch (error) {
      // Ctrl-C at the question: what is known of the hosts until here is told all the same.
      for (const visit of visits) visit.ending ??= failure(error);
      return;
    }
    for (const { visit, plan } of group) {
      if (agreed) visit.agreed = fingerprint(plan);
      else visit.ending = { kind: options.dryRun ? 'pending' : 'declined' };
    }
  }
}

function shown(visit: Visit): Shown & { readonly visit: Visit } {
  const { plan, facts, policy } = known(visit);
  return { visit, name: visit.name, domain: policy.domain, facts, plan };
}
