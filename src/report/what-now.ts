/** The last words after a change: what to enter in mail clients, what to do next, and what an audit would still find. */
import type { ChalkInstance } from 'chalk';
import type { Afterwards, HostResult } from '../model/index.ts';
import { serviceTexts } from './client-lines.ts';
import { escape } from './escape.ts';
import { wrap } from './wrap.ts';

/** Makes the command line of another command on the same hosts, in the same way. */
export type Again = (command: string, options?: readonly string[]) => string;

const LABEL = 12;

/** For one host that an apply has changed; nothing for any other result. */
export function whatNow({ ending }: HostResult, again: Again, chalk: ChalkInstance): string[] {
  if (ending.kind !== 'changed' || !ending.after) return [];
  const { receipt, after } = ending;
  const { clients, left, profile, reversible } = after;
  const steps: [label: string, command: string][] = [
    ...(receipt && reversible ? [['undo it', again('rollback', ['--to', receipt.id])] as [string, string]] : []),
    ['every night', again('check', ['--quiet'])],
    ['DNS', again('dns')],
    ...(clients ? [['clients', again('clients')] as [string, string]] : []),
    ...(profile === 'strict'
      ? []
      : [['stricter', again('apply', ['--profile', 'strict', '--dry-run'])] as [string, string]]),
  ];
  return [
    ...(clients
      ? [
          '',
          `${chalk.bold('In mail clients')}: server ${escape(clients.server)}, user name: ${clients.login === 'name' ? 'the part before the @' : 'the mail address'}`,
          ...serviceTexts(clients.services).map(({ text }) => `  ${text}`),
          ...clients.refused.map((text) => `  not offered any more: ${escape(text)}`),
        ]
      : []),
    ...(left.length > 0 ? ['', ...found(left, profile, chalk)] : []),
    '',
    chalk.bold('Next'),
    ...steps.flatMap(([label, command]) => stepLines(label, escape(command), chalk)),
  ];
}

/** The command beside its label; on a line of its own if it is long, so that no line end is copied with it. */
function stepLines(label: string, command: string, chalk: ChalkInstance): string[] {
  const beside = `  ${label.padEnd(LABEL)} ${command}`;
  if (beside.length <= 80) return [`  ${chalk.dim(label.padEnd(LABEL))} ${command}`];
  return [`  ${chalk.dim(label)}`, `    ${command}`];
}

/** One paragraph: the points are many, and none is urgent. */
function found(left: Afterwards['left'], profile: string, chalk: ChalkInstance): string[] {
  const worst = [...new Set(left.map(({ severity }) => severity))].join(' and ');
  const text = left.map((one) => escape(one.text)).join('; ');
  return [
    chalk.bold(`An audit would still find, with the profile ${profile} (severity ${worst})`),
    ...wrap(text, 80, '  '),
  ];
}
