import type { ChalkInstance } from 'chalk';
import { EXIT } from '../errors.ts';
import type {
  Activation,
  Diagnosis,
  Drift,
  Ending,
  Facts,
  Finding,
  HostResult,
  Note,
  Plan,
  TaskState,
  Transaction,
} from '../model.ts';
import { CONVERSION, isEmpty } from '../model.ts';
import { escape } from './escape.ts';

const SIGN: Record<TaskState, string> = { ok: '✔', change: '~', unknown: '?' };

/** `mx1.example.test  Debian GNU/Linux 12 · Postfix 3.7.11 · Dovecot 2.3.19.1` */
export function headline(name: string, { os, packages, postfix, dovecot }: Facts, chalk: ChalkInstance): string {
  const version = (label: string, pkg: string, number: string | null): string =>
    packages[pkg] ? `${label} ${number ?? ''}` : `no ${label}`;
  const parts = [os.pretty, version('Postfix', 'postfix', postfix), version('Dovecot', 'dovecot-core', dovecot)];
  return `${chalk.bold(escape(name))}  ${escape(parts.join(' · '))}`;
}

/** The tasks with their states, and what the admin should know beside them. */
export function planLines(plan: Plan, chalk: ChalkInstance): string[] {
  const { tasks, notes } = plan;
  const paint: Record<TaskState, (text: string) => string> = {
    ok: chalk.green,
    change: chalk.yellow,
    unknown: chalk.cyan,
  };
  const width = Math.max(0, ...tasks.map(({ name }) => name.length));
  return [
    ...tasks.map(
      ({ name, state, summary }) => `  ${paint[state](SIGN[state])} ${name.padEnd(width)}  ${escape(summary)}`,
    ),
    ...unseen(plan).map((line) => `      ${escape(line)}`),
    ...notes.map((note) => noteLine(note, chalk)),
  ];
}

function noteLine({ level, text }: Note, chalk: ChalkInstance): string {
  return `  ${level === 'warning' ? chalk.red('!') : chalk.dim('·')} ${escape(text)}`;
}

/** Of a plan that is not shown because there is nothing to do. */
function warnings(plan: Plan | null, chalk: ChalkInstance): string[] {
  return (plan?.notes ?? []).filter(({ level }) => level === 'warning').map((note) => noteLine(note, chalk));
}

/** Settings of files that are not there yet, so that no diff can show them. */
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
      if (/^(---|\+\+\+) /.test(line)) return chalk.bold(line);
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
function difference(plan: Plan): string {
  return planTotal(plan)
    .slice('Plan: '.length, -1)
    .replace(/^no file; /, '');
}

/** Since which transaction each file that would change is other than wanted. */
function sinceLines({ files }: Drift, chalk: ChalkInstance): string[] {
  const width = Math.max(0, ...files.map(({ path }) => path.length));
  return files.map(({ path, transaction, edited }) => {
    const id = escape(transaction ?? '');
    const text = !transaction
      ? 'no transaction of the journal wrote it'
      : edited
        ? `changed since transaction ${id}`
        : `as transaction ${id} left it: more is wanted now`;
    return `  ${chalk.yellow('~')} ${escape(path).padEnd(width)}  ${text}`;
  });
}

/** `reload postfix, dovecot` */
function daemons(activations: readonly Activation[]): string[] {
  const byHow = [...group(activations, ({ how }) => how)];
  return byHow.map(([how, all]) => `${how} ${all.map(({ unit }) => unit).join(', ')}`);
}

function group<T>(items: readonly T[], key: (item: T) => string): Map<string, T[]> {
  const groups = new Map<string, T[]>();
  for (const item of items) groups.set(key(item), [...(groups.get(key(item)) ?? []), item]);
  return groups;
}

function count(number: number, noun: string): string {
  return number === 0 ? '' : `${number} ${noun}${number === 1 ? '' : 's'}`;
}

/** What was seen from outside: everything that is not well, and a count of what is. With `all`, every check. */
export function findingLines(findings: readonly Finding[], chalk: ChalkInstance, all: boolean): string[] {
  const sign = { pass: chalk.green('✔'), fail: chalk.red('✖'), warn: chalk.yellow('!'), hint: chalk.cyan('·') };
  return findings
    .filter(({ status }) => all || status !== 'pass')
    .map(({ port, check, status, text, via }) => {
      const way = via === 'ssh' ? chalk.dim(' (seen through SSH)') : '';
      return `  ${sign[status]} ${String(port).padStart(3)} ${check.padEnd(20)} ${escape(text)}${way}`;
    });
}

/** A transaction of the journal: `20261124T101500Z-4f2a  2026-11-24 10:15:00 UTC  ann  committed`. */
export function transactionLines({ id, who, state, reason, changes }: Transaction, chalk: ChalkInstance): string[] {
  const time = id.replace(/^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z.*$/, '$1-$2-$3 $4:$5:$6 UTC');
  const files = changes.map(({ path }) => path).join(', ') || 'no file';
  const paint = state === 'committed' ? chalk.green : chalk.yellow;
  return [
    `${chalk.bold(escape(id))}  ${escape(time)}  ${escape(who)}  ${paint(escape(state))}${reason && `: ${escape(reason)}`}`,
    `  ${escape(files)}`,
  ];
}

const OUTCOME: Record<Ending['kind'], string> = {
  unchanged: 'ok',
  verified: 'ok',
  checked: 'ok',
  foreseen: 'ok',
  changed: 'changed',
  pending: 'to be changed',
  declined: 'declined',
  history: 'read',
  dns: 'read',
  examined: 'ok',
  failed: 'failed',
};

