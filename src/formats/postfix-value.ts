import { editLogical, insertLines, placeOf, trimBlanks } from './logical-lines.ts';
import type { LogicalLine, TextEdit } from './logical-lines.ts';
import type { Parameter } from './postfix-main.ts';

/**
 * Writes a parameter's value into the physical lines, changing as little as possible. A value on one line is replaced
 * as a whole; one on several lines is changed word by word, so that its layout and the comments in it stay. Gives the
 * same lines back when the value is the same.
 */
export function writeValue(lines: readonly string[], parameter: Parameter, value: string): readonly string[] {
  const { logical, equals } = parameter;
  const { start, end } = parameter.value;
  const wanted = trimBlanks(value);
  if (/[\n\0]/.test(wanted)) throw new RangeError(`a value of ${parameter.name} with a line end in it`);

  const oldWords = wordsOf(logical.text.slice(start, end), start);
  const newWords = wordsOf(wanted, 0);
  const several = placeOf(logical, start).line !== placeOf(logical, end - 1).line;
  const same = several
    ? newWords.length === oldWords.length && newWords.every(({ text }, index) => text === oldWords[index]?.text)
    : logical.text.slice(start, end) === wanted;
  if (same) return lines;

  if (oldWords.length > 0 && wanted !== '' && !newWords.some(({ text }) => text.startsWith('#'))) {
    return several
      ? writeWords(lines, parameter, oldWords, newWords, wanted)
      : editLogical(lines, logical, [{ start, end, text: wanted }]);
  }
  // From or to nothing; or a word that begins with #, which would be a comment at the start of a line.
  const blanks = /[ \t]*/y;
  blanks.lastIndex = equals + 1;
  const gap = blanks.exec(logical.text)?.[0].length ?? 0;
  const spaced = gap > 0 || /[ \t\v\f\r]/.test(logical.text[equals - 1] ?? '');
  const text = wanted === '' ? '' : (spaced ? ' ' : '') + wanted;
  return editLogical(lines, logical, [{ start: equals + 1, end: start < end ? end : equals + 1 + gap, text }]);
}

interface Word {
  readonly text: string;
  /** In the joined text. */
  readonly start: number;
}

function wordsOf(text: string, shift: number): Word[] {
  return [...text.matchAll(/[^ \t\n\v\f\r]+/g)].map((match) => ({ text: match[0], start: match.index + shift }));
}

/**
 * Word by word: the words both have at the front and at the back stay; those between are replaced in their places;
 * what is left over is added or taken away.
 */
function writeWords(
  lines: readonly string[],
  { logical, equals, value }: Parameter,
  oldWords: readonly Word[],
  newWords: readonly Word[],
  wanted: string,
): string[] {
  const shorter = Math.min(oldWords.length, newWords.length);
  let front = 0;
  while (front < shorter && oldWords[front]?.text === newWords[front]?.text) front++;
  let back = 0;
  while (back < shorter - front && oldWords.at(-1 - back)?.text === newWords.at(-1 - back)?.text) back++;

  const kept = shorter - back;
  const lineOf = (word: Word | undefined) => word && placeOf(logical, word.start).line;
  const stay = [...oldWords.slice(0, kept), ...oldWords.slice(oldWords.length - back)];
  const added = newWords.slice(kept, newWords.length - back).map(({ text }) => text);
  if (added.length === 0 && lineOf(stay[0]) === lineOf(stay.at(-1))) {
    // What is left fits on one line, where the white space between words is the caller's.
    return editLogical(lines, logical, [{ start: value.start, end: value.end, text: wanted }]);
  }
  const edits = oldWords.slice(front, kept).map(({ text, start }, index): TextEdit => {
    return { start, end: start + text.length, text: newWords[front + index]?.text ?? '' };
  });
  if (added.length === 0) {
    const dropped = droppedRanges(
      logical,
      oldWords.slice(kept, oldWords.length - back),
      oldWords[oldWords.length - back],
    );
    return editLogical(lines, logical, [...edits, ...dropped]);
  }
  const head = placeOf(logical, equals).line;
  const [before, after] = [oldWords[kept - 1], oldWords[kept]];
  if (after && (lineOf(before) ?? head) === lineOf(after)) {
    edits.push({ start: after.start, end: after.start, text: `${added.join(' ')} ` });
    return editLogical(lines, logical, edits);
  }
  const model = lines[lineOf(after) ?? lineOf(before) ?? head] ?? '';
  const indent = /^[ \t]+/.exec(model)?.[0] ?? '    ';
  return insertLines(
    editLogical(lines, logical, edits),
    (lineOf(before) ?? head) + 1,
    membersOf(added).map((member) => indent + member),
  );
}

/**
 * Words next to one another, as one range for each physical line that they stand on, with the white space before them,
 * or at the front of a line the white space up to `next`, the word behind them.
 */
function droppedRanges(logical: LogicalLine, words: readonly Word[], next: Word | undefined): TextEdit[] {
  const ranges = new Map<number, { start: number; end: number; text: string }>();
  for (const { text, start } of words) {
    const { line, offset } = placeOf(logical, start);
    const range = ranges.get(line);
    const end = start + text.length;
    if (range) range.end = end;
    else {
      const blanks = /[ \t]*$/.exec(logical.text.slice(start - offset, start))?.[0].length ?? 0;
      ranges.set(line, { start: blanks < offset ? start - blanks : start, end, text: '' });
    }
  }
  const behind = next && placeOf(logical, next.start);
  const last = behind && ranges.get(behind.line);
  if (last && /^[ \t]*$/.test(logical.text.slice(next.start - behind.offset, last.start))) last.end = next.start;
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
