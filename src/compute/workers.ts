/**
 * Workers that run the jobs of hosts, each within a limit of memory and of time. One worker keeps up with the main thread, which needs
 * four times as long for the connections of a host; a further one, which stands ready, takes over where a job takes long. A job that
 * takes long has less claim to the processors than the connections and the short jobs of the other hosts.
 */
import { setPriority } from 'node:os';
import { cpuUsage } from 'node:process';
import { Worker } from 'node:worker_threads';
import { HardenMailError } from '../model/errors.ts';
import { JOB_LIMITS, overLimit, type Compute } from './compute.ts';
import { errorFrom, type Greeting, type JobAnswer, type JobRequest } from './message.ts';

/** A job that runs for this long does not make the next one wait: a further worker takes that, up to the width. */
const LONG_MILLISECONDS = 40;

/** After this time a job no longer counts for the width either: a few hosts with endless jobs must not make all others wait. */
const ENDLESS_MILLISECONDS = 1000;

/** Endless jobs at a time, beside the width. Each may take the memory that a job may take. */
const MOST_ENDLESS = 4;

/** On a loaded machine a job is not given up before the process has had half of the time as CPU time, but at this multiple at the latest. */
const MOST_PATIENCE = 6;

/** The nice value of a thread whose job takes long: beside a thread of value 0, a processor gives it a quarter of its time. */
const NICE = 5;

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

export interface WorkerPool {
  readonly compute: Compute;
  /** Starts the first worker, and the one that stands ready, before they are needed. */
  warm(): void;
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
  /** The system's number of its thread, once it is known; null where it has none. */
  thread: number | null;
  /** Whether the thread has less claim to the processors now. */
  isNice: boolean;
  task: Task | null;
  since: number;
  timers: NodeJS.Timeout[];
}

export function workerPool({ program, width, cut, limits = JOB_LIMITS }: WorkerPoolOptions): WorkerPool {
  const members = new Set<Member>();
  const waiting: Task[] = [];

  function start(): Member {
    const resourceLimits = { maxOldGenerationSizeMb: limits.megabytes, maxYoungGenerationSizeMb: YOUNG_MEGABYTES };
    const member: Member = {
      worker: new Worker(program, { resourceLimits, eval: typeof program === 'string' }),
      thread: null,
      isNice: false,
      task: null,
      since: 0,
      timers: [],
    };
    members.add(member);
    member.worker.unref(); // an idle worker does not keep the process alive
    member.worker.on('message', (answer: Greeting | JobAnswer) => {
      if ('thread' in answer) {
        member.thread = answer.thread;
        return;
      }
      const task = settle(member);
      if (member.isNice) setNice(member, false);
      if (task && 'error' in answer) task.reject(errorFrom(answer.error));
      else if (task && 'result' in answer) task.resolve(answer.result as never);
      serve();
    });
    member.worker.on('error', (error: NodeJS.ErrnoException) => {
      const isFull = error.code === 'ERR_WORKER_OUT_OF_MEMORY';
      drop(member, (host) => (isFull ? overLimit(host, `${limits.megabytes} MB of memory`) : error));
    });
    member.worker.on('exit', () => drop(member, () => new Error('a worker ended by itself')));
    return member;
  }

  /** Takes the task from its worker. */
  function settle(member: Member): Task | null {
    const { task } = member;
    for (const timer of member.timers) clearTimeout(timer);
    Object.assign(member, { task: null, timers: [] });
    member.worker.unref();
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
    while (waiting.length > 0 && hasRoom()) begin(idle() ?? start(), waiting.shift()!);
  }

  function idle(): Member | undefined {
    return [...members].find(({ task }) => task === null);
  }

  /** May one more worker have a task? */
  function hasRoom(): boolean {
    const busy = [...members].filter(({ task }) => task !== null);
    const ages = busy.map(({ since }) => performance.now() - since);
    const endless = ages.filter((age) => age >= ENDLESS_MILLISECONDS).length;
    return ages.every((age) => age >= LONG_MILLISECONDS) && ages.length - Math.min(endless, MOST_ENDLESS) < width;
  }

  /** A job takes long: the thread gets less claim to the processors, and another worker may take the next task. */
  function isLong(member: Member): void {
    setNice(member, true);
    serve();
    if (members.size < width && !idle()) start(); // it stands ready
  }

  function begin(member: Member, task: Task): void {
    member.task = task;
    member.since = performance.now();
    member.timers = [
      setTimeout(() => isLong(member), LONG_MILLISECONDS + 1),
      setTimeout(serve, ENDLESS_MILLISECONDS + 1),
    ];
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

  return {
    compute: (host, job, ...args) =>
      new Promise((resolve, reject) => {
        if (cut.aborted) return reject(interrupted());
        waiting.push({ host, request: { job, args }, resolve, reject });
        serve();
      }),
    warm() {
      while (members.size < Math.min(2, width)) start();
    },
  };
}

/** Of one thread: setpriority(2), NOTES. Without privileges it takes a claim away, and does not give it back: the worker keeps the value. */
function setNice(member: Member, isNice: boolean): void {
  if (member.thread === null) return;
  try {
    setPriority(member.thread, isNice ? NICE : 0);
    member.isNice = isNice;
  } catch {
    // A system that allows neither: all threads have the same claim.
  }
}

function interrupted(): HardenMailError {
  return new HardenMailError('INTERRUPTED', 'interrupted', 'Nothing more was written.');
}