/** Of several hosts: `40 hosts: 37 ok, 2 changed, 1 failed`. */
export function totalLine(results: readonly HostResult[]): string[] {
  if (results.length < 2) return [];
  const drifted = ({ ending, plan }: HostResult): boolean =>
    (ending.kind === 'checked' || ending.kind === 'foreseen') && plan !== null && !isEmpty(plan);
  const outcome = (result: HostResult): string => {
    if (drifted(result)) return 'drifted';
    return result.ending.kind === 'examined' && result.exit !== EXIT.ok ? 'failed' : OUTCOME[result.ending.kind];
  };
  const outcomes = group(results, outcome);
  const counts = [...outcomes].map(([outcome, all]) => `${all.length} ${outcome}`);
  return [`${results.length} hosts: ${counts.join(', ')}`];
}

/** `✔ login      0.21 s  root, by key /root/.ssh/id_ed25519`, and the fix where there is one. */
function diagnosisLines({ check, status, text, hint, seconds }: Diagnosis, chalk: ChalkInstance): string[] {
  const sign = status === 'ok' ? chalk.green('✔') : chalk.red('✖');
  const line = `  ${sign} ${check.padEnd(11)} ${seconds.toFixed(2).padStart(5)} s  ${escape(text)}`;
  return hint === '' ? [line] : [line, `      ${chalk.dim('→')} ${escape(hint)}`];
}

function examined(diagnoses: readonly Diagnosis[], chalk: ChalkInstance): string {
  const bad = diagnoses.filter(({ status }) => status === 'fail').length;
  if (bad === 0) return `${chalk.green('ok')}: nothing is in the way of an apply. Nothing was written.`;
  return `${chalk.red('failed')}: ${count(bad, 'thing')} ${bad === 1 ? 'is' : 'are'} in the way of an apply. Nothing was written.`;
}

/** The last line for a host: how it ended, truthfully. */
export function endingLine({ host, ending, plan, findings }: HostResult, chalk: ChalkInstance): string[] {
  const name = chalk.bold(escape(host));
  const passed = `${count(findings.filter(({ status }) => status === 'pass').length, 'check') || 'no check'} passed`;
  switch (ending.kind) {
    case 'unchanged':
      return [...warnings(plan, chalk), `${name}  ${chalk.green('ok')}: nothing to do, ${passed}`];
    case 'pending':
      return [`${name}  ${plan ? planTotal(plan) : ''} Nothing was written.`];
    case 'declined':
      return [`${name}  ${chalk.yellow('declined')}: nothing was written`];
    case 'examined':
      return [
        ...ending.diagnoses.flatMap((one) => diagnosisLines(one, chalk)),
        `${name}  ${examined(ending.diagnoses, chalk)}`,
      ];
    case 'verified':
      return [`${name}  ${chalk.green('ok')}: ${passed}`];
    case 'checked': {
      const { drift } = ending;
      const left = drift.leftovers.map((path) => `  ${chalk.dim('·')} ${escape(path)} waits for a merge`);
      if (!plan || isEmpty(plan)) {
        const also = warnings(plan, chalk);
        return [...left, ...also, `${name}  ${chalk.green('ok')}: as it should be, ${passed}`];
      }
      const since = sinceLines(drift, chalk);
      return [
        ...left,
        ...since,
        `${name}  ${chalk.yellow('drift')}: ${difference(plan)}; \`harden-mail apply\` mends it. Nothing was written.`,
      ];
    }
    case 'foreseen': {
      const release = chalk.bold(escape(ending.release));
      if (!plan || isEmpty(plan)) return [`${name}  ${chalk.green('ok')}: ${release} needs no change of these files`];
      return [
        `${name}  ${chalk.yellow('ahead')}: after the upgrade to ${release}, \`harden-mail apply\` would change ${difference(plan)}. Nothing was written.`,
      ];
    }
    case 'dns': // lines of a zone file, and so is this one
      return [`; ${name}`, ...ending.records.map((line) => escape(line))];
    case 'history':
      return [`${name}  ${count(ending.transactions.length, 'transaction') || 'no transaction yet'}`];
    case 'changed': {
      const { settings = [], changes = [], activations = [] } = plan ?? {};
      const counts = [count(settings.length, 'setting'), count(changes.length, 'file')].filter(Boolean);
      const what = counts.join(' in ') || daemons(activations).join('; ') || 'what was missing is there now';
      const { receipt } = ending;
      const way = settings.some(({ fragment }) => fragment === CONVERSION)
        ? 'no way back: Dovecot 2.4 does not start with what was'
        : '`harden-mail rollback` undoes it';
      const undo = receipt ? ` (transaction ${escape(receipt.id)}, ${way})` : '';
      return [`${name}  ${chalk.yellow('changed')}: ${what}${undo}, ${passed}`];
    }
    case 'failed':
      return [
        // A plan with something in it was shown, and its notes with it.
        ...(plan && isEmpty(plan) ? warnings(plan, chalk) : []),
        `${name}  ${chalk.red('failed')}: ${escape(ending.message)}`,
        ...(ending.excerpt ?? '')
          .split('\n')
          .filter(Boolean)
          .map((line) => `    ${escape(line)}`),
        `  ${chalk.dim('→')} ${escape(ending.hint)}`,
      ];
  }
}
