/**
 * `check --format nagios`: the line, the performance data and the exit code of a plugin
 * (https://www.monitoring-plugins.org/doc/guidelines.html).
 */
import { EXIT } from '../model/errors.ts';
import type { Ending, HostResult } from '../model/index.ts';
import { count } from './count.ts';
import { escape } from './escape.ts';
import { passed } from './findings.ts';
import { difference } from './plan-lines.ts';

const STATES = ['OK', 'WARNING', 'CRITICAL', 'UNKNOWN'] as const;
type State = (typeof STATES)[number];

/** The worst first. A host that cannot be looked at may have any state. */
const WORST: readonly State[] = ['CRITICAL', 'UNKNOWN', 'WARNING', 'OK'];

/** Drift is a warning, a failed check or host is critical. A host without an answer is unknown. */
export function nagiosState(results: readonly Pick<HostResult, 'exit'>[], failure?: Ending): State {
  const states = [...results.map(({ exit }) => stateOf(exit)), ...(failure ? (['UNKNOWN'] as const) : [])];
  return WORST.find((state) => states.includes(state)) ?? 'UNKNOWN';
}

export const nagiosExit = (state: State): number => STATES.indexOf(state);

/** The first line is the state; with several hosts each that is not OK has a line of its own below. */
export function nagiosText(
  results: readonly HostResult[],
  seconds: number,
  failure?: Ending & { readonly kind: 'failed' },
): string {
  const state = nagiosState(results, failure);
  const bad = results.filter(({ exit }) => exit !== EXIT.ok);
  const [only] = results;
  const gist = failure
    ? failure.message
    : results.length === 1 && only
      ? aboutHost(only)
      : bad.length === 0
        ? `${count(results.length, 'host')} as they should be`
        : `${bad.length} of ${count(results.length, 'host')} need attention`;
  const lines = results.length > 1 ? bad.map((result) => `${stateOf(result.exit)}: ${aboutHost(result)}`) : [];
  return [`HARDEN_MAIL ${state}: ${plain(gist)} | ${performance(results, seconds)}`, ...lines.map(plain), ''].join(
    '\n',
  );
}

function stateOf(exit: number): State {
  if (exit === EXIT.ok) return 'OK';
  if (exit === EXIT.pending) return 'WARNING';
  return exit === EXIT.unreachable || exit === EXIT.usage || exit === EXIT.interrupted ? 'UNKNOWN' : 'CRITICAL';
}

function aboutHost({ host, ending, plan, findings }: HostResult): string {
  if (ending.kind === 'failed') return `${host}: ${ending.message}`;
  return plan && ending.kind !== 'checked'
    ? `${host}: drift: ${difference(plan)}`
    : `${host}: as it should be, ${passed(findings)}`;
}

/** `'LABEL'=VALUE[UNIT];[WARN];[CRIT];[MIN];[MAX]` */
function performance(results: readonly HostResult[], seconds: number): string {
  const of = (...wanted: State[]): number => results.filter(({ exit }) => wanted.includes(stateOf(exit))).length;
  const findings = results.flatMap((result) => result.findings);
  const all = results.length;
  return [
    `hosts=${all};;;0`,
    `drifted=${of('WARNING')};0;;0;${all}`,
    `failed=${of('CRITICAL')};;0;0;${all}`,
    `unknown=${of('UNKNOWN')};;;0;${all}`,
    `checks=${findings.filter(({ status }) => status === 'pass').length};;;0`,
    `time=${seconds.toFixed(3)}s;;;0`,
  ].join(' ');
}

/** A bar would begin the performance data, and a line end a new line. */
function plain(text: string): string {
  return escape(text.replace(/\s+/g, ' ').trim()).replaceAll('|', '/');
}
