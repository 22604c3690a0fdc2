/** Flags and environment in, an exit code out. Modules that are slow to load are loaded on demand. */
import { setFlagsFromString } from 'node:v8';
import { EXIT, HardenMailError, worstExit } from '../model/errors.ts';
import type { HostResult } from '../model/index.ts';
import { parseArguments, type Flags } from './arguments.ts';
import { againFor } from './again.ts';
import { COMMANDS } from './command-names.ts';
import { HOST_COMMANDS, type HostCommand } from '../run/commands/index.ts';
import type { Command } from '../run/commands/index.ts';
import { PLAY } from '../run/spare/sent-program.ts';
import { viewsOf } from '../report/ending-view.ts';
import { escape } from '../report/escape.ts';
import { nagiosExit, nagiosState } from '../report/nagios.ts';
import type { Process } from '../terminal/process.ts';
import type { Terminal, TerminalOptions } from '../terminal/terminal.ts';
import { failure } from '../run/endings.ts';

/** Runs a command line; returns the exit code (docs/exit-codes.md). */
export async function main(args: readonly string[], process: Process): Promise<number> {
  try {
    if (args.length === 1 && args[0] === PLAY) return await (await import('../run/spare/play.ts')).play(process);
    const config = async (): Promise<Flags> => (await import('./config-file.ts')).readConfig(process.env);
    const parsed = await parseArguments(args, process.env, process.stdout.columns ?? 80, config);
    if ('text' in parsed) {
      process.stdout.write(`${parsed.text}\n`);
      return EXIT.ok;
    }
    if (parsed.command === 'explain') {
      const { explain, listRules, listSettings } = await import('./explain.ts');
      process.stdout.write(
        `${parsed.setting === undefined ? [listSettings(), listRules()].join('\n\n') : explain(parsed.setting)}\n`,
      );
      return EXIT.ok;
    }
    if (parsed.command === 'report') {
      const { writeReport } = await import('./report-file.ts');
      process.stdout.write(`${escape(await writeReport(parsed, process))}\n`);
      return EXIT.ok;
    }
    if (parsed.command === 'completion') {
      const { completion } = await import('./completion.ts');
      process.stdout.write(completion(parsed.shell));
      return EXIT.ok;
    }
    return await overHosts(parsed.command, parsed, process);
  } catch (error) {
    const { message, hint, exit } = withCommand(failure(error), args[0]);
    process.stderr.write(`harden-mail: ${escape(message)}\n  → ${escape(hint)}\n`);
    return exit;
  }
}

/** Hints are written for any command: `harden-mail COMMAND --help`. */
function withCommand<T extends { readonly message: string; readonly hint: string }>(failed: T, command = ''): T {
  if (!Object.hasOwn(COMMANDS, command)) return failed;
  const named = (text: string): string => text.replaceAll('harden-mail COMMAND', `harden-mail ${command}`);
  return { ...failed, message: named(failed.message), hint: named(failed.hint) };
}

interface Given {
  readonly flags: Flags;
  /** Of the configuration file, for hosts. */
  readonly defaults: Flags;
}

async function overHosts(command: HostCommand, given: Given, process: Process): Promise<number> {
  const { flags } = given;
  if (flags['list-tasks']) {
    const [{ tasksOf }, { listTasks }] = await Promise.all([import('./run-options.ts'), import('./task-selection.ts')]);
    process.stdout.write(listTasks(tasksOf(flags), flags.json === true));
    return EXIT.ok;
  }
  if (flags['list-hosts']) {
    const [{ chooseHosts }, { listHosts }] = await Promise.all([import('./run-options.ts'), import('./list-hosts.ts')]);
    const hosts = await chooseHosts(given, (line) => void process.stderr.write(`${escape(line)}\n`));
    process.stdout.write(listHosts(hosts, flags.json === true));
    return EXIT.ok;
  }
  const [began, started] = [Date.now(), performance.now()];
  const screen = await screenFor(command, flags, process);
  const module: Command = await HOST_COMMANDS[command].load();
  const outcome = await go(command, module, given, process, screen).catch((error: unknown) => ({ error }));
  const failed = 'error' in outcome ? withCommand(failure(outcome.error), command) : undefined;
  const results = 'error' in outcome ? [] : outcome.map((result) => detailed(result, flags));
  const isPlugin = flags.format === 'nagios';
  const ours = failed?.exit ?? exitOf(results, process.signal);
  const exit = isPlugin ? nagiosExit(nagiosState(results, failed)) : ours;
  const views = viewsOf(module.endings);
  const dryRun = flags['dry-run'] === true;
  const bare = module.bare === true;
  const run = {
    command,
    version: process.version,
    views,
    bare,
    dryRun,
    began,
    exit,
    results,
    again: againFor(flags, process.env),
    interrupted: process.signal.aborted,
    ...(failed && { failure: failed }),
  };
  await screen.finish({ ...run, seconds: (performance.now() - started) / 1000 });
  if ('error' in outcome && !isPlugin) throw outcome.error;
  if (module.stays?.(results)) await new Promise(() => setInterval(() => {}, 60_000));
  return exit;
}

