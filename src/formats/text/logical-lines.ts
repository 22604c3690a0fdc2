import type { Bytes } from '../../model/index.ts';

/**
 * The line level that main.cf and master.cf share, as Postfix parses it (postconf(5), master(5)): a line that begins with white
 * space continues the one before; empty lines, and lines whose first non-blank is `#`, are skipped and do *not* end a logical
 * line; joining removes the line ends.
 *
 * White space is that of C's isspace(): it includes the `\r` of a CRLF file, but no byte above 0x7F.
 */

/**
 * The results of `read` for every logical line of the file, in order; `read` gets the start of the line and its number, from 1.
 * Postfix drops a continuation at the top of a file, which continues nothing, with a warning; so does this function.
 */
export function logicalLines<T>(bytes: Bytes, read: (start: number, line: number) => T): T[] {
  const found: T[] = [];
  let line = 1;
  for (let start = 0; start < bytes.length; line++) {
    const end = lineEnd(bytes, start);
    if (lineKind(bytes, start, end) === 'first') found.push(read(start, line));
    start = end + 1;
  }
  return found;
}

export type LineKind = 'skipped' | 'first' | 'continuation';

/** How Postfix classifies the physical line from `start` to `end` (without its `\n`). */
export function lineKind(bytes: Bytes, start: number, end: number): LineKind {
  let at = start;
  while (at < end && isBlank(bytes.charCodeAt(at))) at++;
  if (at === end || bytes.charCodeAt(at) === 0x23) return 'skipped';
  return at === start ? 'first' : 'continuation';
}

/** The end of the physical line that contains `from`, without its `\n`. */
export function lineEnd(bytes: Bytes, from: number): number {
  const end = bytes.indexOf('\n', from);
  return end < 0 ? bytes.length : end;
}

/** White space within a line: space, tab, vertical tab, form feed, carriage return. */
export function isBlank(byte: number): boolean {
  return byte === 0x20 || byte === 0x09 || (byte >= 0x0b && byte <= 0x0d);
}

/** Removes surrounding white space. JavaScript's trim() would also remove a byte like 0xA0, the end of a UTF-8 `à`. */
export function trimBlanks(text: string): string {
  let start = 0;
  let end = text.length;
  while (start < end && (isBlank(text.charCodeAt(start)) || text[start] === '\n')) start++;
  while (end > start && (isBlank(text.charCodeAt(end - 1)) || text[end - 1] === '\n')) end--;
  return text.slice(start, end);
}

/**
 * A logical line as the one text that Postfix sees, and its parts, the physical lines with text. For each part: its start in
 * the text, its start and end in the file (without its `\n`), and its line number, from 1. One array per column, because
 * there may be a million parts.
 */
export interface Joined {
  readonly text: string;
  readonly starts: readonly number[];
  readonly froms: readonly number[];
  readonly ends: readonly number[];
  readonly lines: readonly number[];
}

/** The logical line that begins at `start`, on the line with the number `line`. */
export function join(bytes: Bytes, start: number, line: number): Joined {
  const starts: number[] = [];
  const froms: number[] = [];
  const ends: number[] = [];
  const lines: number[] = [];
  /** The file in stretches without skipped lines; from `stretch` on it is not copied yet. */
  const texts: string[] = [];
  let stretch = start;
  let length = 0;
  let number = line;
  let from = start;
  for (; from < bytes.length; number++) {
    const end = lineEnd(bytes, from);
    const kind = lineKind(bytes, from, end);
    if (kind === 'first' && from > start) break;
    if (kind === 'skipped') {
      if (stretch < from) texts.push(bytes.slice(stretch, from));
      stretch = end + 1;
    } else {
      starts.push(length);
      froms.push(from);
      ends.push(end);
      lines.push(number);
      length += end - from;
    }
    from = end + 1;
  }
  texts.push(bytes.slice(stretch, from));
  const text = texts.join('').replaceAll('\n', '');
  // Postfix keeps the line as a C string and does not see text after a NUL.
  const nul = text.indexOf('\0');
  return { text: nul < 0 ? text : text.slice(0, nul), starts, froms, ends, lines };
}

/** Does a NUL hide the end of the line? If so, no text may be added after it. */
export function isCut({ text, starts, froms, ends }: Joined): boolean {
  return (starts.at(-1) ?? 0) + (ends.at(-1) ?? 0) - (froms.at(-1) ?? 0) > text.length;
}

/** Index of the part that contains the byte at `offset` of the joined text. */
export function partAt({ starts }: Joined, offset: number): number {
  let low = 0;
  let high = starts.length - 1;
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if ((starts[middle] ?? 0) <= offset) low = middle;
    else high = middle - 1;
  }
  return low;
}

/** A position for messages: line and column from 1, and the whole line. */
export function placeOf(
  bytes: Bytes,
  joined: Joined,
  offset: number,
): { line: number; column: number; source: string } {
  const part = partAt(joined, offset);
  const source = bytes.slice(joined.froms[part], joined.ends[part]);
  return { line: joined.lines[part] ?? 1, column: offset - (joined.starts[part] ?? 0) + 1, source };
}
