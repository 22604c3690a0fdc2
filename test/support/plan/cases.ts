/** The cases of test/cases/TASK/CASE: read from disk, planned, and written back when they are to be accepted. */
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { HardenMailError } from '../../../src/model/errors.ts';
import { TASKS, type Action, type Bytes, type Plan, type Policy, type Snapshot } from '../../../src/model/index.ts';
import { compose } from '../../../src/plan/compose.ts';
import { RECIPE } from '../../../src/tasks/index.ts';
import type { Task } from '../../../src/tasks/task.ts';
import { CASES, host } from './host.ts';

/** What of a plan a case is held to, beside the files; all empty unless expect.json says otherwise. */
export interface Expectation {
  readonly notes: readonly string[];
  readonly actions: readonly Action[];
  /** `reload postfix` */
  readonly activations: readonly string[];
  /** Settings of a program that is not there yet: listed, but no file changes. */
  readonly unknown: readonly string[];
  readonly error: { readonly code: string; readonly message: string } | null;
}

export interface Case {
  readonly title: string;
  readonly folder: string;
  readonly tasks: readonly Task[];
  readonly snapshot: Snapshot;
  readonly policy: Policy;
  readonly after: Readonly<Record<string, Bytes>>;
  readonly expected: Expectation;
}

export interface Outcome extends Expectation {
  readonly plan: Plan | null;
  /** Files that change, by path. */
  readonly after: Readonly<Record<string, Bytes>>;
}

export function cases(): Case[] {
  const root = fileURLToPath(CASES);
  const rooms = ['recipe', 'strict', ...TASKS].filter((room) => existsSync(join(root, room)));
  return rooms.flatMap((room) => readdirSync(join(root, room)).map((name) => read(root, room, name)));
}

function read(root: string, room: string, name: string): Case {
  const folder = join(root, room, name);
  const json = (file: string): object => {
    const path = join(folder, file);
    return existsSync(path) ? (JSON.parse(readFileSync(path, 'utf8')) as object) : {};
  };
  const nothing: Expectation = { notes: [], actions: [], activations: [], unknown: [], error: null };
  return {
    title: `${room}/${name}`,
    folder,
    tasks: RECIPE.filter((task) => room === 'recipe' || room === 'strict' || task.name === room),
    ...host(tree(join(folder, 'before')), json('facts.json')),
    after: tree(join(folder, 'after')),
    expected: { ...nothing, ...json('expect.json') },
  };
}

/** Every file below a folder, by its path from there: `/etc/postfix/main.cf`. */
function tree(folder: string): Record<string, Bytes> {
  if (!existsSync(folder)) return {};
  const entries = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  return Object.fromEntries(
    entries.map((entry) => {
      const path = join(entry.parentPath, entry.name);
      return [path.slice(folder.length), readFileSync(path, 'latin1')];
    }),
  );
}

export function outcomeOf({ tasks, snapshot, policy }: Omit<Case, 'expected' | 'after'>): Outcome {
  try {
    const plan = compose(snapshot, policy, tasks);
    const changed = new Set(plan.changes.map(({ path }) => path));
    return {
      plan,
      after: Object.fromEntries(plan.changes.map(({ path, after }) => [path, after ?? ''])),
      notes: plan.notes.map(({ text }) => text),
      actions: plan.actions,
      activations: plan.activations.map(({ unit, how }) => `${how} ${unit}`),
      unknown: plan.settings.filter(({ file }) => !changed.has(file)).map(({ setting }) => setting),
      error: null,
    };
  } catch (error) {
    if (!(error instanceof HardenMailError)) throw error;
    const { code, message } = error;
    return { plan: null, after: {}, notes: [], actions: [], activations: [], unknown: [], error: { code, message } };
  }
}

/** The host after the plan was carried out: its files changed, its daemons loaded just now. */
export function afterwards({ snapshot }: Pick<Case, 'snapshot'>, plan: Plan): Snapshot {
  const { facts, files } = snapshot;
  const { now } = facts;
  const paths = Object.values(files);
  const changed = plan.changes.flatMap(({ path, target, after, mode, owner }) => {
    const bytes = after ?? '';
    // One file may have been read by several paths.
    const links = paths.filter((file) => file.target === target).map((file) => file.path);
    return [...new Set([path, ...links])].map((link) => {
      return [link, { path: link, target, bytes, sha256: '', mode, owner, changed: now }] as const;
    });
  });
  const gone = new Set(plan.changes.filter(({ after }) => after === null).map(({ path }) => path));
  // A host's clock may stand before its files: even so a daemon that was reloaded has read them.
  const loaded = Math.max(now, ...paths.map((file) => file.changed));
  const units = Object.keys(facts.units).map((name) => [name, { active: true, loaded }] as const);
  return {
    facts: { ...facts, units: Object.fromEntries(units) },
    files: Object.fromEntries(
      Object.entries({ ...files, ...Object.fromEntries(changed) }).filter(([path]) => !gone.has(path)),
    ),
  };
}

/** Makes the folder say what the code does now. */
export function accept({ folder }: Case, outcome: Outcome): void {
  rmSync(join(folder, 'after'), { recursive: true, force: true });
  for (const [path, bytes] of Object.entries(outcome.after)) {
    const file = join(folder, 'after', path);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, bytes, 'latin1');
  }
  const { notes, actions, activations, unknown, error } = outcome;
  const all = Object.entries({ notes, actions, activations, unknown, error });
  const said = all.filter(([, value]) => (Array.isArray(value) ? value.length > 0 : value !== null));
  const file = join(folder, 'expect.json');
  if (said.length === 0) rmSync(file, { force: true });
  else writeFileSync(file, `${JSON.stringify(Object.fromEntries(said), null, 2)}\n`);
}
