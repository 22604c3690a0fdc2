import { createTwoFilesPatch } from 'diff';
import type { Bytes, Change } from '../model.ts';
import { redact } from './redact.ts';

/** A unified diff of one file, secrets masked, text as UTF-8. */
export function diffOf({ path, before, after }: Change): string {
  const patch = createTwoFilesPatch(
    before === null ? '/dev/null' : path,
    path,
    text(before ?? ''),
    text(after),
    undefined,
    undefined,
    {
      context: 3,
    },
  );
  // The package draws a line of its own above the two file names.
  return redact(patch.replace(/^=+\n/, '').replace(/^(---|\+\+\+) (.*)\t$/gm, '$1 $2'));
}

function text(bytes: Bytes): string {
  return Buffer.from(bytes, 'latin1').toString('utf8');
}
