/**
 * The work on what a host has sent: everything that parses its files, plans, or compares. Each job is a pure function of plain
 * values, so it may run in the main thread, in a worker, or again after it was given up.
 */
import { unpackSnapshot } from '../gather/unpack.ts';
import type { Plan, Policy, Snapshot, TaskName } from '../model/index.ts';
import { policyOf } from '../plan/adopt.ts';
import { assertAccepted } from '../plan/as-found/refused.ts';
import { compose } from '../plan/compose.ts';
import { composePart, type PartialPlan } from '../plan/partial.ts';
import { proxiedPorts } from '../plan/serving/proxied.ts';
import { syslogNames } from '../plan/syslog-names.ts';
import { undoPlan } from '../plan/undo.ts';
import { foresee } from '../plan/upgrade/foresee.ts';
import { selfSignedNotes } from '../tasks/provided.ts';
import { clientSetup } from './client-setup.ts';
import { expectationsOf } from './expectations.ts';
import { faultsIfReadable, mapIfReadable, mapOf } from './mapping.ts';
import { portsToAnswer, portsToHold } from './open-ports.ts';

export const JOBS = {
  /** The output of gather.sh. A worker receives a Buffer as a plain array of bytes. */
  read: (output: Uint8Array): Snapshot =>
    unpackSnapshot(Buffer.from(output.buffer, output.byteOffset, output.byteLength)),
  policy: policyOf,
  plan(snapshot: Snapshot, policy: Policy, tasks: readonly TaskName[], trust: readonly string[]): PartialPlan {
    const { plan, open } = composePart(snapshot, policy, tasks);
    return { plan: { ...plan, notes: [...selfSignedNotes(snapshot.facts, policy, trust), ...plan.notes] }, open };
  },
  'whole plan': (snapshot: Snapshot, policy: Policy): Plan => compose(snapshot, policy),
  accept: assertAccepted,
  foresee,
  undo: undoPlan,
  expectations: expectationsOf,
  proxied: proxiedPorts,
  'ports to hold': portsToHold,
  'ports to answer': portsToAnswer,
  names: syslogNames,
  clients: clientSetup,
  map: mapOf,
  'map if readable': mapIfReadable,
  'faults if readable': faultsIfReadable,
} as const;

export type JobName = keyof typeof JOBS;
export type JobArguments<N extends JobName> = Parameters<(typeof JOBS)[N]>;
export type JobResult<N extends JobName> = ReturnType<(typeof JOBS)[N]>;

/** Runs a job here. */
export function work<N extends JobName>(job: N, args: JobArguments<N>): JobResult<N> {
  return (JOBS[job] as (...given: JobArguments<N>) => JobResult<N>)(...args);
}
