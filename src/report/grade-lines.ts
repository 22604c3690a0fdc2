import type { ChalkInstance } from 'chalk';
import type { Grade } from '../model/index.ts';
import { escape } from './escape.ts';

/** `mx1  grade B: findings of severity low cap it`, and what would raise it. */
export function gradeLines(host: string, { grade, cap, next, steps }: Grade, chalk: ChalkInstance): string[] {
  const paint = grade.startsWith('A') ? chalk.green : grade === 'B' ? chalk.yellow : chalk.red;
  const why = cap === 'ok' ? '' : `: findings of severity ${cap} cap it`;
  return [
    `${chalk.bold(escape(host))}  grade ${paint.bold(grade)}${why}`,
    ...steps.map(({ profile, checks }) => {
      const how =
        next === 'A+' && cap === 'ok'
          ? 'publish the records that `harden-mail dns` prints'
          : profile === null
            ? 'by hand'
            : `apply --profile ${profile}`;
      return `  ${chalk.dim('→')} to ${next ?? grade}: ${how} (${checks.join(', ')})`;
    }),
  ];
}
