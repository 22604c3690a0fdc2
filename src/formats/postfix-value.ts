import type { Bytes } from '../model.ts';
import { blanksBefore, editLogical, insertLines } from './line-edits.ts';
import type { TextEdit } from './line-edits.ts';
import { isBlank, isCut, partAt } from './logical-lines.ts';
import type { Joined } from './logical-lines.ts';
import type { SplitParameter } from './postfix-main.ts';
import type { Word } from './words.ts';

/**
 * Writes a parameter's value into the file, changing as little as possible. A value on one line is replaced as a whole;
 * one on several lines is changed word by word, so that its layout and the comments in it stay. Gives the same bytes back
 * when the value is the same. `wanted` is without white space around it.
 */
export function writeValue(bytes: Bytes, parameter: SplitParameter, wanted: string): Bytes {
  const { joined, equals, value } = parameter;
  const { start, end } = value;
  const oldWords = wordsOf(joined.text.slice(start, end), start);
  const newWords = wordsOf(wanted, 0);
  // Word by word only where each blank parts words for Postfix's lists as well: a form feed does not.
  const several =
    partAt(joined, start) !== partAt(joined, end - 1) &&
    !isCut(joined) &&
    !/[\v\f]/.test(joined.text.slice(start, end));
  const same = several
    ? newWords.length === oldWords.length && newWords.every(({ text }, index) => text === oldWords[index]?.text)
    : joined.text.slice(start, end) === wanted;
  if (same) return bytes;

  if (oldWords.length > 0 && wanted !== '' && !newWords.some(({ text }) => text.startsWith('#'))) {
    return several
      ? writeWords(bytes, parameter, oldWords, newWords, wanted)
      : editLogical(bytes, joined, [{ start, end, text: wanted }]);
  }
  // From or to nothing; or a word that begins with #, which would be a comment at the start of a line.
  const gap = /^[ \t]*/.exec(joined.text.slice(equals + 1, equals + 1 + start))?.[0].length ?? 0;
  const spaced = gap > 0 || /[ \t\v\f\r]/.test(joined.text[equals - 1] ?? '');
  const text = wanted === '' ? '' : (spaced ? ' ' : '') + wanted;
  return editLogical(bytes, joined, [{ start: equals + 1, end: start < end ? end : equals + 1 + gap, text }]);
}

const isSpace = (byte: number): boolean => byte === 0x0a || isBlank(byte);

function wordsOf(text: string, shift: number): Word[] {
  const words: Word[] = [];
  for (let at = 0; at < text.length;) {
    const start = at;
    while (at < text.length && !isSpace(text.charCodeAt(at))) at++;
    if (at > start) words.push({ text: text.slice(start, at), start: start + shift });
    else at++;
  }
  return words;
}

/**
 * Word by word: the words both have at the front and at the back stay; those between are replaced in their places;
 * what is left over is added or taken away.
 */
function writeWords(
  bytes: Bytes,
  { joined, equals, value }: SplitParameter,
  oldWords: readonly Word[],
  newWords: readonly Word[],
  wanted: string,
): Bytes {
  const shorter = Math.min(oldWords.length, newWords.length);
  let front = 0;
  while (front < shorter && oldWords[front]?.text === newWords[front]?.text) front++;
  let back = 0;
  while (back < shorter - front && oldWords.at(-1 - back)?.text === newWords.at(-1 - back)?.text) back++;

  const kept = shorter - back;
  const partOf = (word: Word | undefined) => word && partAt(joined, word.start);
  const stay = [...oldWords.slice(0, kept), ...oldWords.slice(oldWords.length - back)];
  const added = newWords.slice(kept, newWords.length - back).map(({ text }) => text);
  if (added.length === 0 && partOf(stay[0]) === partOf(stay.at(-1))) {
    // What is left fits on one line, where the white space between words is the caller's.
    return editLogical(bytes, joined, [{ start: value.start, end: value.end, text: wanted }]);
  }
  const edits = oldWords.slice(front, kept).map(({ text, start }, index): TextEdit => {
    return { start, end: start + text.length, text: newWords[front + index]?.text ?? '' };
  });
  if (added.length === 0) {
    const dropped = droppedRanges(
      joined,
      oldWords.slice(kept, oldWords.length - back),
      oldWords[oldWords.length - back],
    );
    return editLogical(bytes, joined, [...edits, ...dropped]);
  }
  const head = partAt(joined, equals);
  const [before, after] = [oldWords[kept - 1], oldWords[kept]];
  if (after && (partOf(before) ?? head) === partOf(after)) {
    edits.push({ start: after.start, end: after.start, text: `${added.join(' ')} ` });
    return editLogical(bytes, joined, edits);
  }
  const at = joined.parts[partOf(before) ?? head];
  const model = joined.parts[partOf(after) ?? partOf(before) ?? head];
  const indent = /^[ \t]+/.exec(bytes.slice(model?.start, model?.end))?.[0] ?? '    ';
  const members = membersOf(added).map((member) => indent + member);
  // The new lines first: they stand below everything that is edited.
  return editLogical(insertLines(bytes, (at?.end ?? 0) + 1, members), joined, edits);
}

/**
 * Words next to one another, as one range for each physical line that they stand on, with the white space before them,
 * or at the front of a line the white space up to `next`, the word behind them.
 */
function droppedRanges(joined: Joined, words: readonly Word[], next: Word | undefined): TextEdit[] {
  const ranges = new Map<number, { start: number; end: number; text: string }>();
  const isFront = (offset: number, part: number) => blanksBefore(joined.text, offset) <= (joined.starts[part] ?? 0);
  for (const { text, start } of words) {
    const part = partAt(joined, start);
    const range = ranges.get(part);
    const end = start + text.length;
    if (range) range.end = end;
    else ranges.set(part, { start: isFront(start, part) ? start : blanksBefore(joined.text, start), end, text: '' });
  }
  const part = next && partAt(joined, next.start);
  const last = part === undefined ? undefined : ranges.get(part);
  if (next && part !== undefined && last && isFront(last.start, part)) last.end = next.start;
  return [...ranges.values()];
}

/** A word with its argument (`check_policy_service inet:…`) is one member: they part behind commas, if there are any. */
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
