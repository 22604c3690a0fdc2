/** The part of the spare machine: it reads a job, plays it, and says its steps and the result. */
import { text } from 'node:stream/consumers';
import { EXIT } from '../../model/errors.ts';
import { computeFor } from '../../compute/compute-for.ts';
import { sayThrough } from '../../lab/programs.ts';
import { interruptBy } from '../interrupt.ts';
import { rehearsed } from '../rehearsal/rehearsing.ts';
import { WORLD } from '../world.ts';
import type { RunOptions } from '../step.ts';
import { assertEngine } from './engine.ts';
import { ALIVE, failureLine, resultLine, stepLine } from './answer.ts';
import { unpackJob, type Job } from './job.ts';

/** The streams that it uses. */
interface Player {
  readonly stdin: NodeJS.ReadableStream;
  readonly stdout: NodeJS.WritableStream;
  readonly version: string;
  readonly signal: AbortSignal;
}

/** Milliseconds from one sign of life to the next: each fails where the connection has ended, and the rehearsal ends with it. */
const PULSE = 1000;

export async function play({ stdin, stdout, version, signal }: Player): Promise<number> {
  sayThrough(() => {});
  stdout.on('error', () => process.exit(EXIT.interrupted)); // the lab goes first (src/lab/lab.ts)
  const pulse = setInterval(() => void stdout.write(ALIVE), PULSE);
  try {
    const job = unpackJob(await text(stdin), version);
    await assertEngine();
    const result = await rehearsed(
      job.original,
      optionsOf(job, version, signal),
      (step) => void stdout.write(stepLine(step)),
    );
    stdout.write(resultLine(result));
    return EXIT.ok;
  } catch (error) {
    stdout.write(failureLine(error));
    return EXIT.failed;
  } finally {
    clearInterval(pulse);
  }
}

function optionsOf({ options }: Job, version: string, signal: AbortSignal): RunOptions {
  const interrupt = interruptBy(signal);
  return {
    ...{ ...options, version, interrupt, world: WORLD, compute: computeFor(1, interrupt.cut) },
    ...{ yes: true, keep: false, dryRun: false, audit: false, outside: false, record: false },
    ...{ forks: 1, maxFail: 0, who: 'root' },
    ssh: { acceptNewHostKeys: false, signal: interrupt.cut },
  };
}
