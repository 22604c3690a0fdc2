/** Times whole processes, several contenders in turn, so that a machine whose speed drifts is fair to all of them. */
import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export interface Contender {
  readonly name: string;
  readonly command: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  /** Done before each run, and not timed. */
  readonly before?: () => Promise<unknown>;
}

export interface Figures {
  /** Milliseconds. */
  readonly median: number;
  readonly min: number;
  readonly max: number;
  /** Peak resident set, MB; 0 where the contender is not watched (see `watched`). */
  readonly memory: number;
  /** CPU time of the process, median, ms; 0 likewise. */
  readonly cpu: number;
}

export type Table = ReadonlyMap<string, Figures>;

/** For `env`: a Node process that tells of its memory and CPU time. */
export const watched = { NODE_OPTIONS: `--require=${join(process.cwd(), 'bench/rss.cjs')}` };

/** Runs every contender `runs` times after one warm-up, A B C A B C …; a run that does not end with 0 is an error. */
export async function measure(
  contenders: readonly Contender[],
  runs: number,
  { warmUp = true }: { readonly warmUp?: boolean } = {},
): Promise<Table> {
  const folder = mkdtempSync(join(tmpdir(), 'harden-mail-bench-'));
  const samples = new Map(contenders.map(({ name }) => [name, { took: [] as number[], cpu: [] as number[], peak: 0 }]));
  for (let round = warmUp ? 0 : 1; round <= runs; round++) {
    for (const { name, command, env, before } of contenders) {
      const file = join(folder, 'usage');
      await before?.();
      if (process.stderr.isTTY) process.stderr.write(`\r\x1b[K${round}/${runs} ${name}`);
      const took = await once(command, { ...process.env, ...env, HARDEN_MAIL_BENCH_RSS: file });
      const [kilobytes = 0, cpu = 0] = usage(file);
      const sample = samples.get(name)!;
      sample.peak = Math.max(sample.peak, kilobytes / 1024);
      if (round > 0) sample.took.push(took);
      if (round > 0) sample.cpu.push(cpu);
    }
  }
  rmSync(folder, { recursive: true });
  return new Map(
    [...samples].map(([name, { took, cpu, peak }]) => {
      const { median, min, max } = spread(took);
      return [name, { median, min, max, memory: peak, cpu: spread(cpu).median }];
    }),
  );
}

export function spread(all: readonly number[]): { median: number; min: number; max: number } {
  const sorted = all.toSorted((a, b) => a - b);
  const median = ((sorted[(sorted.length - 1) >> 1] ?? 0) + (sorted[sorted.length >> 1] ?? 0)) / 2;
  return { median, min: sorted[0] ?? 0, max: sorted.at(-1) ?? 0 };
}

function once(command: readonly string[], env: NodeJS.ProcessEnv): Promise<number> {
  const [program = '', ...args] = command;
  return new Promise((resolve, reject) => {
    const started = performance.now();
    const child = spawn(program, args, { env, stdio: ['ignore', 'pipe', 'pipe'] });
    let output = '';
    for (const stream of [child.stdout, child.stderr])
      stream.on('data', (chunk: Buffer) => (output += chunk.toString()));
    child.once('error', reject);
    // "exit", not "close": a connection that ssh leaves open for the next (ControlPersist) holds the pipes.
    child.once('exit', (code) =>
      code === 0
        ? resolve(performance.now() - started)
        : setTimeout(() => reject(new Error(`${command.join(' ')} ended with ${code}: ${output}`)), 100),
    );
  });
}

function usage(file: string): number[] {
  try {
    return readFileSync(file, 'utf8').split(' ').map(Number);
  } catch {
    return [];
  } finally {
    rmSync(file, { force: true });
  }
}
