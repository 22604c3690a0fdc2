/**
 * A job runs in the main thread first, which needs no worker and no copy of the host's files, and only for a short time. Where that is
 * not enough, the job is given up here and runs in a worker, within its limits, and so does all later work for this host.
 */
import { readFileSync } from 'node:fs';
import { cpuUsage } from 'node:process';
import { Script } from 'node:vm';
import type { Compute } from './compute.ts';
import { work, type JobArguments, type JobName, type JobResult } from './jobs.ts';

/**
 * Milliseconds that a job may hold up the main thread.
 * @param isCompiled a job of its kind has come to its end here; before that, V8 compiles its code
 */
export type Patience = (job: JobName, isCompiled: boolean) => number;

/** A host with more output than this goes to a worker at once. A usual host has 100 kB. */
const LARGEST = 1 << 20;

/** Where so many jobs of a kind in a row were given up, the hosts of this run are large: a worker begins with the next ones. */
const MOST_IN_A_ROW = 3;

/** On a loaded machine, where this thread has had less than this share of the time as CPU time, the job runs here once more … */
const LOADED_SHARE = 0.6;

/** … and for so many times as long. */
const LOADED_PATIENCE = 2;

/** @param elsewhere runs the jobs that take too long here */
export function atFirstHere(elsewhere: Compute, patience: Patience): Compute {
  const heavy = new Set<string>();
  const compiled = new Set<JobName>();
  const givenUp = new Map<JobName, number>();
  return async <N extends JobName>(host: string, job: N, ...args: JobArguments<N>): Promise<JobResult<N>> => {
    const [output] = args;
    const before = givenUp.get(job) ?? 0;
    if (output instanceof Uint8Array && output.length > LARGEST) heavy.add(host);
    if (!heavy.has(host) && before < MOST_IN_A_ROW) {
      const outcome = within(patience(job, compiled.has(job)), () => work(job, args));
      givenUp.set(job, outcome ? 0 : before + 1);
      if (outcome) {
        compiled.add(job);
        return outcome.result;
      }
      heavy.add(host);
    }
    return elsewhere(host, job, ...args);
  };
}

interface Outcome<T> {
  readonly result: T;
}

/** The result; null if the time was over first. */
function within<T>(milliseconds: number, run: () => T): Outcome<T> | null {
  const began = ownCpuMilliseconds();
  const outcome = attempt(milliseconds, run);
  if (outcome) return outcome;
  const isLoaded = ownCpuMilliseconds() - began < milliseconds * LOADED_SHARE;
  return isLoaded ? attempt(milliseconds * LOADED_PATIENCE, run) : null;
}

/** CPU time of this thread; where the system does not tell it, of the process, with V8's threads that compile and collect. */
function ownCpuMilliseconds(): number {
  try {
    return Number.parseInt(readFileSync('/proc/thread-self/schedstat', 'latin1'), 10) / 1e6; // proc(5)
  } catch {
    const { user, system } = cpuUsage();
    return (user + system) / 1000;
  }
}

/** V8 ends the function wherever it is, so it must leave nothing half done. */
function attempt<T>(milliseconds: number, run: () => T): Outcome<T> | null {
  try {
    Object.assign(globalThis, { [PRESENT]: run });
    return { result: CALL.runInThisContext({ timeout: milliseconds, displayErrors: false }) as T };
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ERR_SCRIPT_EXECUTION_TIMEOUT') return null;
    throw error;
  } finally {
    Reflect.deleteProperty(globalThis, PRESENT);
  }
}

/** Only a script has a time limit in Node, and it reaches the function by a global name. */
const PRESENT = 'hardenMailPresentJob';
const CALL = new Script(`${PRESENT}()`);
