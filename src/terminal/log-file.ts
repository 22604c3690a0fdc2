/** `--log-file`: a record of a run, line by line, as it happens. */
import { openSync, writeSync } from 'node:fs';
import { pid } from 'node:process';
import { Chalk } from 'chalk';
import { diffsOf, diffsOfHost } from './diffs.ts';
import { HardenMailError } from '../model/errors.ts';
import { redact } from '../formats/redact.ts';
import type { HostResult } from '../model/index.ts';
import { isAboutChecks } from './recap.ts';
import { commandLine } from '../report/command-line.ts';
import { viewOf, type Views } from '../report/ending-view.ts';
import { escape } from '../report/escape.ts';
import { findingLines } from '../report/findings.ts';
import { headline, planLines } from '../report/plan-lines.ts';
import { totalOf, outcomeOf } from '../report/total.ts';
import type { Terminal } from './terminal.ts';

const plain = new Chalk({ level: 0 });

/** Writes one entry of one or more lines. Text from a host is escaped here, and each line begins with its time. */
export type Log = (...lines: readonly string[]) => void;

/**
 * Opens the file for appending; a new file is readable by its owner only. Each write is one or more whole lines, so parallel runs
 * do not mix within a line. A full disk is reported once and does not stop the run: a host may be in the middle of a transaction.
 * @throws USAGE if it cannot be written
 */
export function openLog(path: string, tell: (line: string) => void): Log {
  let file: number | null = opened(path);
  return (...lines) => {
    if (file === null || lines.length === 0) return;
    const stamp = `${new Date().toISOString()} [${pid}] `;
    try {
      writeSync(file, lines.map((line) => `${stamp}${escape(redact(line))}\n`).join(''));
    } catch (error) {
      file = null;
      tell(`harden-mail: ${escape(path)} cannot be written any more: ${reasonOf(error)}`);
    }
  };
}

function opened(path: string): number {
  try {
    return openSync(path, 'a', 0o600);
  } catch (error) {
    const hint = 'Give a path that you may write to, in an existing folder.';
    throw new HardenMailError('USAGE', `--log-file ${path} cannot be written: ${reasonOf(error)}`, hint);
  }
}

function reasonOf(error: unknown): string {
  const { code, message } = error as NodeJS.ErrnoException;
  return code ?? message;
}

/** Data for the first line of a run. */
interface LoggedRun {
  readonly command: string;
  readonly version: string;
  readonly flags: Readonly<Record<string, unknown>>;
  readonly who: string;
}

/** The same terminal, which also writes its messages to the log. */
export function logged(screen: Terminal, log: Log, { command, version, flags, who }: LoggedRun): Terminal {
  const options = Object.entries(flags).map(([name, value]) => `--${name}=${String(value)}`);
  log(`harden-mail ${version} ${command} begins, by ${who}: ${options.join(' ')}`);
  return {
    ...screen,
    progress: {
      each: (items, width, work) =>
        screen.progress.each(items, width, async (item, say) => {
          const steps = stepwatch((text) => log(`${item.name}: ${text}`));
          const outcome = await work(item, (step) => {
            steps.next(step);
            say(step);
          });
          steps.end();
          return outcome;
        }),
      aside: (talk) => screen.progress.aside(talk),
    },
    async show(plans) {
      for (const { name, facts, plan } of plans) {
        const diffs = (await diffsOf(plan.changes)).flatMap((diff) => diff.trimEnd().split('\n'));
        log(...ofHost(name, [headline(name, facts, plain), ...planLines(plan, plain), ...diffs]));
      }
      await screen.show(plans);
    },
    async ask(question) {
      const answer = await screen.ask(question);
      log(`asked: ${question} ${answer ? 'yes' : 'no'}`);
      return answer;
    },
    command(ran) {
      log(commandLine(ran));
      screen.command(ran);
    },
    debug(line) {
      log(`debug: ${line}`);
      screen.debug(line);
    },
    async finish(run) {
      for (const result of run.results) log(...ofHost(result.host, await told(result, run.views)));
      if (run.failure) log(`${run.failure.message} → ${run.failure.hint}`);
      else log(totalOf(run.results.map(({ ending, exit }) => outcomeOf(ending.kind, exit, run.views))));
      log(`harden-mail ${command} ends, exit ${run.exit}, ${run.seconds.toFixed(3)} s`);
      await screen.finish(run);
    },
  };
}

async function told(result: HostResult, views: Views): Promise<string[]> {
  const { ending, findings, seconds } = result;
  const view = viewOf(views, ending.kind);
  const above = await view.above(result, plain, diffsOfHost());
  const lines = above.flatMap((text) => text.trimEnd().split('\n')).filter(Boolean);
  const seen = isAboutChecks(ending) ? findingLines(findings, plain, true) : [];
  return [...lines, ...seen, ...view.lines(result, plain), `${seconds.toFixed(3)} s in all`];
}

/** Prefixes every line with its host, so that text from one host cannot pass for another's. */
function ofHost(name: string, lines: readonly string[]): string[] {
  return lines.map((line) => `${name}: ${line}`);
}

/** Logs each step when it begins, and its duration when the next one begins. */
function stepwatch(tell: (text: string) => void): { next: (step: string) => void; end: () => void } {
  let present: { readonly step: string; readonly began: number } | null = null;
  const end = (): void => {
    if (present) tell(`${present.step} took ${((performance.now() - present.began) / 1000).toFixed(3)} s`);
    present = null;
  };
  const next = (step: string): void => {
    end();
    present = { step, began: performance.now() };
    tell(step);
  };
  return { next, end };
}
