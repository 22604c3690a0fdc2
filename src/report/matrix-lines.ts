import type { ChalkInstance } from 'chalk';
import type { Finding } from '../model/index.ts';
import { escape } from './escape.ts';
import { WAY } from './findings.ts';
import { indirect, matrixOf, toldBy } from './matrix.ts';
import { wrap } from './wrap.ts';

const NAME = 24;
const COLUMN = 5;

/** Every check of every port in one table of at most 80 columns, and what was seen of the certificate. */
export function matrixLines(findings: readonly Finding[], chalk: ChalkInstance): string[] {
  if (findings.length === 0) return [];
  const sign = { pass: chalk.green('✔'), fail: chalk.red('✖'), warn: chalk.yellow('!'), hint: chalk.cyan('·') };
  const { ports, rows } = matrixOf(findings);
  return [
    `  ${' '.repeat(NAME)}${ports.map((port) => String(port).padStart(COLUMN)).join('')}`,
    ...rows.map(({ check, cells }) => {
      const signs = cells.map((status) => `${' '.repeat(COLUMN - 1)}${status === null ? ' ' : sign[status]}`);
      return `  ${escape(check).padEnd(NAME)}${signs.join('').trimEnd()}`;
    }),
    ...toldBy(findings).flatMap(({ check, text }) => beside(check, text)),
    ...indirect(findings, WAY).flatMap((text) => beside('', text)),
  ];
}

function beside(label: string, text: string): string[] {
  return wrap(escape(text), 80, `  ${escape(label).padEnd(NAME)}`, ' '.repeat(NAME + 2));
}
