import { availableParallelism } from 'node:os';
import { getRawAsset, isSea } from 'node:sea';
import { atFirstHere, type Patience } from './at-first-here.ts';
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

/** A run on one host has no other to serve meanwhile. Its worker would cost more than a usual job. */
const ALONE: Patience = () => 1000;

/**
 * A hostile host takes little more of the main thread than a usual one does: that needs 40 to 65 ms for its first plan and 30 for a later one
 * that hardens it, and 3 to 13 ms for every other job.
 */
const AMONG_OTHERS: Patience = (job, isCompiled) => (job === 'plan' ? (isCompiled ? 60 : 80) : isCompiled ? 25 : 40);

/**
 * The way in which a run works on what its hosts send: in the main thread where it takes a moment, in a worker where it takes longer.
 * @param hosts their number
 * @param cut aborted when the work is to end at once
 */
export function computeFor(hosts: number, cut: AbortSignal): Compute {
  const program = workerProgram();
  if (program === null) return inThisThread;
  const workers = workerPool({ program, width: Math.min(hosts, availableParallelism()), cut });
  return atFirstHere(workers, hosts === 1 ? ALONE : AMONG_OTHERS);
}
