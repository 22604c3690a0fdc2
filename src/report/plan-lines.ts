import type { ChalkInstance } from 'chalk';
import type { Activation, Effect, Facts, Note, Plan, TaskState } from '../model/index.ts';
import { count, group } from './count.ts';
import { escape } from './escape.ts';

const SIGN: Record<TaskState, string> = { ok: '✔', change: '~', unknown: '?', skipped: '-' };

/** `mx1.example.test  Debian GNU/Linux 12 · Postfix 3.7.11 · Dovecot 2.3.19.1` */
export function headline(name: string, { os, packages, postfix, dovecot }: Facts, chalk: ChalkInstance): string {
  const version = (label: string, pkg: string, number: string | null): string =>
    packages[pkg] ? `${label} ${number ?? ''}` : `no ${label}`;
  const parts = [os.pretty, version('Postfix', 'postfix', postfix), version('Dovecot', 'dovecot-core', dovecot)];
  return `${chalk.bold(escape(name))}  ${escape(parts.join(' · '))}`;
}

/** The tasks with their states, and the notes for the administrator. */
export function planLines(plan: Plan, chalk: ChalkInstance): string[] {
  const { tasks, notes, effects = [] } = plan;
  const paint: Record<TaskState, (text: string) => string> = {
    ok: chalk.green,
    change: chalk.yellow,
    unknown: chalk.cyan,
    skipped: chalk.dim,
  };
  const width = Math.max(0, ...tasks.map(({ name }) => name.length));
  return [
    ...tasks.map(
      ({ name, state, summary }) => `  ${paint[state](SIGN[state])} ${name.padEnd(width)}  ${escape(summary)}`,
    ),
    ...unseen(plan).map((line) => `      ${escape(line)}`),
    ...notes.map((note) => noteLine(note, chalk)),
    ...effects.map((one) => effectLine(one, chalk)),
  ];
}

/** An effect on clients: `+ opens`, `- stricter`. */
function effectLine({ kind, text }: Effect, chalk: ChalkInstance): string {
  return kind === 'opens'
    ? `  ${chalk.yellow('+ opens:')} ${escape(text)}`
    : `  ${chalk.green('- stricter:')} ${escape(text)}`;
}

function noteLine({ level, text }: Note, chalk: ChalkInstance): string {
  return `  ${level === 'warning' ? chalk.red('!') : chalk.dim('·')} ${escape(text)}`;
}

/** The warnings of a plan that is not shown because it has no changes. */
export function warnings(plan: Plan | null, chalk: ChalkInstance): string[] {
  return (plan?.notes ?? []).filter(({ level }) => level === 'warning').map((note) => noteLine(note, chalk));
}

/** Settings of files that do not exist yet, so that no diff can show them. */
function unseen({ tasks, settings }: Plan): string[] {
  const unknown = tasks.filter(({ state }) => state === 'unknown').map(({ name }) => name);
  return settings
    .filter(({ task }) => unknown.includes(task))
    .map(({ file, setting, after }) => `${file.slice(file.lastIndexOf('/') + 1)}  ${setting} = ${after ?? ''}`);
}

/** A unified diff, coloured. */
export function diffLines(diff: string, chalk: ChalkInstance): string {
  return escape(diff.trimEnd(), 'lines')
    .split('\n')
    .map((line) => {
      if (/^(---|\+\+\+|new:|removed:|changed:) /.test(line)) return chalk.bold(line);
      if (line.startsWith('@@')) return chalk.cyan(line);
      if (line.startsWith('+')) return chalk.green(line);
      return line.startsWith('-') ? chalk.red(line) : line;
    })
    .join('\n');
}

/** `Plan: 1 certificate, 5 files, 17 settings; reload postfix, dovecot.` */
export function planTotal({ actions, changes, settings, activations }: Plan): string {
  const packages = actions.flatMap((action) => (action.kind === 'install' ? action.packages : [])).length;
  const certificates = actions.filter(({ kind }) => kind === 'certificate').length;
  const counts = [
    count(packages, 'package'),
    count(certificates, 'certificate'),
    count(changes.length, 'file'),
    count(settings.length, 'setting'),
  ].filter(Boolean);
  return `Plan: ${[counts.join(', ') || 'no file', ...daemons(activations)].join('; ')}.`;
}

/** `3 settings in 2 files; reload postfix` */
export function difference(plan: Plan): string {
  return planTotal(plan)
    .slice('Plan: '.length, -1)
    .replace(/^no file; /, '');
}

/** `reload postfix, dovecot` */
export function daemons(activations: readonly Activation[]): string[] {
  const byHow = [...group(activations, ({ how }) => how)];
  return byHow.map(([how, all]) => `${how} ${all.map(({ unit }) => unit).join(', ')}`);
}
