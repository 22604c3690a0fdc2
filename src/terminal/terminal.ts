import { Chalk } from 'chalk';
import type { Process } from './process.ts';
import { diffsFor, diffsOf, type DiffWish } from './diffs.ts';
import { askUser, isInteractive } from './questions.ts';
import { document, recap, type FinishedRun } from './recap.ts';
import type { RemoteCommand } from '../model/index.ts';
import { alike, sharedBy, type Shown } from '../report/alike.ts';
import { commandLine } from '../report/command-line.ts';
import { escape } from '../report/escape.ts';
import { fit } from '../report/fit.ts';
import { liveProgress, NO_PROGRESS, plainProgress } from './progress.ts';
import { diffLines, headline, planLines } from '../report/plan-lines.ts';
import { summaryLines } from '../report/plan-summary.ts';
import type { Io } from '../run/step.ts';

export interface Terminal extends Io {
  /** Can the run ask a question? */
  readonly interactive: boolean;
  askLine(text: string): Promise<string>;
  askSecret(text: string): Promise<string>;
  /** A line on standard error, above the progress. */
  readonly note: (line: string) => void;
  /** For `--verbose`: a script ran on a host. */
  readonly command: (command: RemoteCommand) => void;
  /** For `--debug`: a step of connecting. */
  readonly debug: (line: string) => void;
  /** Prints the end of the run: a recap for people, or the JSON document. */
  finish(run: FinishedRun): Promise<void>;
}

/** How the terminal shows a run. */
export interface TerminalOptions {
  readonly json: boolean;
  /** Findings as comma-separated values. */
  readonly csv: boolean;
  /** The end of the run is printed for a monitoring system, and nothing else. */
  readonly format?: 'nagios' | 'prometheus';
  /** Only failures, warnings and totals. */
  readonly quiet: boolean;
  /** A line for each command on a host. */
  readonly verbose: boolean;
  /** The same, and a line for each step of connecting. */
  readonly debug: boolean;
  readonly diff: DiffWish;
  /** Lines that say how far the run is; absent: in a terminal, and with `verbose`. */
  readonly lines?: boolean;
  readonly color: 'auto' | 'always' | 'never';
  /** The run does not ask anybody to agree to a plan. */
  readonly unattended: boolean;
}

const DEFAULTS: TerminalOptions = {
  json: false,
  csv: false,
  quiet: false,
  verbose: false,
  debug: false,
  diff: 'yes',
  color: 'auto',
  unattended: false,
};

/** Results go to standard output, progress and questions to standard error. */
export function terminal(process: Process, given: Partial<TerminalOptions>): Terminal {
  const { env, stdout, stderr } = process;
  const options = { ...DEFAULTS, ...given };
  const { json, csv, format, quiet, debug, diff, color } = options;
  const verbose = options.verbose || debug;
  // A pipe gets whole lines: a program may look for a sentence.
  const width = stdout.isTTY === true ? Math.min(stdout.columns || 80, 100) : Infinity;
  const chalk = new Chalk({ level: colorLevel(color, env, stdout.isTTY === true) });
  const live = stderr.isTTY === true && !env['CI'] && (stderr.columns ?? 0) > 0 && env['TERM'] !== 'dumb' && !verbose;
  const print = (lines: readonly string[]): void => {
    if (!json && !csv && format === undefined && lines.length > 0) stdout.write(`${lines.join('\n')}\n`);
  };
  // Without a terminal nobody watches the progress, and cron mails every line.
  const { lines = verbose || stderr.isTTY === true } = options;
  const progress =
    quiet || !lines
      ? NO_PROGRESS
      : live
        ? liveProgress(stderr, colorLevel(color, env, true) > 0)
        : plainProgress((line) => void stderr.write(`${line}\n`));
  const note = (line: string): void => void progress.aside(async () => stderr.write(`${line}\n`));
  // One question at a time: several hosts may need an answer at once.
  let asked: Promise<unknown> = Promise.resolve();
  const inTurn = (text: string, hidden: boolean): Promise<string> => {
    const answer = asked.then(() => progress.aside(() => askUser(text, hidden, process)));
    asked = answer.catch(() => {});
    return answer;
  };
  // With --quiet, a plan is still shown if the user must agree to it.
  const silent = quiet && (options.unattended || !isInteractive(process));

  return {
    interactive: isInteractive(process),
    progress,
    note,
    async alike(plans) {
      if (plans.length < 2) return plans.map((plan) => [plan]);
      const texts = new Map<Shown, string>();
      for (const shown of plans) {
        const diffs = diff === 'no' ? [] : await diffsOf(shown.plan.changes);
        texts.set(shown, [headline('', shown.facts, chalk), ...planLines(shown.plan, chalk), ...diffs].join('\n'));
      }
      return alike(plans, (shown) => texts.get(shown) ?? '');
    },
    async show(plans) {
      const [first] = plans;
      if (!first || silent) return;
      const told = [...sharedBy(plans), headline(first.name, first.facts, chalk), ...planLines(first.plan, chalk)];
      print(told.flatMap((line) => fit(line, width)));
      print((await diffsFor(diff)(first.plan.changes)).map((one) => diffLines(one, chalk)));
      const whom = plans.length === 1 ? first.name : `these ${plans.length} hosts`;
      print(summaryLines(first.plan, whom, chalk, Math.min(width, 80)));
    },
    async ask(text) {
      return /^y(es)?$/i.test((await inTurn(`${text} [y/N] `, false)).trim());
    },
    askLine: (text) => inTurn(text, false),
    askSecret: (text) => inTurn(text, true),
    command: (command) => verbose && note(commandLine(command)),
    debug: (line) => debug && note(`debug: ${escape(line)}`),
    async finish(run) {
      if (json) stdout.write(await document(run));
      else if (csv) stdout.write((await import('../report/csv.ts')).findingsCsv(run.results));
      else if (format === 'nagios') {
        const { nagiosText } = await import('../report/nagios.ts');
        stdout.write(nagiosText(run.results, run.seconds, run.failure));
      } else if (format === 'prometheus') {
        const { prometheusText } = await import('../report/prometheus.ts');
        stdout.write(prometheusText(run.results, run.version, run.began / 1000 + run.seconds));
      } else print(await recap(run, chalk, { diff, quiet, everything: verbose, width }));
    },
  };
}

/** NO_COLOR (no-color.org) and FORCE_COLOR apply unless --color decides. */
function colorLevel(wish: string, env: Process['env'], tty: boolean): 0 | 1 {
  if (wish !== 'auto') return wish === 'always' ? 1 : 0;
  if (env['NO_COLOR'] || env['FORCE_COLOR'] === '0') return 0;
  if (env['FORCE_COLOR']) return 1;
  return tty && env['TERM'] !== 'dumb' ? 1 : 0;
}
