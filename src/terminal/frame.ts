import type { ChalkInstance } from 'chalk';
import { escape } from '../report/escape.ts';

/** The state of the work on one host. */
export interface Row {
  readonly name: string;
  readonly state: 'waiting' | 'at work' | 'done' | 'failed';
  /** The current or last step. */
  readonly step: string;
  /** Since the work began. */
  readonly seconds: number;
}

export interface Signs {
  readonly spinner: string;
  readonly done: string;
  readonly failed: string;
}

/** From this number of seconds on, the line shows how long a host takes: the others wait for the slowest. */
const LONG = 5;
/** Number of failed hosts named in the line that counts them; the recap names all. */
const MOST_NAMES = 3;

/**
 * The lines that a terminal of this height shows: all hosts if they fit; else the hosts at work, the longest-running first, and the
 * number of hosts in each state. One line stays free, so that nothing scrolls.
 */
export function frame(rows: readonly Row[], height: number, signs: Signs, chalk: ChalkInstance): string[] {
  const room = Math.max(1, height - 1);
  if (rows.length === 1) return rows.map((row) => line(row, signs, chalk));
  if (rows.length < room) return [...rows.map((row) => line(row, signs, chalk)), counts(rows)];
  const working = rows.filter(({ state }) => state === 'at work').toSorted((a, b) => b.seconds - a.seconds);
  const failed = rows.filter(({ state }) => state === 'failed');
  const below = [counts(rows), ...failures(failed, signs, chalk)].slice(0, room);
  return [...working.slice(0, room - below.length).map((row) => line(row, signs, chalk)), ...below];
}

function line({ name, state, step, seconds }: Row, signs: Signs, chalk: ChalkInstance): string {
  const who = escape(name);
  switch (state) {
    case 'waiting':
      return chalk.dim(`  ${who}`);
    case 'at work':
      return `${chalk.yellow(signs.spinner)} ${who}  ${escape(step)}${seconds < LONG ? '' : `  ${Math.floor(seconds)} s`}`;
    case 'done':
      return `${chalk.green(signs.done)} ${who}`;
    case 'failed':
      return `${chalk.red(signs.failed)} ${who}  ${escape(step)}`;
  }
}

/** `200 hosts: 37 done, 2 failed, 10 at work, 151 waiting` */
function counts(rows: readonly Row[]): string {
  const told = (['done', 'failed', 'at work', 'waiting'] as const)
    .map((state) => [rows.filter((row) => row.state === state).length, state] as const)
    .filter(([amount]) => amount > 0);
  return `${rows.length} hosts: ${told.map(([amount, state]) => `${amount} ${state}`).join(', ')}`;
}

/** `✖ mx3, mx7, mx9 and 5 more` */
function failures(failed: readonly Row[], { failed: sign }: Signs, chalk: ChalkInstance): string[] {
  if (failed.length === 0) return [];
  const names = failed.slice(0, MOST_NAMES).map(({ name }) => escape(name));
  const more = failed.length > MOST_NAMES ? ` and ${failed.length - MOST_NAMES} more` : '';
  return [`${chalk.red(sign)} ${names.join(', ')}${more}`];
}
