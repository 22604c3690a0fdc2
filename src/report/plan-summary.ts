/** The plan in a few lines, for directly above the question: every warning of it is there, whatever the diffs above are. */
import type { ChalkInstance } from 'chalk';
import type { Change, Plan } from '../model/index.ts';
import { count } from './count.ts';
import { escape } from './escape.ts';
import { wasOf } from './file-lines.ts';
import { daemons } from './plan-lines.ts';
import { wrap } from './wrap.ts';

/** A terminal has 24 lines: more names and effects than these are counted. */
const MOST_NAMES = 4;
const MOST_EFFECTS = 6;
const LABEL = 13;

/**
 * @param whom the host, or the number of hosts that share the plan
 * @param width the columns of the terminal
 */
export function summaryLines(plan: Plan, whom: string, chalk: ChalkInstance, width: number): string[] {
  const rows: [label: string, text: string][] = [
    ...packages(plan),
    ...certificates(plan),
    ...files(plan),
    ...daemons(plan.activations).map((text): [string, string] => ['daemons', text]),
    ...stricter(plan),
    ...left(plan),
  ];
  if (rows.length === 0) return [];
  const warned = plan.notes.filter(({ level }) => level === 'warning');
  return [
    '',
    chalk.bold(`${escape(whom)}: the plan in short`),
    ...rows.flatMap(([label, text], at) => {
      const told = rows[at - 1]?.[0] === label ? '' : label;
      return wrap(escape(text), width, `  ${told.padEnd(LABEL)}`, ' '.repeat(LABEL + 2));
    }),
    ...warned.flatMap(({ text }) => {
      const [first = '', ...rest] = wrap(escape(text), width, '  ! ', '    ');
      return [`  ${chalk.red('!')}${first.slice(3)}`, ...rest];
    }),
  ];
}

function packages({ actions }: Plan): [string, string][] {
  const all = actions.flatMap((action) => (action.kind === 'install' ? action.packages : []));
  return all.length === 0 ? [] : [['packages', `install ${some(all)}`]];
}

function certificates({ actions }: Plan): [string, string][] {
  return actions.flatMap((action): [string, string][] =>
    action.kind === 'certificate'
      ? [['certificate', `request one for ${some(action.domains)} (http-01, ${action.challenge})`]]
      : [],
  );
}

function files({ changes, settings }: Plan): [string, string][] {
  const of = (was: ReturnType<typeof wasOf>): string[] =>
    changes.filter((one) => wasOf(one) === was).map(({ path }: Change) => path);
  const changed = of('changed').map((path) => path.slice(path.lastIndexOf('/') + 1));
  const counted = [count(settings.length, 'setting'), count(changed.length, 'file')].filter(Boolean).join(' in ');
  return [
    ...(counted === '' ? [] : [['change', changed.length === 0 ? counted : `${counted}: ${some(changed)}`] as const]),
    ...(['new', 'removed'] as const).flatMap((was) => (of(was).length === 0 ? [] : [[was, some(of(was))] as const])),
  ].map(([label, text]) => [label, text]);
}

function stricter({ effects = [] }: Plan): [string, string][] {
  const all = effects.filter(({ kind }) => kind === 'tightens').map(({ text }) => text);
  const told = all.slice(0, MOST_EFFECTS);
  const more = all.length > told.length ? [`and ${all.length - told.length} more, listed above`] : [];
  return [...told, ...more].map((text) => ['stricter', text]);
}

/** `left  an audit would still report 9 points of low weight (tls-versions, …): --profile strict ends them` */
function left({ left: points = [] }: Plan): [string, string][] {
  if (points.length === 0) return [];
  const checks = [...new Set(points.map(({ check }) => check))];
  const text = `an audit would still report, with low weight: ${checks.join(', ')} (--profile strict ends it)`;
  return [['left', text]];
}

function some(names: readonly string[]): string {
  if (names.length <= MOST_NAMES + 1) return names.join(', ');
  return `${names.slice(0, MOST_NAMES).join(', ')} and ${names.length - MOST_NAMES} more`;
}
