/** The cases of test/cases/convert: Dovecot 2.3's files, and what becomes of them. */
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { convertDovecot, type Conversion } from '../../src/convert/convert.ts';
import { loadDovecot } from '../../src/formats/dovecot/dovecot.ts';

export type Files = Readonly<Record<string, string>>;

export interface Case {
  readonly name: string;
  readonly folder: string;
  readonly before: Files;
  /** Files that change, and no other. */
  readonly after: Files;
  /** `FILE:LINE: what to do`, for what cannot be converted. */
  readonly problems: readonly string[];
}

export const ROOT = '/etc/dovecot/dovecot.conf';
const FOLDER = fileURLToPath(new URL('../cases/convert', import.meta.url));

export function cases(): Case[] {
  return readdirSync(FOLDER).map((name) => {
    const folder = join(FOLDER, name);
    const problems = join(folder, 'problems.json');
    return {
      name,
      folder,
      before: tree(join(folder, 'before')),
      after: tree(join(folder, 'after')),
      problems: existsSync(problems) ? (JSON.parse(readFileSync(problems, 'utf8')) as string[]) : [],
    };
  });
}

function tree(folder: string): Record<string, string> {
  if (!existsSync(folder)) return {};
  const entries = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  const files = entries.map((entry) => join(entry.parentPath, entry.name));
  return Object.fromEntries(files.map((path) => [path.slice(folder.length), readFileSync(path, 'latin1')]));
}

export function convert(files: Files, version = '2.4.1'): Conversion {
  return convertDovecot(loadDovecot(files, ROOT), version);
}

export function changed(before: Files, { files }: Conversion): Record<string, string> {
  return Object.fromEntries(Object.entries(files).filter(([path, bytes]) => before[path] !== bytes));
}

export function problemsOf({ problems }: Conversion): string[] {
  return problems.map(({ file, line, todo }) => `${file}:${line}: ${todo}`);
}

/** Makes the folder say what the code does now. */
export function accept({ folder, before }: Case, conversion: Conversion): void {
  rmSync(join(folder, 'after'), { recursive: true, force: true });
  for (const [path, bytes] of Object.entries(changed(before, conversion))) {
    const file = join(folder, 'after', path);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, bytes, 'latin1');
  }
  const file = join(folder, 'problems.json');
  const problems = problemsOf(conversion);
  if (problems.length === 0) rmSync(file, { force: true });
  else writeFileSync(file, `${JSON.stringify(problems, null, 2)}\n`);
}
