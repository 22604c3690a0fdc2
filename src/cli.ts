/** Flags and environment in, an exit code out. What is slow to load is loaded when it is needed. */
import type { ReadStream, WriteStream } from 'node:tty';
import { EXIT, HardenMailError, worstExit } from './errors.ts';
import type { HostResult } from './model.ts';
import { parseArguments, type Flags, type HostCommand } from './arguments.ts';
import { escape } from './report/escape.ts';
import { failure } from './words.ts';

export interface Process {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly stdin: ReadStream;
  readonly stdout: WriteStream;
  readonly stderr: WriteStream;
  /** Aborted by the first Ctrl-C. */
  readonly signal: AbortSignal;
}

/** Runs a command line; returns the exit code (docs/exit-codes.md). */
export async function main(args: readonly string[], process: Process): Promise<number> {
  try {
    const parsed = await parseArguments(args, process.env, process.stdout.columns ?? 80);
    if ('text' in parsed) {
      process.stdout.write(`${parsed.text}\n`);
      return EXIT.ok;
    }
    if (parsed.command === 'explain') {
      const { explain, listSettings } = await import('./explain.ts');
      process.stdout.write(`${parsed.setting === undefined ? listSettings() : explain(parsed.setting)}\n`);
      return EXIT.ok;
    }
    if (parsed.command === 'completion') {
      const { completion } = await import('./completion.ts');
      process.stdout.write(completion(parsed.shell));
      return EXIT.ok;
    }
    return await overHosts(parsed.command, parsed.flags, process);
  } catch (error) {
    const { message, hint, exit } = failure(error);
    process.stderr.write(`harden-mail: ${escape(message)}\n  → ${escape(hint)}\n`);
    return exit;
  }
}

async function overHosts(command: HostCommand, flags: Flags, process: Process): Promise<number> {
  const { chooseHosts, runOptions, tasksOf } = await import('./settings.ts');
  if (flags['list-tasks']) {
    const { listTasks } = await import('./tags.ts');
    process.stdout.write(listTasks(tasksOf(flags)));
    return EXIT.ok;
  }
  const { terminal } = await import('./terminal.ts');
  const screen = terminal(process, flags);
  const asks = command === 'apply' || command === 'rollback';
  if (asks && !flags['dry-run'] && !flags.yes && !screen.interactive) {
    throw new HardenMailError(
      'NOT_CONFIRMABLE',
      'there is no terminal to ask on',
      'Give --yes, or --dry-run to look only.',
    );
  }
  const hosts = await chooseHosts(flags);
  const options = await runOptions(flags, process, screen);
  const { apply, check, dns, doctor, history, rollback, verifyHosts } = await import('./run.ts');
  const road = { apply, check, dns, doctor, history, rollback, verify: verifyHosts }[command];
  const results = await road(hosts, options, screen);
  const exit = exitOf(results, flags['detailed-exitcode'] === true, process.signal);
  await screen.finish(command, exit, results);
  return exit;
}

function exitOf(results: readonly HostResult[], detailed: boolean, signal: AbortSignal): number {
  const exits = results.map(({ exit, ending }) => (detailed && ending.kind === 'pending' ? EXIT.pending : exit));
  return signal.aborted ? EXIT.interrupted : worstExit(exits);
}
