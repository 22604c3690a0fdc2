import type { Bytes } from '../../model/index.ts';
import { blanksBefore, editLogical, insertLines } from '../text/line-edits.ts';
import type { TextEdit } from '../text/line-edits.ts';
import { isBlank, isCut, partAt } from '../text/logical-lines.ts';
import type { Joined } from '../text/logical-lines.ts';

/** A parameter's text, with the positions of `=` and of the value, without the white space around it. */
export interface SplitParameter {
  readonly joined: Joined;
  readonly equals: number;
  readonly value: { readonly start: number; readonly end: number };
}

/**
 * Writes a parameter's value with the smallest change. A value on one line is replaced as a whole; a value on several lines is
 * changed word by word, so that its layout and comments stay. Returns the same bytes if the value is the same.
 * `wanted` has no white space around it.
 */
export function writeValue(bytes: Bytes, parameter: SplitParameter, wanted: string): Bytes {
  const { joined, equals, value } = parameter;
  const { start, end } = value;
  const oldWords = wordsOf(joined.text, start, end);
  const newWords = wordsOf(wanted, 0, wanted.length);
  // Word by word only if every blank also separates words in Postfix's lists; a form feed does not.
  const several =
    partAt(joined, start) !== partAt(joined, end - 1) &&
    !isCut(joined) &&
    !/[\v\f]/.test(joined.text.slice(start, end));
  const same = several
    ? newWords.starts.length === oldWords.starts.length && alike(oldWords, newWords) === newWords.starts.length
    : joined.text.slice(start, end) === wanted;
  if (same) return bytes;

  if (start < end && wanted !== '' && !newWords.starts.some((at) => wanted[at] === '#')) {
    return several
      ? writeWords(bytes, parameter, oldWords, newWords, wanted)
      : editLogical(bytes, joined, [{ start, end, text: wanted }]);
  }
  // From or to an empty value, or a word that begins with #, which would be a comment at the start of a line.
  const gap = /^[ \t]*/.exec(joined.text.slice(equals + 1, equals + 1 + start))?.[0].length ?? 0;
  const spaced = gap > 0 || /[ \t\v\f\r]/.test(joined.text[equals - 1] ?? '');
  const text = wanted === '' ? '' : (spaced ? ' ' : '') + wanted;
  return editLogical(bytes, joined, [{ start: equals + 1, end: start < end ? end : equals + 1 + gap, text }]);
}

const isSpace = (byte: number): boolean => byte === 0x0a || isBlank(byte);

/** The words of a text as start and end offsets: a list may have a million words. */
interface Words {
  readonly text: string;
  readonly starts: readonly number[];
  readonly ends: readonly number[];
}

function wordsOf(text: string, from: number, to: number): Words {
  const starts: number[] = [];
  const ends: number[] = [];
  for (let at = from; at < to; at++) {
    if (isSpace(text.charCodeAt(at))) continue;
    starts.push(at);
    while (at < to && !isSpace(text.charCodeAt(at))) at++;
    ends.push(at);
  }
  return { text, starts, ends };
}

/** A word; a negative `index` counts from the end; undefined if out of range. */
function wordAt({ text, starts, ends }: Words, index: number): string | undefined {
  const at = starts.at(index);
  return at === undefined ? undefined : text.slice(at, ends.at(index));
}

/** The number of equal words at the front, up to the end of the shorter list. */
function alike(one: Words, other: Words): number {
  const shorter = Math.min(one.starts.length, other.starts.length);
  let count = 0;
  while (count < shorter && wordAt(one, count) === wordAt(other, count)) count++;
  return count;
}

/**
 * Word by word: equal words at the front and at the back stay; the words between are replaced in place; the remaining ones
 * are added or removed.
 */
