import type { ChalkInstance } from 'chalk';
import type { Transaction } from '../model/index.ts';
import { escape } from './escape.ts';

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
