import { createTwoFilesPatch, FILE_HEADERS_ONLY } from 'diff';
import type { Bytes, Change } from '../model.ts';
import { redact } from './redact.ts';

/** A unified diff of one file, secrets masked, text as UTF-8. */
export function diffOf({ path, before, after }: Change): string {
  const from = before === null ? '/dev/null' : path;
  const options = { context: 3, headerOptions: FILE_HEADERS_ONLY };
  return redact(createTwoFilesPatch(from, path, text(before ?? ''), text(after), undefined, undefined, options));
}

function text(bytes: Bytes): string {
  return Buffer.from(bytes, 'latin1').toString('utf8');
}
