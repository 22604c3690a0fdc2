import type { Bytes } from '../../model/index.ts';
import { lineEnd, lineKind, partAt } from './logical-lines.ts';
import type { Joined } from './logical-lines.ts';

/** Replaces a range of a logical line's joined text. */
export interface TextEdit {
  readonly start: number;
  readonly end: number;
  readonly text: string;
}

/**
 * The file after edits within one logical line, in ascending order. Physical lines stay where they are; lines that one edit
 * spans become one, and an empty continuation line is removed.
 */
export function editLogical(bytes: Bytes, joined: Joined, edits: readonly TextEdit[]): Bytes {
  const { starts, froms, ends } = joined;
  /** New text by part; null: removed, undefined: unchanged. */
  const changed = new Array<string | null | undefined>(starts.length).fill(undefined);
  const textOf = (part: number) => changed[part] ?? bytes.slice(froms[part], ends[part]);
  // From back to front, so that the earlier offsets stay valid.
  for (const { start, end, text } of edits.toReversed()) {
    // Text at the very start of a line belongs to the line before: a continuation line begins with white space.
    const from = partAt(joined, start - 1);
    const to = end - 1 < (starts[from + 1] ?? Infinity) ? from : partAt(joined, end - 1);
    const head = textOf(from).slice(0, start - (starts[from] ?? 0));
    const tail = textOf(to).slice(end - (starts[to] ?? 0));
    for (let part = from + 1; part <= to; part++) changed[part] = null;
    changed[from] = head + text + tail;
  }
  for (let part = 1; part < starts.length; part++) {
    const text = changed[part];
    if (text === undefined || text === null || lineKind(text, 0, text.length) !== 'skipped') continue;
    changed[part] = null;
    if (!text.includes('#')) continue;
    // On a line of its own, the rest would be read as a comment.
    let before = part - 1;
    while (changed[before] === null) before--;
    changed[before] = textOf(before) + text;
  }
  const kept: string[] = [];
  let done = 0;
  for (let part = 0; part < starts.length; part++) {
    const text = changed[part];
    if (text === undefined) continue;
    const [from = 0, end = 0] = [froms[part], ends[part]];
    if (done < from) kept.push(bytes.slice(done, from));
    if (text !== null) kept.push(text);
    done = text === null ? end + 1 : end;
  }
  kept.push(bytes.slice(done));
  return kept.join('');
}

/**
 * Inserts lines before the one that begins at `offset`. `texts` have no line ends and get the neighbour's. A last line without
 * a line end gets one first, and the file then ends with one.
 */
export function insertLines(bytes: Bytes, offset: number, texts: readonly string[]): Bytes {
  const at = Math.min(offset, bytes.length);
  const head = bytes.slice(0, at);
  const eol = /\r?\n$/.exec(head.slice(-2))?.[0] ?? /\r?\n/.exec(bytes.slice(0, lineEnd(bytes, 0) + 1))?.[0] ?? '\n';
  const open = head !== '' && !head.endsWith('\n') ? eol : '';
  return head + open + texts.map((text) => text + eol).join('') + bytes.slice(at);
}

/**
 * The first line start from `offset` on (itself a line start) where a new logical line can go without capturing the continuation
 * lines of the one before.
 */
export function boundary(bytes: Bytes, offset: number): number {
  let found = offset;
  for (let start = offset; start < bytes.length;) {
    const end = lineEnd(bytes, start);
    const kind = lineKind(bytes, start, end);
    if (kind === 'first') break;
    start = end + 1;
    if (kind === 'continuation') found = start;
  }
  return Math.min(found, bytes.length);
}

/** The start of the blanks that end at `offset`. */
export function blanksBefore(text: string, offset: number): number {
  let at = offset;
  while (text[at - 1] === ' ' || text[at - 1] === '\t') at--;
  return at;
}