async function screenFor(command: HostCommand, flags: Flags, process: Process): Promise<Terminal> {
  if (flags.quiet && (flags.verbose || flags.debug)) throw usage('--quiet contradicts --verbose and --debug');
  if (flags.csv && flags.json) throw usage('give --json or --csv, not both');
  if (flags.json && flags.format !== undefined) throw usage('--json contradicts --format');
  if (flags['upgrade-to'] !== undefined && flags.format !== undefined) throw usage('--upgrade-to contradicts --format');
  const { terminal } = await import('../terminal/terminal.ts');
  const screen = terminal(process, terminalOptions(flags));
  if (flags['log-file'] === undefined) return screen;
  const { logged, openLog } = await import('../terminal/log-file.ts');
  const { whoRuns } = await import('./run-options.ts');
  const log = openLog(flags['log-file'], screen.note);
  return logged(screen, log, { command, version: process.version, flags, who: whoRuns(process.env) });
}

async function go(
  command: HostCommand,
  { flow }: Command,
  given: Given,
  process: Process,
  screen: Terminal,
): Promise<readonly HostResult[]> {
  const { flags } = given;
  const asks = command === 'apply' || command === 'rollback';
  if (asks && !flags['dry-run'] && !flags.yes && !screen.interactive) {
    throw new HardenMailError(
      'NOT_CONFIRMABLE',
      'there is no terminal to ask on',
      'Give --yes to apply without a question, or --dry-run to see the plan only.',
    );
  }
  const { chooseHosts, runOptions } = await import('./run-options.ts');
  const hosts = await chooseHosts(given, (line) => screen.note(escape(line)));
  if (hosts.length > 1) spareMemory();
  const options = await runOptions(flags, process, screen, hosts.length);
  return flow(hosts, options, screen);
}

/** With many hosts most objects die young, so cap V8's young generation (saves 20 MB at 50 hosts, costs no time). */
function spareMemory(): void {
  setFlagsFromString('--semi-space-growth-factor=1');
}

function terminalOptions(flags: Flags): TerminalOptions {
  return {
    json: flags.json === true,
    csv: flags.csv === true,
    quiet: flags.quiet === true,
    verbose: flags.verbose === true,
    debug: flags.debug === true,
    diff: (flags.diff ?? 'yes') as TerminalOptions['diff'],
    ...(flags.progress !== undefined && { lines: flags.progress }),
    ...(flags.format !== undefined && { format: flags.format as 'nagios' | 'prometheus' }),
    color: (flags.color ?? 'auto') as TerminalOptions['color'],
    unattended: flags.yes === true || flags['dry-run'] === true,
  };
}

/** With --detailed-exitcode, a dry run that finds changes ends with code 2, for each host and for the run. */
export function detailed(result: HostResult, flags: Flags): HostResult {
  const wanted = flags['detailed-exitcode'] === true && result.ending.kind === 'pending';
  return wanted ? { ...result, exit: EXIT.pending } : result;
}

function exitOf(results: readonly HostResult[], signal: AbortSignal): number {
  return signal.aborted ? EXIT.interrupted : worstExit(results.map(({ exit }) => exit));
}

function usage(message: string): HardenMailError {
  return new HardenMailError('USAGE', message, '`harden-mail COMMAND --help` shows the options.');
}
