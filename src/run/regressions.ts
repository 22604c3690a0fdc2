/** What an apply has made worse, by the findings before and after it. */
import type { Finding } from '../model/index.ts';
import type { CheckId } from '../verify/checks.ts';

/**
 * What passed before and fails now: the reason to put everything back. A check that failed before is no reason. A port that
 * answered the host itself answered. Some warnings count like failures: see WARNINGS. And where nobody got in to read mail before,
 * users who get in now and have no mailbox are a reason: the configuration that lets them in is unusable, and it is ours.
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

/** An open relay; a mailbox that can only be read; a user whose own address is refused. */
const WARNINGS: readonly string[] = ['relay', 'mailbox', 'send'] satisfies CheckId[];
const MAIL: readonly string[] = ['mailbox', 'maildrop'] satisfies CheckId[];

function key({ port, check, name = '' }: Finding): string {
  return `${port} ${check} ${name}`;
}
