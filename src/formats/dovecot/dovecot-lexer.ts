/**
 * Splits a file of Dovecot's configuration into logical lines: one physical line, or several joined by `\`.
 *
 * As in the daemon, the comment is cut from each physical line before the `\` is looked for, and a blank or comment line directly
 * after a `\` discards the text joined so far.
 */
import type { Bytes } from '../../model/index.ts';
import { parseLine, whiteOf } from './dovecot-line.ts';
import type { Form, Grammar } from './dovecot-line.ts';

/** Position of a logical line: byte offsets, end of line included, and its first physical line, counted from 1. */
interface Span {
  readonly start: number;
  readonly end: number;
  readonly line: number;
}

export interface Setting extends Span {
  readonly kind: 'setting';
  readonly key: string;
  /** Unquoted and unescaped. A file value keeps its `<`; a heredoc's value is its text. */
  readonly value: string;
  readonly form: Form;
  /** Byte offset of the key; -1 if the line begins in another file. */
  readonly keyStart: number;
  /** Byte offsets of the value as written, with quotes and markers; -1 if it begins in another file. */
  readonly valueStart: number;
  readonly valueEnd: number;
}

export type Line =
  | Setting
  | (Span & { readonly kind: 'begin'; readonly header: string; readonly named: boolean })
  | (Span & { readonly kind: 'end' })
  | (Span & { readonly kind: 'include'; readonly pattern: string; readonly optional: boolean; readonly at: number })
  /**
   * Joined text that the daemon discards, or blank lines and comments: a comment with `=`, `{` or `}` alone, as it may be a sample; others
   * together. `comment` is the text after the first `#`, null without one.
   */
  | (Span & { readonly kind: 'skip'; readonly comment: string | null })
  /** Joined text at the end of a file. The daemon joins it to the next line that it reads, from any file. */
  | (Span & { readonly kind: 'open'; readonly text: string })
  /** Input that the daemon refuses; `at` is a byte offset. */
  | (Span & { readonly kind: 'error'; readonly at: number; readonly expected: string });

/** Where to start: in the middle of a file, and after text that another file left open because it ended with a `\`. */
export interface Resume {
  readonly offset: number;
  readonly line: number;
  readonly carry: string;
}

/** A part of the logical line: its text and its start in the file (-1: in another file). */
interface Piece {
  readonly text: string;
  readonly at: number;
}

export function* lexDovecot(
  bytes: Bytes,
  grammar: Grammar,
  from: Resume = { offset: 0, line: 1, carry: '' },
): Generator<Line, void> {
  const white = whiteOf(grammar);
  const hasNul = bytes.includes('\0');
  let pieces: Piece[] = from.carry === '' ? [] : [{ text: from.carry, at: -1 }];
  let { offset, line: number } = from;
  let start = offset;
  let line = number;

  while (offset < bytes.length) {
    const physical = physicalLine(bytes, offset, hasNul);
    let at = offset;
    while (at < physical.to && white(bytes.charCodeAt(at))) at++;
    offset = physical.end;
    number++;

    let found: Line;
    if (at === physical.to || bytes[at] === '#') {
      const comment = pieces.length === 0 && at < physical.to ? bytes.slice(at + 1, physical.to) : null;
      if (pieces.length === 0 && (comment === null || isProse(bytes, at, physical.to))) {
        const run = proseRun(bytes, offset, white, hasNul, comment);
        offset = run.end;
        number += run.lines;
        found = { kind: 'skip', start, end: offset, line, comment: run.comment };
      } else found = { kind: 'skip', start, end: offset, line, comment };
    } else {
      let to = trimEnd(bytes, at, cutComment(bytes, at, physical.to), white);
      const continues = bytes[to - 1] === '\\';
      if (continues) to = trimEnd(bytes, at, to - 1, white);
      if (to > at) pieces.push({ text: bytes.slice(at, to) + (continues ? ' ' : ''), at });
      if (continues && pieces.length > 0) continue;
      found = continues
        ? { kind: 'skip', start, end: offset, line, comment: null }
        : lineOf(pieces, grammar, start, offset, line);
    }
    if (found.kind === 'setting' && found.form === 'heredoc') {
      const body = heredoc(bytes, offset, found.value, hasNul);
      found = body === null ? unended(found, at) : { ...found, end: body.end, valueEnd: body.to, value: body.text };
      if (body !== null) {
        offset = body.end;
        number += body.lines;
      }
    }
    yield found;
    if (pieces.length > 0) pieces = [];
    start = offset;
    line = number;
  }
  if (pieces.length > 0 && offset > from.offset)
    yield { kind: 'open', start, end: offset, line, text: pieces.map((p) => p.text).join('') };
}

function unended({ start, end, line, value }: Setting, at: number): Line {
  return { kind: 'error', start, end, line, at, expected: `a later line that is only ${value}` };
}

