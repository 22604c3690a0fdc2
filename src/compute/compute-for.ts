import { availableParallelism } from 'node:os';
import { getRawAsset, isSea } from 'node:sea';
import { atFirstHere } from './at-first-here.ts';
import { inThisThread, type Compute } from './compute.ts';
import { workerPool } from './workers.ts';

/**
 * The worker's program: a file beside the built program, which is one file, or its text in the single executable (scripts/binary.ts). The
 * source has none: Node starts no worker from TypeScript.
 */
function workerProgram(): URL | string | null {
  if (isSea()) return Buffer.from(getRawAsset('worker.cjs') as ArrayBuffer).toString('latin1');
  return import.meta.url.endsWith('/program.cjs') ? new URL('./worker.cjs', import.meta.url) : null;
}

/**
 * The way in which a run works on what its hosts send. With one host the main thread has nothing else to do, so it does the work
 * itself unless the work takes long; with several hosts it serves the connections, and workers do the work.
 * @param hosts their number
 * @param cut aborted when the work is to end at once
 */
export function computeFor(hosts: number, cut: AbortSignal): Compute {
  const program = workerProgram();
  if (program === null) return inThisThread;
  const workers = workerPool({ program, width: Math.min(hosts, availableParallelism()), cut });
  if (hosts === 1) return atFirstHere(workers.compute);
  workers.warm();
  return workers.compute;
}
