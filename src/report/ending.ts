import type { ChalkInstance } from 'chalk';
import type { Diagnosis, Drift, HostResult, Receipt } from '../model.ts';
import { CONVERSION, dangersThatCount, isEmpty } from '../model.ts';
import { count } from './count.ts';
import { escape } from './escape.ts';
import { daemons, difference, planTotal, warnings } from './plan.ts';

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
    case 'mapped': {
      const dangers = dangersThatCount(ending.map).length;
      const told = dangers === 0 ? chalk.green('no danger found') : chalk.red(count(dangers, 'danger'));
      return [`${name}  ${count(ending.map.ways.length, 'way') || 'no way'} in, ${told}. Nothing was written.`];
    }
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
      return [...receiptNotes(receipt, chalk), `${name}  ${chalk.yellow('changed')}: ${what}${undo}, ${passed}`];
    }
    case 'failed':
      return [
        // A plan with something in it was shown, and its notes with it.
        ...(plan && isEmpty(plan) ? warnings(plan, chalk) : []),
        ...receiptNotes(ending.receipt, chalk),
        `${name}  ${chalk.red('failed')}: ${escape(ending.message)}`,
        ...(ending.excerpt ?? '')
          .split('\n')
          .filter(Boolean)
          .map((line) => `    ${escape(line)}`),
        `  ${chalk.dim('→')} ${escape(ending.hint)}`,
      ];
  }
}

/** What the host noted while it carried the changes out. */
function receiptNotes(receipt: Receipt | undefined, chalk: ChalkInstance): string[] {
  return (receipt?.notes ?? []).map((text) => `  ${chalk.dim('·')} ${escape(text)}`);
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

/** `✔ login      0.21 s  root, by key /root/.ssh/id_ed25519`, and the fix where there is one. */
function diagnosisLines({ check, status, text, hint, seconds }: Diagnosis, chalk: ChalkInstance): string[] {
  const sign = { ok: chalk.green('✔'), warn: chalk.yellow('!'), fail: chalk.red('✖') }[status];
  const line = `  ${sign} ${check.padEnd(11)} ${seconds.toFixed(2).padStart(5)} s  ${escape(text)}`;
  return hint === '' ? [line] : [line, `      ${chalk.dim('→')} ${escape(hint)}`];
}

function examined(diagnoses: readonly Diagnosis[], chalk: ChalkInstance): string {
  const bad = diagnoses.filter(({ status }) => status === 'fail').length;
  const dangers = diagnoses.filter(({ status }) => status === 'warn').length;
  const also = dangers === 0 ? '' : `; ${chalk.yellow(count(dangers, 'danger'))} found`;
  if (bad === 0) return `${chalk.green('ok')}: nothing is in the way of an apply${also}. Nothing was written.`;
  return `${chalk.red('failed')}: ${count(bad, 'thing')} ${bad === 1 ? 'is' : 'are'} in the way of an apply${also}. Nothing was written.`;
}