function writeWords(
  bytes: Bytes,
  { joined, equals, value }: SplitParameter,
  oldWords: Words,
  newWords: Words,
  wanted: string,
): Bytes {
  const { starts, ends } = oldWords;
  const shorter = Math.min(starts.length, newWords.starts.length);
  const front = alike(oldWords, newWords);
  let back = 0;
  while (back < shorter - front && wordAt(oldWords, -1 - back) === wordAt(newWords, -1 - back)) back++;

  const kept = shorter - back;
  /** The words from here to `behind` are removed; none if words are added. */
  const behind = starts.length - back;
  const partOf = (word: number) => (starts[word] === undefined ? undefined : partAt(joined, starts[word]));
  const added: string[] = [];
  for (let word = kept; word < newWords.starts.length - back; word++) added.push(wordAt(newWords, word) ?? '');
  const lastStaying = back > 0 ? starts.length - 1 : kept - 1;
  if (added.length === 0 && partOf(kept > 0 ? 0 : behind) === partOf(lastStaying)) {
    // The rest fits on one line, where the caller decides about white space between words.
    return editLogical(bytes, joined, [{ start: value.start, end: value.end, text: wanted }]);
  }
  const edits: TextEdit[] = [];
  for (let word = front; word < kept; word++) {
    edits.push({ start: starts[word] ?? 0, end: ends[word] ?? 0, text: wordAt(newWords, word) ?? '' });
  }
  if (added.length === 0) {
    if (kept < behind) edits.push(...dropped(joined, starts[kept] ?? 0, ends[behind - 1] ?? 0, starts[behind]));
    return editLogical(bytes, joined, edits);
  }
  const head = partAt(joined, equals);
  const [before, after] = [partOf(kept - 1) ?? head, partOf(kept)];
  if (before === after) {
    const at = starts[kept] ?? 0;
    edits.push({ start: at, end: at, text: `${added.join(' ')} ` });
    return editLogical(bytes, joined, edits);
  }
  const model = after ?? before;
  const indent = /^[ \t]+/.exec(bytes.slice(joined.froms[model], joined.ends[model]))?.[0] ?? '    ';
  const members = membersOf(added).map((member) => indent + member);
  // The new lines first: they are below all edits.
  return editLogical(insertLines(bytes, (joined.ends[before] ?? 0) + 1, members), joined, edits);
}

/**
 * Removes the words from `start` to `end`: on the first and last physical line with the white space before them, or at the
 * front of a line with the white space up to `next`, the start of the next word; lines between as a whole.
 */
function dropped(joined: Joined, start: number, end: number, next: number | undefined): TextEdit[] {
  const { starts, text } = joined;
  const [first, last] = [partAt(joined, start), partAt(joined, end - 1)];
  const isFront = (offset: number, part: number) => blanksBefore(text, offset) <= (starts[part] ?? 0);
  const begin = (offset: number, part: number) => (isFront(offset, part) ? offset : blanksBefore(text, offset));
  const edits: TextEdit[] = [];
  let from = start;
  if (first < last) {
    edits.push({ start: begin(start, first), end: endOfText(text, starts[first + 1] ?? 0), text: '' });
    if (first + 1 < last) edits.push({ start: starts[first + 1] ?? 0, end: starts[last] ?? 0, text: '' });
    from = starts[last] ?? 0;
    while (isSpace(text.charCodeAt(from))) from++;
  }
  const through = next !== undefined && partAt(joined, next) === last && isFront(from, last) ? next : end;
  edits.push({ start: begin(from, last), end: through, text: '' });
  return edits;
}

/** The end of the text that ends at `offset`, without trailing white space. */
function endOfText(text: string, offset: number): number {
  let at = offset;
  while (at > 0 && isSpace(text.charCodeAt(at - 1))) at--;
  return at;
}

/** A word with its argument (`check_policy_service inet:…`) is one member: commas, if there are any, separate members. */
function membersOf(words: readonly string[]): string[] {
  if (!words.some((word) => word.endsWith(','))) return [words.join(' ')];
  const members: string[] = [];
  let member: string[] = [];
  for (const word of words) {
    member.push(word);
    if (!word.endsWith(',')) continue;
    members.push(member.join(' '));
    member = [];
  }
  if (member.length > 0) members.push(member.join(' '));
  return members;
}
