import type { ChalkInstance } from 'chalk';
import { escape } from '../report/escape.ts';

/** How the work on one host stands. */
export interface Row {
  readonly name: string;
  readonly state: 'waiting' | 'at work' | 'done' | 'failed';
  /** What is being done, or was last. */
  readonly step: string;
  /** Since it began. */
  readonly seconds: number;
}

export interface Signs {
  readonly spinner: string;
  readonly done: string;
  readonly failed: string;
}

/** From so many seconds on it is told how long a host takes: that is the one that the others wait for. */
const LONG = 5;
/** Of those that failed, in the line that counts them; the rest is told at the end. */
const MOST_NAMES = 3;

/**
 * What a terminal of so many lines shows of so many hosts: all of them where they fit; else those at work, who has been at
 * it longest first, and how many are where. One line stays free, so that nothing scrolls away.
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
