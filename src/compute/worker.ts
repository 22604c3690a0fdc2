/** The program of a worker: it runs one job at a time. The build makes a file of its own of it. */
import { parentPort } from 'node:worker_threads';
import { work } from './jobs.ts';
import { plainError, type JobAnswer, type JobRequest } from './message.ts';

parentPort?.on('message', ({ job, args }: JobRequest) => {
  let answer: JobAnswer;
  try {
    answer = { result: work(job, args) };
  } catch (error) {
    answer = { error: plainError(error) };
  }
  parentPort?.postMessage(answer);
});
