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
const ALONE: Patience = { first: 1000, later: 1000 };

/** A hostile host takes no more of the main thread than a usual host does. */
const AMONG_OTHERS: Patience = { first: 60, later: 25 };

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
