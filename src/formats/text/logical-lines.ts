import type { Bytes } from '../../model/index.ts';

/**
 * The line level that main.cf and master.cf share, as Postfix's own reader has it (postconf(5), master(5)): a line that
 * begins with white space continues the one before; empty lines, and lines whose first non-blank is `#`, are skipped and
 * do *not* end a logical line; the line ends themselves vanish when lines are joined.
 *
 * White space is what C's isspace() takes for it, so the `\r` of a CRLF file as well, and never a byte above 0x7F.
 */

/**
 * What `read` makes of every logical line of the file, in order; it gets where the line begins and its number, from 1. A
 * continuation with nothing to continue, at the top of a file, is dropped with a warning by Postfix, and here.
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

/** What the physical line from `start` to `end` (without its `\n`) is to Postfix. */
export function lineKind(bytes: Bytes, start: number, end: number): LineKind {
  let at = start;
  while (at < end && isBlank(bytes.charCodeAt(at))) at++;
  if (at === end || bytes.charCodeAt(at) === 0x23) return 'skipped';
  return at === start ? 'first' : 'continuation';
}

/** Where the physical line that `from` is in ends, without its `\n`. */
export function lineEnd(bytes: Bytes, from: number): number {
  const end = bytes.indexOf('\n', from);
  return end < 0 ? bytes.length : end;
}

/** White space within a line: space, tab, vertical tab, form feed, carriage return. */
export function isBlank(byte: number): boolean {
  return byte === 0x20 || byte === 0x09 || (byte >= 0x0b && byte <= 0x0d);
}

/** Without the white space around it. JavaScript's trim() would take a byte like 0xA0, the end of a UTF-8 `à`, with it. */
export function trimBlanks(text: string): string {
  let start = 0;
  let end = text.length;
  while (start < end && (isBlank(text.charCodeAt(start)) || text[start] === '\n')) start++;
  while (end > start && (isBlank(text.charCodeAt(end - 1)) || text[end - 1] === '\n')) end--;
  return text.slice(start, end);
}

/**
 * A logical line as the one text that Postfix sees, and its parts, the physical lines that carry text: where in the text each
 * begins, where in the file it begins and ends (without its `\n`), and its number, from 1. A column each, because there may
 * be a million of them.
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
  /** The file in stretches without skipped lines, from `stretch` on not yet in it. */
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
  // Postfix keeps it as a C string: what stands behind a NUL is not seen.
  const nul = text.indexOf('\0');
  return { text: nul < 0 ? text : text.slice(0, nul), starts, froms, ends, lines };
}

/** Does a NUL hide the end of the line? Then nothing may be added behind it. */
export function isCut({ text, starts, froms, ends }: Joined): boolean {
  return (starts.at(-1) ?? 0) + (ends.at(-1) ?? 0) - (froms.at(-1) ?? 0) > text.length;
}

/** Index of the part that the byte at `offset` of the joined text is in. */
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

/** A place for people: line and column from 1, and the whole line. */
export function placeOf(
  bytes: Bytes,
  joined: Joined,
  offset: number,
): { line: number; column: number; source: string } {
  const part = partAt(joined, offset);
  const source = bytes.slice(joined.froms[part], joined.ends[part]);
  return { line: joined.lines[part] ?? 1, column: offset - (joined.starts[part] ?? 0) + 1, source };
}
