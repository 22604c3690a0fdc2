/** Times whole processes, several contenders in turn, so that a machine whose speed drifts is fair to all of them. */
import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export interface Contender {
  readonly name: string;
  readonly command: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
}

export interface Figures {
  /** Milliseconds. */
  readonly median: number;
  readonly min: number;
  readonly max: number;
  /** Peak resident set, MB; 0 where the contender is not Node. */
  readonly memory: number;
}

/** Runs every contender `runs` times after one warm-up, A B C A B C …; a run that does not end with 0 is an error. */
export async function measure(contenders: readonly Contender[], runs: number): Promise<Map<string, Figures>> {
  const folder = mkdtempSync(join(tmpdir(), 'harden-mail-bench-'));
  const samples = new Map(contenders.map(({ name }) => [name, [] as number[]]));
  const memory = new Map<string, number>();
  for (let round = 0; round <= runs; round++) {
    for (const { name, command, env } of contenders) {
      const file = join(folder, 'rss');
      const took = await once(command, { ...process.env, ...env, HARDEN_MAIL_BENCH_RSS: file });
      if (round > 0) samples.get(name)?.push(took);
      memory.set(name, Math.max(memory.get(name) ?? 0, peak(file)));
    }
  }
  rmSync(folder, { recursive: true });
  return new Map(
    [...samples].map(([name, all]) => {
      const sorted = all.toSorted((a, b) => a - b);
      const [min = 0, max = 0] = [sorted[0], sorted.at(-1)];
      const median = ((sorted[(sorted.length - 1) >> 1] ?? 0) + (sorted[sorted.length >> 1] ?? 0)) / 2;
      return [name, { median, min, max, memory: memory.get(name) ?? 0 }];
    }),
  );
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
    child.once('close', (code) =>
      code === 0
        ? resolve(performance.now() - started)
        : reject(new Error(`${command.join(' ')} ended with ${code}: ${output}`)),
    );
  });
}

function peak(file: string): number {
  try {
    return Number(readFileSync(file, 'utf8')) / 1024;
  } catch {
    return 0;
  } finally {
    rmSync(file, { force: true });
  }
}
