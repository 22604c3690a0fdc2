/** Running programs on this machine. Every child that outlives one call is tied to us: it dies when we do. */

import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { openSync, closeSync } from 'node:fs';

export interface Result {
  /** Exit status; 128 + n when signal n ended it. */
  readonly code: number;
  readonly stdout: Buffer;
  readonly stderr: Buffer;
}

export interface ProgramOptions {
  readonly input?: string | Uint8Array;
  readonly cwd?: string;
  readonly env?: NodeJS.ProcessEnv;
}

/** Runs a program to its end. Rejects only when it cannot be started. */
export async function runProgram(file: string, args: readonly string[], options: ProgramOptions = {}): Promise<Result> {
  const { input = '', ...rest } = options;
  const child = spawn(file, args, { ...rest, stdio: 'pipe' });
  const stdout: Buffer[] = [];
  const stderr: Buffer[] = [];
  child.stdout.on('data', (chunk: Buffer) => stdout.push(chunk));
  child.stderr.on('data', (chunk: Buffer) => stderr.push(chunk));
  child.stdin.on('error', () => {}); // a program may end without having read its input
  child.stdin.end(input);
  const [code] = (await once(child, 'close')) as [number | null];
  return { code: code ?? 255, stdout: Buffer.concat(stdout), stderr: Buffer.concat(stderr) };
}

/** Runs a program that must succeed; gives its standard output. */
export async function must(file: string, args: readonly string[], options: ProgramOptions = {}): Promise<string> {
  const { code, stdout, stderr } = await runProgram(file, args, options);
  if (code === 0) return stdout.toString();
  throw new Error(`lab: ${[file, ...args].join(' ')} ended with ${code}\n${stderr.toString() || stdout.toString()}`);
}

/**
 * The command line of a program that, with everything it starts, ends when we end, even when we are killed: it is
 * alone in a process namespace whose first process gets SIGKILL with its parent. Its mounts are its own too.
 */
export const tied = (...command: string[]): [string, string[]] => [
  'setpriv',
  [
    ...['--pdeathsig', 'KILL', 'unshare', '--mount', '--propagation', 'private'],
    ...['--pid', '--fork', '--kill-child', '--mount-proc', ...command],
  ],
];

const background = new Set<ChildProcess>();

/** Starts a tied program that runs until it ends or is killed, writing what it says to the file `log`. */
export function start(log: string, env: NodeJS.ProcessEnv, ...command: string[]): ChildProcess {
  const output = openSync(log, 'a');
  const child = spawn(...tied(...command), {
    stdio: ['ignore', output, output],
    env: { ...process.env, ...env },
    detached: true, // Ctrl-C in the terminal is for us: we take things down in order
  });
  closeSync(output);
  background.add(child);
  return child.once('close', () => background.delete(child));
}

/** Kills all that `start` has started. */
export const killAll = (): void => background.forEach((child) => void child.kill('SIGKILL'));

/** Does `work` while this process alone holds the lock; the lock goes with the process. */
export async function withLock<T>(path: string, work: () => Promise<T>, onWait?: () => void): Promise<T> {
  const holder = spawn('flock', [path, 'sh', '-c', 'echo; exec cat'], {
    stdio: ['pipe', 'pipe', 'inherit'],
    detached: true, // Ctrl-C in the terminal must not take the lock away while we clean up
  });
  const gone = once(holder, 'close');
  const refused = gone.then(() => Promise.reject(new Error(`lab: cannot lock ${path}`)));
  refused.catch(() => {}); // it comes after the work, too
  const timer = onWait && setTimeout(onWait, 500);
  await Promise.race([once(holder.stdout, 'data'), refused]);
  clearTimeout(timer);
  try {
    return await work();
  } finally {
    holder.stdin.end();
    await gone;
  }
}

let tell = (line: string): void => void process.stderr.write(line);

/** Gives the lines of the lab to another reader than standard error. */
export const sayThrough = (reader: (line: string) => void): void => void (tell = reader);

export const say = (text: string): void => tell(`lab: ${text}\n`);
