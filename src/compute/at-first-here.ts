/**
 * The way of a run on a single host: a job runs in the main thread, which needs no worker, for a second at most. Where that is
 * not enough, the job is given up here and runs in a worker, within its limits, and the main thread answers signals again.
 */
import { Script } from 'node:vm';
import type { Compute } from './compute.ts';
import { work, type JobArguments, type JobName, type JobResult } from './jobs.ts';

/** A usual host needs 10 to 40 ms of it, before V8 has compiled anything. */
const MILLISECONDS = 1000;

/** A host with more output than this goes to a worker at once. A usual host has 100 kB. */
const LARGEST = 1 << 20;

/** @param elsewhere runs the jobs that take too long here */
export function atFirstHere(elsewhere: Compute, milliseconds = MILLISECONDS): Compute {
  let isHeavy = false;
  return async <N extends JobName>(host: string, job: N, ...args: JobArguments<N>): Promise<JobResult<N>> => {
    const [output] = args;
    isHeavy ||= output instanceof Uint8Array && output.length > LARGEST;
    const outcome = isHeavy ? null : within(milliseconds, () => work(job, args));
    if (outcome) return outcome.result;
    isHeavy = true;
    return elsewhere(host, job, ...args);
  };
}

/** The result; null if the time was over first. V8 then ends the function wherever it is, so it must leave nothing half done. */
function within<T>(milliseconds: number, run: () => T): { readonly result: T } | null {
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
