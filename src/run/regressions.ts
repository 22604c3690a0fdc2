/** The findings that an apply has made worse: compares those before with those after it. */
import type { Finding } from '../model/index.ts';
import { checkOf } from '../verify/checks/index.ts';

/**
 * The findings that passed before and fail now: the reason to undo. A check that failed before is no reason. A port that only
 * answered the host itself counts as answering. For some checks a warning counts like a failure, and some count even if no user
 * could log in before: see `Check`.
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
