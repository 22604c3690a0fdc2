/** Somebody else's converter: a program that changes the files in a folder. */
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type { Converter, OldConfiguration, Outcome } from './converter.ts';

/** Reads `LABEL=PROGRAM`. */
export function program(entry: string): Converter {
  const [name = '', command = ''] = entry.split('=');
  return { name, about: `\`${name}\`, given on the command line`, convert: (old) => run(command, old) };
}

function run(command: string, { files, effective }: OldConfiguration): Outcome {
  const folder = mkdtempSync(join(tmpdir(), 'convert-'));
  try {
    for (const [path, bytes] of Object.entries({ ...files, '/effective': effective })) {
      mkdirSync(dirname(join(folder, path)), { recursive: true });
      writeFileSync(join(folder, path), bytes, 'latin1');
    }
    execFileSync(command, [folder], { stdio: ['ignore', 'ignore', 'pipe'], timeout: 60_000 });
    const entries = readdirSync(join(folder, 'etc'), { recursive: true, withFileTypes: true });
    const paths = entries.filter((one) => one.isFile()).map((one) => join(one.parentPath, one.name));
    const now = paths.map((path) => [path.slice(folder.length), readFileSync(path, 'latin1')] as const);
    return { files: Object.fromEntries(now.filter(([path, bytes]) => files[path] !== bytes)) };
  } catch (error) {
    const said = error instanceof Error && 'stderr' in error ? String(error.stderr) : String(error);
    return { refused: said.trim().split('\n').at(-1) ?? '' };
  } finally {
    rmSync(folder, { recursive: true });
  }
}
