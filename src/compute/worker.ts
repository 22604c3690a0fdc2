/** The program of a worker: it runs one job at a time. The build makes a file of its own of it. */
import { setPriority } from 'node:os';
import { parentPort } from 'node:worker_threads';
import { work } from './jobs.ts';
import { plainError, type JobAnswer, type JobRequest } from './message.ts';

/** The nice value of a worker's thread: beside a thread of value 0, a processor gives it a quarter of its time. */
const NICE = 5;

try {
  setPriority(NICE); // of this thread only: setpriority(2), NOTES
} catch {
  // A system that does not allow it: all threads have the same claim.
}

parentPort?.on('message', ({ job, args }: JobRequest) => {
  let answer: JobAnswer;
  try {
    answer = { result: work(job, args) };
  } catch (error) {
    answer = { error: plainError(error) };
  }
  parentPort?.postMessage(answer);
});
