/** --tags and --skip-tags: which failed checks belong to a task that is left out. */
import type { Finding, TaskName } from '../model/index.ts';
import { checkOf } from '../verify/checks/index.ts';

/**
 * Turns a failed check into a warning if the task that would fix it is left out of this run. A check that passed before the run
 * is not excused: then the run itself broke it.
 * @param open tasks that this run leaves out although they would change something
 */
export function excuse(
  findings: readonly Finding[],
  open: readonly TaskName[],
  before: readonly Finding[],
): readonly Finding[] {
  if (open.length === 0) return findings;
  return findings.map((finding) => {
    const [task] = fixedBy(finding).filter((name) => open.includes(name));
    const passed = before.some(
      (o) => o.port === finding.port && o.check === finding.check && o.name === finding.name && o.status === 'pass',
    );
    if (finding.status !== 'fail' || task === undefined || passed) return finding;
    return { ...finding, status: 'warn', text: `${finding.text} (${task} is left out)` };
  });
}

/** The tasks that fix the failure of a check. */
function fixedBy(finding: Finding): readonly TaskName[] {
  const { port } = finding;
  const service = port === 25 ? 'starttls' : port === 465 || port === 587 ? 'smtps' : 'dovecot-ssl';
  return checkOf(finding)?.fixedBy(service) ?? [];
}
