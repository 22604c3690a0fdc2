import { createInterface } from 'node:readline/promises';
import { Writable } from 'node:stream';
import { Chalk } from 'chalk';
import type { Flags } from './arguments.ts';
import type { Process } from './cli.ts';
import { HardenMailError } from './errors.ts';
import type { Change, Ending, HostResult } from './model.ts';
import { alike, sharedBy, type Shown } from './report/alike.ts';
import { auditLines } from './report/audit.ts';
import { escape } from './report/escape.ts';
import { liveProgress, plainProgress } from './report/progress.ts';
import { endingLine } from './report/ending.ts';
import { findingLines } from './report/findings.ts';
import { transactionLines } from './report/history.ts';
import { diffLines, headline, planLines } from './report/plan.ts';
import { totalLine } from './report/total.ts';
import type { Io } from './run.ts';

export interface Terminal extends Io {
  /** Is there somebody to ask? */
  readonly interactive: boolean;
  askLine(text: string): Promise<string>;
  askSecret(text: string): Promise<string>;
  /** The last words: a recap for people, or the document for programs. */
  finish(command: string, exit: number, results: readonly HostResult[]): Promise<void>;
}

/** Results go to standard output, progress and questions to standard error. */
export function terminal(process: Process, flags: Flags): Terminal {
  const { env, stdin, stdout, stderr } = process;
  const json = flags.json === true;
  const interactive = stdin.isTTY === true && stderr.isTTY === true && !env['CI'];
  const chalk = new Chalk({ level: colorLevel(flags.color ?? 'auto', env, stdout.isTTY === true) });
  const live =
    stderr.isTTY === true && !env['CI'] && (stderr.columns ?? 0) > 0 && env['TERM'] !== 'dumb' && !flags.debug;
  const print = (lines: readonly string[]): void => {
    if (!json && lines.length > 0) stdout.write(`${lines.join('\n')}\n`);
  };
  const question = (text: string, hidden: boolean): Promise<string> => ask(text, hidden, process, interactive);

  return {
    interactive,
    progress: live ? liveProgress(stderr) : plainProgress((line) => void stderr.write(`${line}\n`)),
    async alike(plans) {
      if (plans.length < 2) return plans.map((plan) => [plan]);
      const texts = new Map<Shown, string>();
      for (const shown of plans) {
        const diffs = flags.diff === false ? [] : await diffsOf(shown.plan.changes);
        texts.set(shown, [headline('', shown.facts, chalk), ...planLines(shown.plan, chalk), ...diffs].join('\n'));
      }
      return alike(plans, (shown) => texts.get(shown) ?? '');
    },
    async show(plans) {
      const [first] = plans;
      if (!first) return;
      print([...sharedBy(plans), headline(first.name, first.facts, chalk), ...planLines(first.plan, chalk)]);
      if (flags.diff === false) return;
      print((await diffsOf(first.plan.changes)).map((diff) => diffLines(diff, chalk)));
    },
    async ask(text) {
      return /^y(es)?$/i.test((await question(`${text} [y/N] `, false)).trim());
    },
    askLine: (text) => question(text, false),
    askSecret: (text) => question(text, true),
    async finish(command, exit, results) {
      if (json) {
        const { jsonDocument } = await import('./report/json.ts');
        const diffs = new Map<string, string[]>();
        for (const { host, plan } of results) diffs.set(host, plan ? await diffsOf(plan.changes) : []);
        stdout.write(jsonDocument(command, exit, results, diffs));
        return;
      }
      for (const result of results) {
        for (const transaction of result.ending.kind === 'history' ? result.ending.transactions : []) {
          print(transactionLines(transaction, chalk));
          if (flags.diff !== false) print((await diffsOf(transaction.changes)).map((diff) => diffLines(diff, chalk)));
        }
        const findings = isAboutChecks(result.ending) ? result.findings : [];
        const told = result.audit
          ? auditLines(result.audit, findings, chalk)
          : findingLines(findings, chalk, command === 'verify');
        print([...told, ...endingLine(result, chalk)]);
      }
      // Records are lines of a zone file, and nothing else may stand between them.
      if (command !== 'dns') print(totalLine(results));
    },
  };
}

/** What was seen before a failure of another kind would only hide its cause. */
function isAboutChecks(ending: Ending): boolean {
  return ending.kind !== 'failed' || ['VERIFY_FAILED', 'ROLLED_BACK'].includes(ending.code);
}

/** The diff package is loaded only where there is something to show. */
async function diffsOf(changes: readonly Change[]): Promise<string[]> {
  if (changes.length === 0) return [];
  const { diffOf } = await import('./plan/diff.ts');
  return changes.map(diffOf);
}

/** NO_COLOR (no-color.org) and FORCE_COLOR, unless --color says so itself. */
function colorLevel(wish: string, env: Process['env'], tty: boolean): 0 | 1 {
  if (wish !== 'auto') return wish === 'always' ? 1 : 0;
  if (env['NO_COLOR']) return 0;
  if (env['FORCE_COLOR'] && env['FORCE_COLOR'] !== '0') return 1;
  return tty && env['TERM'] !== 'dumb' ? 1 : 0;
}

async function ask(
  question: string,
  hidden: boolean,
  { stdin, stderr, signal }: Process,
  interactive: boolean,
): Promise<string> {
  const text = escape(question);
  if (!interactive)
    throw new HardenMailError('NOT_CONFIRMABLE', `there is no terminal to ask on: ${text}`, 'Run it in a terminal.');
  const silent = new Writable({ write: (_chunk, _encoding, done) => done() });
  const reader = createInterface({ input: stdin, output: hidden ? silent : stderr, terminal: true });
  if (hidden) stderr.write(text);
  try {
    return await reader.question(hidden ? '' : text, { signal });
  } catch {
    throw new HardenMailError('INTERRUPTED', 'interrupted', 'Nothing more was written.');
  } finally {
    reader.close();
    if (hidden) stderr.write('\n');
  }
}
