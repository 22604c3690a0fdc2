import type { ChalkInstance } from 'chalk';
import { portsOnlyThroughSsh, type Finding } from '../model/index.ts';
import { count } from './count.ts';
import { escape } from './escape.ts';
import { wrap } from './wrap.ts';

export const WAY: Record<Finding['via'], string> = {
  direct: '',
  ssh: 'seen through SSH',
  local: 'seen from the host itself',
};

/** `12 checks passed (465 and 993 seen only through SSH)` */
export function passed(findings: readonly Finding[]): string {
  const ports = onlyThroughSsh(findings);
  const told = `${count(findings.filter(({ status }) => status === 'pass').length, 'check') || 'no check'} passed`;
  return ports === '' ? told : `${told} (${ports})`;
}

/** `25, 465 and 993 seen only through SSH`; empty if every port was seen from here. */
export function onlyThroughSsh(findings: Parameters<typeof portsOnlyThroughSsh>[0]): string {
  const ports = portsOnlyThroughSsh(findings).map(String);
  const last = ports.pop();
  if (last === undefined) return '';
  return `${[ports.join(', '), last].filter(Boolean).join(' and ')} seen only through SSH`;
}

/** The results from outside: every finding that is not a pass, and the number of passes. With `all`, every check. */
export function findingLines(findings: readonly Finding[], chalk: ChalkInstance, all: boolean): string[] {
  const sign = { pass: chalk.green('✔'), fail: chalk.red('✖'), warn: chalk.yellow('!'), hint: chalk.cyan('·') };
  return findings
    .filter(({ status }) => all || status !== 'pass')
    .flatMap(({ port, check, status, text, via, journal = [] }) => {
      const way = WAY[via] === '' ? '' : chalk.dim(` (${WAY[via]})`);
      const line = `  ${sign[status]} ${String(port).padStart(3)} ${check.padEnd(20)} ${escape(text)}${way}`;
      return [line, ...journal.flatMap((words) => journalLines(words, chalk))];
    });
}

/** A daemon's line in the journal, below the finding that it explains. */
export function journalLines(words: string, chalk: ChalkInstance): string[] {
  return wrap(escape(words), 80, '      log: ', ' '.repeat(11)).map((line) => chalk.dim(line));
}
