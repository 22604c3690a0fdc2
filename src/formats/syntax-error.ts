import { HardenMailError } from '../model/errors.ts';
import { redact } from './redact.ts';

/** Maximum number of columns that a report shows: a longer line is cut around the error. */
const SHOWN = 100;

/**
 * A CONFIG_INVALID error with file, line, column, the line with a caret below the column, and what was expected.
 *
 * `line` and `column` count from 1; `column` counts bytes of `source`, the whole line as it is in the file (with or without
 * its end of line). The message is one line, `FILE:LINE:COL: expected …`; the hint is the next step; the excerpt is the source
 * line with the caret below it, with secrets masked.
 */
export function syntaxError(at: {
  file: string;
  line: number;
  column: number;
  source: string;
  expected: string;
}): HardenMailError {
  const source = redact(at.source.replace(/\r?\n$/, ''));
  const caret = Math.min(Math.max(at.column - 1, 0), source.length);
  const start = source.length <= SHOWN ? 0 : Math.min(Math.max(caret - SHOWN / 2, 0), source.length - SHOWN);
  const end = Math.min(start + SHOWN, source.length);
  const before = (start > 0 ? '…' : '') + printable(source.slice(start, caret));
  const after = printable(source.slice(caret, end)) + (end < source.length ? '…' : '');
  const gutter = `${at.line} | `;
  const mark = at.line === 1 && at.source.startsWith('\xef\xbb\xbf');
  return new HardenMailError(
    'CONFIG_INVALID',
    `${printable(at.file)}:${at.line}:${at.column}: expected ${at.expected}`,
    mark
      ? `${printable(at.file)} begins with a byte order mark, which is read as text: save it without one, then run again.`
      : `Fix line ${at.line} of ${printable(at.file)}, then run again; nothing was changed.`,
    { excerpt: `${gutter}${before}${after}\n${' '.repeat(gutter.length - 2)}| ${' '.repeat(before.length)}^` },
  );
}

/** Text that is safe on a terminal and keeps its columns: a tab becomes one space, any other control or non-ASCII byte `\xNN`. */
function printable(text: string): string {
  return text
    .replace(/\t/g, ' ')
    .replace(/[^ -~]/g, (byte) => `\\x${byte.charCodeAt(0).toString(16).padStart(2, '0')}`);
}
