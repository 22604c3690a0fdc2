/**
 * Augeas, by Debian's augtool and its stock lenses: one process reads what all the tasks ask for, one more makes the edits.
 * Its user knows the trees: which file has the setting, that a service's options are part of its `command`.
 */
import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { isDovecot, isMaster, optionText, parameterOf, partsOf, placeFor, quoted, wantedOf } from './task.ts';
import type { Contender, Task } from './task.ts';

const run = promisify(execFile);

/** What it asks for (a path, answered by its value or null), then the commands that make the edit. */
interface Plan {
  readonly questions: readonly string[];
  readonly commands: (answers: ReadonlyMap<string, string>) => readonly string[];
}

/** The tasks of one lens at a time, as every file of the root is read by each lens that is loaded. */
export const augtool: Contender = async (tasks) => {
  const found: (Readonly<Record<string, string>> | null)[] = tasks.map(() => null);
  const lenses = tasks.map(({ edit }) =>
    isDovecot(edit) ? 'Dovecot' : isMaster(edit) ? 'Postfix_Master' : 'Postfix_Main',
  );
  for (const lens of new Set(lenses)) {
    const numbers = [...lenses.keys()].filter((number) => lenses[number] === lens);
    const done = await withLens(
      lens,
      numbers.map((number) => tasks[number]!),
    );
    numbers.forEach((number, index) => (found[number] = done[index] ?? null));
  }
  return found;
};

async function withLens(lens: string, tasks: readonly Task[]): ReturnType<Contender> {
  const root = await mkdtemp(join(tmpdir(), 'compare-augtool-'));
  try {
    const plans = tasks.map((task, index) => planFor(task, (file) => nodeOf(task, index, file)));
    for (const [index, task] of tasks.entries()) {
      for (const file of task.reads) {
        const path = join(root, nodeOf(task, index, file));
        await mkdir(dirname(path), { recursive: true });
        await writeFile(path, task.files[file] ?? '', 'latin1');
      }
    }
    const ask = (lines: readonly string[]) => augeas(root, lens, lines);
    const output = await ask([
      ...plans.flatMap(({ questions }) => questions.map((path) => `print "/files${path}"`)),
      errors,
    ]);
    const answers = parse(output);
    const broken = brokenIn(output);
    const commands = plans.flatMap((plan, index) =>
      broken.has(String(index)) ? [] : plan.commands(ofTask(answers, index)),
    );
    for (const index of brokenIn(await ask([...commands, 'save', errors]))) broken.add(index);
    return await Promise.all(
      tasks.map(async (task, index) => {
        if (broken.has(String(index))) return null;
        const read = async (file: string) => [file, await readFile(join(root, nodeOf(task, index, file)), 'latin1')];
        const after = await Promise.all(task.reads.map(read));
        return { ...task.files, ...(Object.fromEntries(after) as Record<string, string>) };
      }),
    );
  } finally {
    await rm(root, { recursive: true, force: true });
  }
}

/** The tasks of which a file could not be read or written. */
const brokenIn = (output: string): Set<string> =>
  new Set([...output.matchAll(/^\/augeas\/files\/(\d+)\/\d+\/error = /gm)].map(([, index = '']) => index));

const ofTask = (answers: ReadonlyMap<string, string>, index: number): Map<string, string> =>
  new Map([...answers].filter(([path]) => path.startsWith(`/${index}/`)));

const errors = 'print /augeas/files//error';

/** Files by number: their real names would have to be quoted. */
const nodeOf = ({ reads }: Task, index: number, file: string): string => `/${index}/${reads.indexOf(file)}`;

async function augeas(root: string, lens: string, lines: readonly string[]): Promise<string> {
  const script = join(root, 'script');
  await writeFile(script, `${lines.join('\n')}\n`, 'latin1');
  // It ends with 1 as soon as one question has no answer.
  const options = { encoding: 'latin1', maxBuffer: 1 << 28 } as const;
  const done = await run('augtool', ['-r', root, '-A', '-t', `${lens} incl /*/*`, '-f', script], options).catch(
    (error: unknown) => error,
  );
  return (done as { stdout: string }).stdout;
}

/** `PATH = "value"`, with `\n`, `\t`, `\"` and `\\` in it. */
function parse(output: string): Map<string, string> {
  const lines = output.matchAll(/^\/files(\/\S.*?)(?: = "((?:[^"\\]|\\.)*)")?$/gm);
  const plain: Readonly<Record<string, string>> = { n: '\n', t: '\t' };
  return new Map(
    [...lines].map(([, path = '', value = '']) => [
      path,
      value.replace(/\\(.)/g, (_, letter: string) => plain[letter] ?? letter),
    ]),
  );
}

/** In the quotes of augtool's script, where a backslash escapes. */
const quote = (text: string): string =>
  `'${text.replace(/[\\']/g, '\\$&').replaceAll('\n', '\\n').replaceAll('\t', '\\t')}'`;
