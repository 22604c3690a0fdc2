/**
 * The whole story on one page. For every host: connect, gather, plan; show the diff and ask; do what must come before
 * (install, certificate) and plan again; commit; verify from outside; confirm, or have it put back.
 */
import { carryOut } from './carry-out.ts';
import type { ConnectOptions } from './connect/connect.ts';
import type { Interrupt } from './interrupt.ts';
import { isEmpty } from './model.ts';
import type { Facts, Host, HostResult, Plan } from './model.ts';
import { fingerprint } from './plan/compose.ts';
import type { DebianRelease } from './plan/releases.ts';
import type { ProbeOptions } from './probe.ts';
import type { Progress } from './report/progress.ts';
import { inspect, look, lookAhead, prepare, readJournal, readRecords, survey, surveyUndo } from './steps.ts';
import { begin, known, resultOf, type Visit } from './visit.ts';
import { failure, interrupted } from './words.ts';

export interface RunOptions extends ProbeOptions {
  readonly dryRun: boolean;
  /** Agreed beforehand: no question is asked. */
  readonly yes: boolean;
  /** How many hosts at a time. */
  readonly forks: number;
  /** Seconds that a host waits for our word before it puts everything back. */
  readonly confirmTimeout: number;
  /** The transaction that a rollback goes back before; absent: the last one. */
  readonly to?: string;
  /** The release that `check` looks ahead to. */
  readonly upgradeTo?: DebianRelease;
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
    await stage(carryOut, visits, options, io);
  });

/** `harden-mail rollback`: a transaction like any other, whose plan is made from the host's journal. */
export const rollback: Road = (hosts, options, io) =>
  visiting(hosts, async (visits) => {
    await stage(surveyUndo, visits, options, io);
    await agree('Roll back', visits, options, io);
    options.interrupt.hold();
    await stage(carryOut, visits, options, io);
  });

/** `harden-mail verify`: the probes alone. */
export const verifyHosts: Road = (hosts, options, io) => visiting(hosts, (visits) => stage(look, visits, options, io));

/** `harden-mail check`: would an apply change anything, now or after an upgrade? Nothing is written. */
export const check: Road = (hosts, options, io) =>
  visiting(hosts, async (visits) => {
    await stage(options.upgradeTo === undefined ? inspect : lookAhead, visits, options, io);
    for (const visit of visits) {
      if (visit.ending?.kind === 'failed' || !visit.plan || isEmpty(visit.plan)) continue;
      await io.show(visit.name, known(visit).facts, visit.plan);
    }
  });

/** `harden-mail dns`: what to publish, if one wants to. */
export const dns: Road = (hosts, options, io) => visiting(hosts, (visits) => stage(readRecords, visits, options, io));

/** `harden-mail history`: the host's journal. */
export const history: Road = (hosts, options, io) =>
  visiting(hosts, (visits) => stage(readJournal, visits, options, io));

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
async function agree(question: string, visits: readonly Visit[], options: RunOptions, io: Io): Promise<void> {
  for (const visit of visits.filter(({ ending }) => ending === null)) {
    const { plan, facts } = known(visit);
    if (visit.agreed === fingerprint(plan)) continue;
    await io.show(visit.name, facts, plan);
    if (options.dryRun) visit.ending = { kind: 'pending' };
    else if (options.yes || (await io.ask(`${question} ${visit.name}?`))) visit.agreed = fingerprint(plan);
    else visit.ending = { kind: 'declined' };
  }
}
