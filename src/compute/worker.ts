/** The program of a worker: it runs one job at a time. The build makes a file of its own of it. */
import { readlinkSync } from 'node:fs';
import { parentPort } from 'node:worker_threads';
import { work } from './jobs.ts';
import { plainError, type JobAnswer, type JobRequest } from './message.ts';

parentPort?.postMessage({ thread: thisThread() });
parentPort?.on('message', ({ job, args }: JobRequest) => {
  let answer: JobAnswer;
  try {
    answer = { result: work(job, args) };
  } catch (error) {
    answer = { error: plainError(error) };
  }
  parentPort?.postMessage(answer);
});

/** The number that the system has for this thread; null where only the process has one that can be read. */
function thisThread(): number | null {
  try {
    return Number(readlinkSync('/proc/thread-self').split('/').at(-1)); // proc(5)
  } catch {
    return null;
  }
}