const set = (path: string, value: string): string => `set "/files${path}" ${quote(value)}`;

function planFor(task: Task, node: (file: string) => string): Plan {
  const { edit, reads } = task;
  if (isDovecot(edit)) return dovecot({ ...task, edit }, node);
  const file = node(reads[0] ?? '');
  if (!isMaster(edit)) {
    const all = `${file}/${parameterOf(edit)}`;
    return {
      questions: [all],
      commands: (answers) => {
        const found = [...answers.keys()].filter((path) => path === all || path.startsWith(`${all}[`));
        const wanted = wantedOf(edit, answers.get(found.at(-1) ?? '') ?? null);
        if (wanted === null) return [`rm /files${all}`];
        return [set(found.at(-1) ?? all, wanted)];
      },
    };
  }
  if ('add' in edit) {
    const [name = '', type = '', ...rest] = edit.add.split(' ');
    const command = [rest.at(-1), ...edit.options.map(([key, value]) => `  ${optionText(key, value)}`)].join('\n');
    const columns = ['type', 'private', 'unprivileged', 'chroot', 'wakeup', 'limit'];
    const values = [type, ...rest.slice(0, 5)];
    return {
      questions: [`${file}/*[label() = '${name}'][type = '${type}']`],
      commands: (answers) => {
        if ([...answers.keys()].some((path) => path.startsWith(`${file}/${name}`))) return [];
        const head = columns.map((column, at) =>
          set(`${file}/${name}[last()${at === 0 ? '+1' : ''}]/${column}`, values[at] ?? ''),
        );
        return [...head, set(`${file}/${name}[last()]/command`, command)];
      },
    };
  }
  const [name = '', type = ''] = edit.service.split(' ');
  const service = `${file}/*[label() = '${name}'][type = '${type}']`;
  return {
    questions: [`${service}/command`],
    commands: (answers) => {
      const found = [...answers.keys()].filter((path) =>
        new RegExp(`^${file}/${name}(\\[\\d+\\])?/command$`).test(path),
      );
      const path = found.at(-1);
      if (path === undefined) return [];
      const now = answers.get(path) ?? '';
      const key = 'set' in edit ? edit.set : edit.remove;
      const option = new RegExp(`\\s+-o\\s*(\\{\\s*${key}\\s*=[^}]*\\}|${key}=\\S*)`, 'g');
      if (!('set' in edit)) return [set(path, now.replace(option, ''))];
      const last = [...now.matchAll(option)].at(-1);
      const text = optionText(key, edit.value);
      if (last === undefined) return [set(path, `${now}\n  ${text}`)];
      const start = last.index + /^\s+/.exec(last[0])![0].length;
      return [set(path, now.slice(0, start) + text + now.slice(last.index + last[0].length))];
    },
  };
}

function dovecot(task: Task & { readonly edit: Parameters<typeof partsOf>[0] }, node: (file: string) => string): Plan {
  const { edit, reads } = task;
  const { headers, key } = partsOf(edit);
  const steps = headers.map((header) => {
    const [type = '', ...name] = header.split(' ');
    return { type, name: name.join(' ') };
  });
  const blocks = (depth: number) =>
    steps
      .slice(0, depth)
      .map(({ type, name }) => `/${type}[. = '${name}']`)
      .join('');
  const questions = reads.flatMap((file) => [
    `${node(file)}${blocks(steps.length)}/${key}`,
    ...steps.map((_, depth) => `${node(file)}${blocks(depth + 1)}`),
  ]);
  const has = (answers: ReadonlyMap<string, string>, file: string, depth: number) => {
    const types = steps.slice(0, depth).map(({ type }) => `/${type}(\\[\\d+\\])?`);
    const tail = depth === steps.length ? `/${key}(\\[\\d+\\])?$` : '';
    const pattern = new RegExp(`^${node(file)}${types.join('')}${tail}`);
    return [...answers].some(
      ([path, value]) => pattern.test(path) && (tail !== '' || value === steps[depth - 1]?.name),
    );
  };
  return {
    questions,
    commands: (answers) => {
      const { value } = edit;
      if (value === null) return reads.map((file) => `rm "/files${node(file)}${blocks(steps.length)}/${key}"`);
      const file = placeFor(
        task,
        (path) => has(answers, path, steps.length) || (steps.length > 0 && has(answers, path, 1)),
      );
      const base = node(file);
      // The deepest block that is there; what is missing below it is made.
      let depth = steps.length;
      while (depth > 0 && !has(answers, file, depth) && !answers.has(`${base}${blocks(depth)}`)) depth--;
      const lines: string[] = [];
      let path = `${base}${blocks(depth)}${depth > 0 ? '[last()]' : ''}`;
      for (const { type, name } of steps.slice(depth)) {
        lines.push(set(`${path}/${type}[last()+1]`, name));
        path = `${path}/${type}[last()]`;
      }
      return [...lines, set(`${path}/${key}[last()]`, quoted(value))];
    },
  };
}
