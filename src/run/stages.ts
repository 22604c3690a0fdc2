/** Runs steps over many hosts: side by side, in batches, with one host's failure kept to that host. */
import type { Host, HostResult } from '../model/index.ts';
import { sizeOf } from './batch.ts';
import { failure, interrupted, stopped } from './endings.ts';
import type { Io, Outcome, RunOptions, Say, Step } from './step.ts';
import { begin, leave, resultOf, type Begun } from './visit.ts';

/** Begins a visit for each host, runs the flow over them, and closes every connection even after an error. */
export async function visiting(hosts: readonly Host[], flow: (begun: Begun[]) => Promise<void>): Promise<HostResult[]> {
  const begun = hosts.map(begin);
  try {
    await flow(begun);
    return begun.map(resultOf);
  } finally {
    begun.forEach(leave);
    await Promise.all(begun.map(({ visit }) => visit.closed));
  }
}

/** A flow of one step. */
export function each(
  hosts: readonly Host[],
  step: Step<Begun, Begun>,
  options: RunOptions,
  io: Io,
): Promise<HostResult[]> {
  return visiting(hosts, async (begun) => void (await stage(step, begun, options, io)));
}

/** Runs one step for every host, side by side. Returns the hosts that continue; a failure becomes that host's ending. */
export async function stage<From extends Begun, To extends Begun>(
  step: Step<From, To>,
  hosts: readonly From[],
  options: RunOptions,
  io: Io,
): Promise<To[]> {
  const { clock } = options.world;
  const reached = new Map<string, To>();
  const guarded = async ({ name, from }: { name: string; from: From }, say: Say): Promise<Outcome> => {
    const { visit } = from;
    const began = clock();
    try {
      if (options.interrupt.asked()) throw interrupted();
      const to = await orInterrupted(step(from, options, say), options.interrupt.cut);
      if (to) reached.set(name, to);
    } catch (error) {
      visit.ending = failure(error);
    }
    visit.spent += clock() - began;
    if (visit.ending) leave(from);
    return visit.ending?.kind === 'failed' ? 'failed' : 'done';
  };
  const items = hosts.map((from) => ({ name: from.visit.name, from }));
  if (items.length > 0) await io.progress.each(items, options.forks, guarded);
  return items.flatMap(({ name }) => reached.get(name) ?? []);
}

/** Milliseconds in which a step may end by itself after an interrupt. A port that says nothing would take seconds. */
const GRACE = 300;

/** The result of the work; INTERRUPTED soon after the cut, whatever the work waits for. */
function orInterrupted<T>(work: Promise<T>, cut: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const end = (): void => void setTimeout(() => reject(interrupted()), GRACE);
    cut.addEventListener('abort', end, { once: true });
    work.then(resolve, reject).finally(() => cut.removeEventListener('abort', end));
  });
}

/** Runs a step batch by batch. After a batch with too many failures, the remaining hosts are not begun. */
export async function inBatches<From extends Begun>(
  step: Step<From, Begun>,
  hosts: readonly From[],
  options: RunOptions,
  io: Io,
): Promise<void> {
  const size = options.serial ? sizeOf(options.serial, hosts.length) : hosts.length;
  for (let begun = 0; begun < hosts.length; begun += size) {
    const failed = hosts.filter(({ visit }) => visit.ending?.kind === 'failed').length;
    if (failed > options.maxFail) {
      for (const { visit } of hosts.slice(begun)) visit.ending = failure(stopped(failed, begun));
      return;
    }
    await stage(step, hosts.slice(begun, begun + size), options, io);
  }
}
