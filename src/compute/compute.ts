import { HardenMailError } from '../model/errors.ts';
import { work, type JobArguments, type JobName, type JobResult } from './jobs.ts';

/**
 * Runs a job for a host.
 * @throws what the job throws; LIMIT_EXCEEDED if it needs more time or memory than a host may use; INTERRUPTED
 */
export type Compute = <N extends JobName>(host: string, job: N, ...args: JobArguments<N>) => Promise<JobResult<N>>;

/** Runs each job at once in this thread, without limits. */
export const inThisThread: Compute = async (_host, job, ...args) => work(job, args);

/** Seconds and megabytes that a job may take. A real host with large files needs a tenth of the time, and of the memory. */
export const JOB_LIMITS = { seconds: 20, megabytes: 512 } as const;

export function overLimit(host: string, what: string): HardenMailError {
  return new HardenMailError(
    'LIMIT_EXCEEDED',
    `${host}: work on the host's files was given up: it needs more than ${what}`,
    'Nothing more was written. Look at the files with ssh: those of a real mail host need far less.',
  );
}
