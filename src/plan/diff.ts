import { FILE_HEADERS_ONLY, formatPatch, structuredPatch } from 'diff';
import type { Bytes, Change } from '../model/index.ts';
import { redact } from '../formats/redact.ts';

/**
 * A unified diff of one file, text as UTF-8. The whole file decides which lines are masked as secrets, so a line is masked even
 * if the diff does not show the line where the secret begins.
 */
export function diffOf({ path, before, after }: Change): string {
  const [from, to] = [before === null ? '/dev/null' : path, after === null ? '/dev/null' : path];
  const [old, now] = [text(before ?? ''), text(after ?? '')];
  const patch = structuredPatch(from, to, old, now, undefined, undefined, { context: 3 });
  const [oldLines, newLines] = [redact(old).split('\n'), redact(now).split('\n')];
  for (const hunk of patch.hunks) {
    let [oldAt, newAt] = [hunk.oldStart - 1, hunk.newStart - 1];
    hunk.lines = hunk.lines.map((line) => {
      const sign = line[0];
      if (sign === '\\') return line; // "No newline at end of file"
      const shown = sign === '-' ? oldLines[oldAt] : newLines[newAt];
      if (sign !== '+') oldAt++;
      if (sign !== '-') newAt++;
      return `${sign}${shown}`;
    });
  }
  return formatPatch(patch, FILE_HEADERS_ONLY);
}

function text(bytes: Bytes): string {
  return Buffer.from(bytes, 'latin1').toString('utf8');
}
