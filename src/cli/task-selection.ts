/** `--tags`, `--skip-tags` and `--list-tasks`: the tasks of a run, by name. */
import { HardenMailError } from '../model/errors.ts';
import { closest } from '../inventory/closest.ts';
import { TASKS, type TaskName } from '../model/index.ts';
import { RECIPE } from '../tasks/index.ts';

/** As in Ansible: every task. */
const ALL = 'all';

/** The tasks that the flags select, in the order of the recipe. Throws USAGE for an unknown tag, and if no task remains. */
export function chooseTasks(tags: string | undefined, skip: string | undefined): readonly TaskName[] {
  const wanted = tags === undefined ? new Set(TASKS) : named(tags, '--tags');
  const left = skip === undefined ? new Set<TaskName>() : named(skip, '--skip-tags');
  const chosen = TASKS.filter((name) => wanted.has(name) && !left.has(name));
  if (chosen.length === 0) throw usage('no task remains after --tags and --skip-tags');
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
  throw usage(`${flag}: ${JSON.stringify(word)} is not a task${closest(word, [...TASKS, ALL])}`);
}

/** One line per task: its name and title; or the same as JSON. */
export function listTasks(chosen: readonly TaskName[], json = false): string {
  const width = Math.max(...TASKS.map((name) => name.length));
  const tasks = RECIPE.filter(({ name }) => chosen.includes(name));
  if (json) {
    const told = tasks.map(({ name, title }) => ({ name, title }));
    return `${JSON.stringify({ version: 1, tasks: told }, null, 2)}\n`;
  }
  return tasks.map(({ name, title }) => `${name.padEnd(width)}  ${title}\n`).join('');
}

function usage(message: string): HardenMailError {
  return new HardenMailError('USAGE', message, '`harden-mail apply --list-tasks` shows the tasks.');
}
