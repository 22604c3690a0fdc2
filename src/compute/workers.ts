/**
 * Workers that run the jobs which take long, each within a limit of memory and of time. A worker starts with the first such job, and has less
 * claim to the processors than the main thread, which serves the connections and the short jobs of the other hosts.
 */
import { cpuUsage } from 'node:process';
import { Worker } from 'node:worker_threads';
import { HardenMailError } from '../model/errors.ts';
import { JOB_LIMITS, overLimit, type Compute } from './compute.ts';
import { errorFrom, type JobAnswer, type JobRequest } from './message.ts';

/** After this time a job no longer counts for the width: a few hosts with endless jobs must not make all others wait. */
const ENDLESS_MILLISECONDS = 1000;

/** Endless jobs at a time, beside the width. Each may take the memory that a job may take. */
const MOST_ENDLESS = 4;

/** On a loaded machine a job is not given up before the process has had half of the time as CPU time, but at this multiple at the latest. */
const MOST_PATIENCE = 6;

/** Megabytes for young objects in a worker; V8's default would keep 30 MB more for each. */
const YOUNG_MEGABYTES = 16;

export interface WorkerPoolOptions {
  /** The worker's program: its file, or its text. */
  readonly program: URL | string;
  /** Workers at a time: the number of processors. */
  readonly width: number;
  /** Aborted when the user interrupts a run that only reads: every job ends at once. */
  readonly cut: AbortSignal;
  readonly limits?: { readonly seconds: number; readonly megabytes: number };
}

interface Task {
  readonly host: string;
  readonly request: JobRequest;
  readonly resolve: (result: never) => void;
  readonly reject: (reason: Error) => void;
}

/** A worker that runs the task since then (`performance.now()`), or has none. */
interface Member {
  readonly worker: Worker;
  task: Task | null;
  since: number;
  timers: NodeJS.Timeout[];
}

export function workerPool({ program, width, cut, limits = JOB_LIMITS }: WorkerPoolOptions): Compute {
  const members = new Set<Member>();
  const waiting: Task[] = [];

  function start(): Member {
    const resourceLimits = { maxOldGenerationSizeMb: limits.megabytes, maxYoungGenerationSizeMb: YOUNG_MEGABYTES };
    const worker = new Worker(program, { resourceLimits, eval: typeof program === 'string' });
    const member: Member = { worker, task: null, since: 0, timers: [] };
    members.add(member);
    worker.on('message', (answer: JobAnswer) => {
      const task = settle(member);
      if (task && 'error' in answer) task.reject(errorFrom(answer.error));
      else if (task && 'result' in answer) task.resolve(answer.result as never);
      serve();
    });
    worker.on('error', (error: NodeJS.ErrnoException) => {
      const isFull = error.code === 'ERR_WORKER_OUT_OF_MEMORY';
      drop(member, (host) => (isFull ? overLimit(host, `${limits.megabytes} MB of memory`) : error));
    });
    worker.on('exit', () => drop(member, () => new Error('a worker ended by itself')));
    return member;
  }

  /** Takes the task from its worker. */
  function settle(member: Member): Task | null {
    const { task } = member;
    for (const timer of member.timers) clearTimeout(timer);
    Object.assign(member, { task: null, timers: [] });
    member.worker.unref(); // an idle worker does not keep the process alive
    return task;
  }

  /** Ends a worker, and its task with this error. */
  function drop(member: Member, why: (host: string) => Error): void {
    if (!members.delete(member)) return;
    const task = settle(member);
    void member.worker.terminate();
    task?.reject(why(task.host));
    serve();
  }

  /** Gives waiting tasks to workers that have none, and starts further workers. */
  function serve(): void {
    while (waiting.length > 0 && hasRoom()) {
      const idle = [...members].find(({ task }) => task === null);
      begin(idle ?? start(), waiting.shift()!);
    }
  }

  /** May one more worker have a task? */
  function hasRoom(): boolean {
    const busy = [...members].filter(({ task }) => task !== null);
    const endless = busy.filter(({ since }) => performance.now() - since >= ENDLESS_MILLISECONDS).length;
    return busy.length - Math.min(endless, MOST_ENDLESS) < width;
  }

  function begin(member: Member, task: Task): void {
    member.task = task;
    member.since = performance.now();
    member.timers = [setTimeout(serve, ENDLESS_MILLISECONDS + 1)];
    watch(member);
    member.worker.ref();
    member.worker.postMessage(task.request);
  }

  /** Ends the task of a worker when its time is over. */
  function watch(member: Member): void {
    const before = cpuUsage();
    const check = (): void => {
      const { user, system } = cpuUsage(before);
      const hasRun = (user + system) / 1e6 >= limits.seconds / 2;
      const isLate = performance.now() - member.since >= limits.seconds * 1000 * MOST_PATIENCE;
      if (hasRun || isLate) drop(member, (host) => overLimit(host, `${limits.seconds} s`));
      else member.timers.push(setTimeout(check, 1000));
    };
    member.timers.push(setTimeout(check, limits.seconds * 1000));
  }

  function interrupt(): void {
    for (const task of waiting.splice(0)) task.reject(interrupted());
    for (const member of members) if (member.task) drop(member, interrupted);
  }
  cut.addEventListener('abort', interrupt, { once: true });

  return (host, job, ...args) =>
    new Promise((resolve, reject) => {
      if (cut.aborted) return reject(interrupted());
      waiting.push({ host, request: { job, args }, resolve, reject });
      serve();
    });
}

function interrupted(): HardenMailError {
  return new HardenMailError('INTERRUPTED', 'interrupted', 'Nothing more was written.');
}
