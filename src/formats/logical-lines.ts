import type { Bytes } from '../model.ts';

/**
 * The line level that main.cf and master.cf share, as Postfix's own reader has it (postconf(5), master(5), "file format"):
 * a line that begins with white space continues the one before; empty lines, and lines whose first non-blank is `#`, are
 * skipped and do *not* end a logical line; the line ends themselves vanish when lines are joined.
 */

/** One logical line: the text as Postfix joins it, and where each of its bytes stands in the file. */
export interface LogicalLine {
  readonly text: string;
  /** The physical lines that carry the text: index into the file's lines, and where its text starts in `text`. */
  readonly pieces: readonly Piece[];
}

export interface Piece {
  readonly line: number;
  readonly start: number;
}

/** A place in the file: index of the physical line, and offset in it. */
export interface Place {
  readonly line: number;
  readonly offset: number;
}

/** What C's isspace() counts as white space, so `\r` of a CRLF file as well. */
const BLANK_LINE = /^[ \t\v\f\r]*(?:#|\n?$)/;
const STARTS_BLANK = /^[ \t\v\f\r]/;

/** Without the white space around it. JavaScript's trim() would take a byte like 0xA0, the end of a UTF-8 `à`, with it. */
export function trimBlanks(text: string): string {
  return text.replace(/^[ \t\n\v\f\r]+/, '').replace(/(?<![ \t\n\v\f\r])[ \t\n\v\f\r]+$/, '');
}

/** Splits into physical lines, each with its own line end on it; joined they are the file again. */
export function splitLines(bytes: Bytes): string[] {
  return bytes.match(/[^\n]*\n|[^\n]+$/g) ?? [];
}

/** Is this physical line skipped by Postfix: empty, blank, or a comment? */
export function isSkipped(line: string): boolean {
  return BLANK_LINE.test(line);
}

/** Is this physical line the continuation of the one before? */
export function isContinuation(line: string): boolean {
  return STARTS_BLANK.test(line) && !isSkipped(line);
}

/**
 * Joins physical lines to logical ones. A continuation with nothing to continue, at the top of a file, is dropped with
 * a warning by Postfix, and so it is not in the result.
 */
export function logicalLines(lines: readonly string[]): LogicalLine[] {
  const found: LogicalLine[] = [];
  let pieces: Piece[] = [];
  let texts: string[] = [];
  let length = 0;
  const close = () => {
    // Postfix keeps it as a C string: what stands behind a NUL is not seen.
    if (pieces.length > 0) found.push({ text: texts.join('').replace(/\0[^]*/, ''), pieces });
  };
  lines.forEach((line, index) => {
    if (isSkipped(line)) return;
    if (!STARTS_BLANK.test(line)) {
      close();
      pieces = [];
      texts = [];
      length = 0;
    } else if (pieces.length === 0) {
      return;
    }
    const text = line.endsWith('\n') ? line.slice(0, -1) : line;
    pieces.push({ line: index, start: length });
    texts.push(text);
    length += text.length;
  });
  close();
  return found;
}

/** Where the byte at `offset` of the joined text stands in the file. */
export function placeOf(logical: LogicalLine, offset: number): Place {
  const piece = logical.pieces[pieceAt(logical, offset)] ?? { line: 0, start: 0 };
  return { line: piece.line, offset: offset - piece.start };
}

/** Index of the piece that the byte at `offset` of the joined text is in. */
function pieceAt({ pieces }: LogicalLine, offset: number): number {
  let low = 0;
  let high = pieces.length - 1;
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if ((pieces[middle]?.start ?? 0) <= offset) low = middle;
    else high = middle - 1;
  }
  return low;
}

/** Replaces a range of the joined text. */
export interface TextEdit {
  readonly start: number;
  readonly end: number;
  readonly text: string;
}

/**
 * The physical lines after edits within one logical line, in ascending order. Every line stays where it is; those that an
 * edit reaches over become one, and a continuation line with nothing left on it goes.
 */
export function editLogical(lines: readonly string[], logical: LogicalLine, edits: readonly TextEdit[]): string[] {
  const changed = new Map<number, string | null>();
  const textOf = (line: number) => changed.get(line) ?? lines[line] ?? '';
  const join = (line: number, head: string, tail: string) => {
    const eol = /\r?\n$/.exec(lines[line] ?? '')?.[0] ?? '';
    changed.set(line, head + tail.replace(/\r?\n$/, '') + eol);
  };
  // From the back to the front, so that the offsets further up still hold.
  for (const edit of edits.toReversed()) {
    // What begins at the very start of a line belongs to the line before: a line of its own begins with white space.
    const from = pieceAt(logical, edit.start - 1);
    const to = Math.max(from, pieceAt(logical, edit.end - 1));
    const [first, last] = [logical.pieces[from], logical.pieces[to]];
    if (!first || !last) continue;
    const head = textOf(first.line).slice(0, edit.start - first.start);
    const tail = textOf(last.line).slice(edit.end - last.start);
    for (const { line } of logical.pieces.slice(from + 1, to + 1)) changed.set(line, null);
    join(first.line, head + edit.text, tail);
  }
  let previous = 0;
  for (const { line } of logical.pieces) {
    const text = changed.get(line);
    if (typeof text === 'string' && line !== logical.pieces[0]?.line && isSkipped(text)) {
      // What is left would be read as a comment if it stood on a line of its own.
      if (text.includes('#')) join(previous, textOf(previous).replace(/\r?\n$/, ''), text);
      changed.set(line, null);
    }
    if (changed.get(line) !== null) previous = line;
  }
  return lines.flatMap((text, index) => changed.get(index) ?? (changed.has(index) ? [] : text));
}

/** The line end to use for a new line after `lines[index - 1]`: its neighbour's, else the file's first, else `\n`. */
export function lineEnd(lines: readonly string[], index: number): string {
  const model = [lines[index - 1], lines[0]].find((line) => line?.endsWith('\n'));
  return model?.endsWith('\r\n') ? '\r\n' : '\n';
}

/**
 * New lines before `lines[index]`. `texts` come without line ends; they get the file's. A last line without its line end
 * gets one first, and the file then ends with one.
 */
export function insertLines(lines: readonly string[], index: number, texts: readonly string[]): string[] {
  const eol = lineEnd(lines, index);
  const before = lines.slice(0, index);
  const last = before.pop();
  if (last !== undefined) before.push(last.endsWith('\n') ? last : last + eol);
  return [...before, ...texts.map((text) => text + eol), ...lines.slice(index)];
}

/**
 * The first index from `index` on where a new logical line can go in without taking over the continuation lines of the
 * one before.
 */
export function boundary(lines: readonly string[], index: number): number {
  let found = index;
  for (let next = index; next < lines.length; next++) {
    const line = lines[next] ?? '';
    if (isContinuation(line)) found = next + 1;
    else if (!isSkipped(line)) break;
  }
  return found;
}
