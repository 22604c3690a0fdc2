/** The checks that an apply has made worse, by the findings before and after it. */
import type { Finding } from '../model/index.ts';
import { checkOf } from '../verify/checks/index.ts';

/**
 * The findings that undo an apply: a check that passed before and fails now. A check that failed before does not count, and
 * a port that answered only the host itself counts as one that answered. Some checks undo by a warning too, and some without a login before:
 * see `Check`.
 */
export function regressions(before: readonly Finding[], after: readonly Finding[]): Finding[] {
  const served = (one: Finding): boolean => one.check === 'answers' && one.status === 'hint' && one.via !== 'direct';
  const passed = new Set(before.filter((one) => one.status === 'pass' || served(one)).map(key));
  const fails = (one: Finding): boolean =>
    one.status === 'fail' || (one.status === 'warn' && checkOf(one)?.warningUndoes === true);
  const unusable = (one: Finding): boolean =>
    one.status === 'fail' && checkOf(one)?.undoesWithoutLogin === true && !passed.has(key({ ...one, check: 'login' }));
  return after.filter((finding) => (fails(finding) && passed.has(key(finding))) || unusable(finding));
}

function key({ port, check, name = '' }: Finding): string {
  return `${port} ${check} ${name}`;
}
