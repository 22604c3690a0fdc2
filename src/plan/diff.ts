import { FILE_HEADERS_ONLY, formatPatch, structuredPatch, type StructuredPatch } from 'diff';
import type { Bytes, Change } from '../model/index.ts';
import { redact } from '../formats/redact.ts';

/** Lines that differ in one file. The time of a comparison grows with their square: these take half a second. */
const MOST_EDITS = 2000;

/** The comparisons that may still be made for one host: the sum of the squares of the lines that differ. */
export interface Effort {
  left: number;
}

export const effortOfHost = (): Effort => ({ left: 10 * MOST_EDITS ** 2 });

/**
 * A unified diff of one file, text as UTF-8. The whole file decides which lines are masked as secrets, so a line is masked even
 * if the diff does not show the line where the secret begins. Beyond the effort, the whole file is shown as replaced.
 */
export function diffOf({ path, before, after }: Change, effort = effortOfHost()): string {
  const [from, to] = [before === null ? '/dev/null' : path, after === null ? '/dev/null' : path];
  const [old, now] = [text(before ?? ''), text(after ?? '')];
  const patch = compared(from, to, old, now, effort) ?? replacement(from, to, old, now);
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

/** Undefined if the texts differ too much. */
function compared(from: string, to: string, old: string, now: string, effort: Effort): StructuredPatch | undefined {
  const maxEditLength = Math.min(MOST_EDITS, Math.floor(Math.sqrt(effort.left)));
  const patch = structuredPatch(from, to, old, now, undefined, undefined, { context: 3, maxEditLength });
  const edits = patch?.hunks.flatMap(({ lines }) => lines).filter((line) => /^[-+]/.test(line)).length;
  effort.left -= (edits ?? maxEditLength) ** 2;
  return patch;
}

/** All lines of one text are removed, and all of the other added. */
function replacement(from: string, to: string, old: string, now: string): StructuredPatch {
  const [before, after] = [linesOf(old), linesOf(now)];
  const hunk = {
    oldStart: 1,
    oldLines: before.length,
    newStart: 1,
    newLines: after.length,
    lines: [...signed('-', before, old), ...signed('+', after, now)],
  };
  return { oldFileName: from, newFileName: to, oldHeader: undefined, newHeader: undefined, hunks: [hunk] };
}

function linesOf(all: string): string[] {
  if (all === '') return [];
  return (all.endsWith('\n') ? all.slice(0, -1) : all).split('\n');
}

function signed(sign: string, lines: readonly string[], all: string): string[] {
  const marked = lines.map((line) => `${sign}${line}`);
  return all === '' || all.endsWith('\n') ? marked : [...marked, '\\ No newline at end of file'];
}

function text(bytes: Bytes): string {
  return Buffer.from(bytes, 'latin1').toString('utf8');
}
