/** This program as files, for another machine. */
import { readFileSync } from 'node:fs';
import { getRawAsset, isSea } from 'node:sea';
import { HardenMailError } from '../../model/errors.ts';

/** The word after the program's name with which a spare machine plays the job on its standard input. No command of a user. */
export const PLAY = 'play-rehearsal';

export const PROGRAM_FILES = ['program.cjs', 'worker.cjs'] as const;

export type ProgramFiles = Readonly<Record<(typeof PROGRAM_FILES)[number], Buffer>>;

/** @throws STOPPED if this is the source, not what the build made of it */
export function programFiles(): ProgramFiles {
  const isBuilt = import.meta.url.endsWith('/program.cjs');
  if (!isSea() && !isBuilt)
    throw new HardenMailError(
      'STOPPED',
      'only the built program can be sent to another machine, and this is its source',
      'Run `npm run build`, then `bin/harden-mail.js`. Nothing was read or written.',
    );
  const read = (name: string): Buffer =>
    isSea() ? Buffer.from(getRawAsset(name) as ArrayBuffer) : readFileSync(new URL(`./${name}`, import.meta.url));
  return { 'program.cjs': read('program.cjs'), 'worker.cjs': read('worker.cjs') };
}
