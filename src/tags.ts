/** `--tags`, `--skip-tags` and `--list-tasks`: the tasks that a run is about, by name. */
import { HardenMailError } from './errors.ts';
import { closest } from './inventory/closest.ts';
import { TASKS, type Finding, type TaskName } from './model.ts';
import { RECIPE } from './tasks/index.ts';

/** As in Ansible: every task. */
const ALL = 'all';

/** The tasks that the flags choose, in the order of the recipe. Throws USAGE for a tag that is none, and when none is left. */
export function chooseTasks(tags: string | undefined, skip: string | undefined): readonly TaskName[] {
  const wanted = tags === undefined ? new Set(TASKS) : named(tags, '--tags');
  const left = skip === undefined ? new Set<TaskName>() : named(skip, '--skip-tags');
  const chosen = TASKS.filter((name) => wanted.has(name) && !left.has(name));
  if (chosen.length === 0) throw usage('--tags and --skip-tags leave no task');
  return chosen;
}

function named(list: string, flag: string): Set<TaskName> {
  const words = list
    .split(',')
    .map((word) => word.trim())
    .filter(Boolean);
  if (words.length === 0) throw usage(`${flag} names no task`);
  return new Set(words.flatMap((word) => (word === ALL ? TASKS : [taskNamed(word, flag)])));
}

function taskNamed(word: string, flag: string): TaskName {
  const name = TASKS.find((one) => one === word);
  if (name) return name;
  throw usage(`${flag}: ${JSON.stringify(word)} is no task${closest(word, [...TASKS, ALL])}`);
}

/** A line for each task: its name, and what it sees to; or the same for programs. */
export function listTasks(chosen: readonly TaskName[], json = false): string {
  const width = Math.max(...TASKS.map((name) => name.length));
  const tasks = RECIPE.filter(({ name }) => chosen.includes(name));
  if (json) {
    const told = tasks.map(({ name, title }) => ({ name, title }));
    return `${JSON.stringify({ version: 1, tasks: told }, null, 2)}\n`;
  }
  return tasks.map(({ name, title }) => `${name.padEnd(width)}  ${title}\n`).join('');
}

/**
 * What a task that was left out would have mended is told, and fails nobody who did not ask for it. What passed before is
 * not excused: that is the run's own doing.
 * @param open tasks that are left out and not as they should be
 */
export function excuse(
  findings: readonly Finding[],
  open: readonly TaskName[],
  before: readonly Finding[],
): readonly Finding[] {
  if (open.length === 0) return findings;
  return findings.map((finding) => {
    const [task] = mendedBy(finding).filter((name) => open.includes(name));
    const passed = before.some(
      (o) => o.port === finding.port && o.check === finding.check && o.name === finding.name && o.status === 'pass',
    );
    if (finding.status !== 'fail' || task === undefined || passed) return finding;
    return { ...finding, status: 'warn', text: `${finding.text} (${task} is left out)` };
  });
}

/** The tasks that see to what a check looks at. */
function mendedBy({ port, check }: Finding): TaskName[] {
  const service: TaskName = port === 25 ? 'starttls' : port === 465 || port === 587 ? 'smtps' : 'dovecot-ssl';
  switch (check) {
    case 'answers':
      return ['install', service, 'restart'];
    case 'no-plain-login':
      return ['plaintext', 'restart'];
    case 'auth':
    case 'auth-legacy':
    case 'login':
      return service === 'dovecot-ssl' ? ['restart'] : ['sasl', service, 'restart'];
    // No task sees to them.
    case 'delivery':
    case 'mailbox':
    case 'maildrop':
    case 'send':
      return [];
    default:
      return ['certbot', service, 'restart'];
  }
}

function usage(message: string): HardenMailError {
  return new HardenMailError('USAGE', message, '`harden-mail apply --list-tasks` shows the tasks.');
}
