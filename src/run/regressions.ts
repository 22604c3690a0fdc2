/** The findings that an apply has made worse: compares those before with those after it. */
import type { Finding } from '../model/index.ts';
import type { CheckId } from '../verify/checks.ts';

/**
 * The findings that passed before and fail now: the reason to undo. A check that failed before is no reason. A port that only
 * answered the host itself counts as answering. Some warnings count like failures: see WARNINGS. If no user could log in to
 * read mail before, users who can log in now but have no mailbox are a reason too: the new configuration is unusable.
 */
export function regressions(before: readonly Finding[], after: readonly Finding[]): Finding[] {
  const served = (one: Finding): boolean => one.check === 'answers' && one.status === 'hint' && one.via !== 'direct';
  const passed = new Set(before.filter((one) => one.status === 'pass' || served(one)).map(key));
  const fails = ({ status, check }: Finding): boolean =>
    status === 'fail' || (status === 'warn' && WARNINGS.includes(check));
  const unusable = (one: Finding): boolean =>
    one.status === 'fail' && MAIL.includes(one.check) && !passed.has(key({ ...one, check: 'login' }));
  return after.filter((finding) => (fails(finding) && passed.has(key(finding))) || unusable(finding));
}

/** An open relay; a read-only mailbox; a user whose own address is refused. */
const WARNINGS: readonly string[] = ['relay', 'mailbox', 'send'] satisfies CheckId[];
const MAIL: readonly string[] = ['mailbox', 'maildrop'] satisfies CheckId[];

function key({ port, check, name = '' }: Finding): string {
  return `${port} ${check} ${name}`;
}