/** End of the physical line at `offset`: `to` excludes the end of line, `end` includes it. A NUL ends the line for the daemon. */
function physicalLine(bytes: Bytes, offset: number, hasNul: boolean): { to: number; end: number } {
  const newline = bytes.indexOf('\n', offset);
  const end = newline < 0 ? bytes.length : newline + 1;
  let to = newline < 0 ? end : newline;
  if (to > offset && bytes[to - 1] === '\r') to--;
  if (hasNul) {
    const nul = bytes.slice(offset, to).indexOf('\0');
    if (nul >= 0) to = offset + nul;
  }
  return { to, end };
}

/**
 * The end and the number of blank lines and of comments without a setting or a block from `offset` on. They become one object with the
 * line before them: an object for each would take 100 MB for a megabyte of them, and most lines of Debian's files are such comments.
 */
function proseRun(
  bytes: Bytes,
  offset: number,
  white: (code: number) => boolean,
  hasNul: boolean,
  comment: string | null,
): { end: number; lines: number; comment: string | null } {
  let lines = 0;
  for (; offset < bytes.length; lines++) {
    const { to, end } = physicalLine(bytes, offset, hasNul);
    let at = offset;
    while (at < to && white(bytes.charCodeAt(at))) at++;
    if (at < to && !(bytes.charCodeAt(at) === HASH && isProse(bytes, at, to))) break;
    if (at < to) comment ??= bytes.slice(at + 1, to);
    offset = end;
  }
  return { end: offset, lines, comment };
}

/** Has the comment no character that a commented-out setting or block has? */
function isProse(bytes: Bytes, from: number, to: number): boolean {
  for (let i = from; i < to; i++) {
    const char = bytes.charCodeAt(i);
    if (char === EQUALS || char === OPEN || char === CLOSE) return false;
  }
  return true;
}

const [HASH, QUOTE, APOSTROPHE, BACKSLASH, EQUALS, OPEN, CLOSE] = [35, 34, 39, 92, 61, 123, 125];

/** Start of the comment, else `to`. Quotes protect a `#`; an unclosed quote protects the rest of the line. */
function cutComment(bytes: Bytes, from: number, to: number): number {
  for (let i = from; i < to; i++) {
    const char = bytes.charCodeAt(i);
    if (char === HASH) return i;
    if (char === QUOTE || char === APOSTROPHE) {
      for (i++; i < to && bytes.charCodeAt(i) !== char; i++) if (bytes.charCodeAt(i) === BACKSLASH && i + 1 < to) i++;
    }
  }
  return to;
}

function trimEnd(bytes: Bytes, from: number, to: number, white: (code: number) => boolean): number {
  while (to > from && white(bytes.charCodeAt(to - 1))) to--;
  return to;
}

function lineOf(pieces: readonly Piece[], grammar: Grammar, start: number, end: number, line: number): Line {
  const text = pieces.length === 1 ? pieces[0]!.text : pieces.map((piece) => piece.text).join('');
  const parsed = parseLine(text, grammar);
  // One literal per kind: this is the hot path for large files, and spreads are slow.
  switch (parsed.kind) {
    case 'setting': {
      const { kind, key, value, form } = parsed;
      const keyStart = place(pieces, 0);
      const valueStart = place(pieces, parsed.from);
      const valueEnd = place(pieces, parsed.to);
      return { kind, start, end, line, key, value, form, keyStart, valueStart, valueEnd };
    }
    case 'begin':
      return { kind: 'begin', start, end, line, header: parsed.header, named: parsed.named };
    case 'end':
      return { kind: 'end', start, end, line };
    case 'include': {
      const { kind, pattern, optional, from } = parsed;
      return { kind, start, end, line, pattern, optional, at: place(pieces, from) };
    }
    case 'error':
      return { kind: 'error', start, end, line, at: place(pieces, parsed.at), expected: parsed.expected };
  }
}

/** Byte offset in the file of an index into the joined text; the end of the text maps to the end of the last piece. */
function place(pieces: readonly Piece[], index: number): number {
  const last = pieces.length - 1;
  let i = 0;
  while (i < last && index >= pieces[i]!.text.length) index -= pieces[i++]!.text.length;
  const { at } = pieces[i]!;
  return at < 0 ? -1 : at + index;
}

/** The lines up to one that consists of the marker only. */
function heredoc(
  bytes: Bytes,
  offset: number,
  marker: string,
  hasNul: boolean,
): { text: string; to: number; end: number; lines: number } | null {
  let text = '';
  for (let lines = 1; offset < bytes.length; lines++) {
    const { to, end } = physicalLine(bytes, offset, hasNul);
    const line = bytes.slice(offset, to);
    if (line === marker) return { text, to, end, lines };
    text += line + '\n';
    offset = end;
  }
  return null;
}
