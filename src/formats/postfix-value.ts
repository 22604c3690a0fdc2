import { insertLines, placeOf } from './logical-lines.ts';
import type { Parameter } from './postfix-main.ts';

/**
 * Writes a parameter's value into the physical lines, changing as little as possible. A value on one line is replaced
 * as a whole; one on several lines is changed word by word, so that its layout and the comments in it stay.
 */
export function writeValue(lines: readonly string[], parameter: Parameter, value: string): readonly string[] {
  const { logical } = parameter;
  const old = logical.text.slice(parameter.value.start, parameter.value.end);
  const wanted = value.trim();
  if (/[\n\0]/.test(wanted)) throw new RangeError(`a value of ${parameter.name} with a line end in it`);
  if (logical.pieces.length === 1) return old === wanted ? lines : writeLine(lines, parameter, wanted);
  const oldWords = wordsOf(old, parameter.value.start);
  const newWords = wordsOf(wanted, 0).map(({ text }) => text);
  if (oldWords.map(({ text }) => text).join(' ') === newWords.join(' ')) return lines;
  // A word that begins with # would be a comment at the start of a line.
  if (newWords.length === 0 || newWords.some((word) => word.startsWith('#'))) return flatten(lines, parameter, wanted);
  return writeWords(lines, parameter, oldWords, newWords);
}

/** The whole value on the line of the name. */
function writeLine(lines: readonly string[], parameter: Parameter, wanted: string): string[] {
  const index = parameter.logical.pieces[0]?.line ?? 0;
  const line = lines[index] ?? '';
  const equals = line.slice(0, parameter.equals + 1);
  const [blanks = ''] = /^[ \t]*/.exec(line.slice(equals.length)) ?? [];
  const rest = line.slice(equals.length + blanks.length);
  const tail = /[ \t\v\f\r]*\n?$/.exec(rest)?.[0] ?? '';
  const wasEmpty = tail.length === rest.length;
  const gap = wanted === '' ? '' : wasEmpty ? (/[ \t]=$/.test(equals) ? ' ' : '') : blanks;
  return lines.with(index, equals + gap + wanted + tail);
}

/** As writeLine, and the continuation lines go. */
function flatten(lines: readonly string[], parameter: Parameter, wanted: string): string[] {
  const [, ...rest] = parameter.logical.pieces;
  const gone = new Set(rest.map(({ line }) => line));
  return writeLine(lines, parameter, wanted).filter((_, index) => !gone.has(index));
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
  parameter: Parameter,
  oldWords: readonly Word[],
  newWords: readonly string[],
): readonly string[] {
  const shorter = Math.min(oldWords.length, newWords.length);
  let front = 0;
  while (front < shorter && oldWords[front]?.text === newWords[front]) front++;
  let back = 0;
  while (back < shorter - front && oldWords.at(-1 - back)?.text === newWords.at(-1 - back)) back++;
  const replaced = shorter - front - back;

  let result = [...lines];
  const places = oldWords.map((word) => ({ ...placeOf(parameter.logical, word.start), length: word.text.length }));
  const added = newWords.slice(front + replaced, newWords.length - back);
  const dropped = places.slice(front + replaced, oldWords.length - back);

  // From the back to the front, so that the places further up still hold.
  for (const place of dropped.toReversed()) {
    const line = result[place.line] ?? '';
    const kept = line.slice(0, place.offset).trimEnd() + line.slice(place.offset + place.length);
    if (kept.trim() === '' && place.line !== parameter.logical.pieces[0]?.line) result.splice(place.line, 1);
    else result[place.line] = kept;
  }
  if (added.length > 0) result = addWords(result, parameter, places, front + replaced, added);
  for (let index = front + replaced - 1; index >= front; index--) {
    const place = places[index];
    if (!place) continue;
    const line = result[place.line] ?? '';
    result[place.line] =
      line.slice(0, place.offset) + (newWords[index] ?? '') + line.slice(place.offset + place.length);
  }
  return result;
}

interface WordPlace {
  readonly line: number;
  readonly offset: number;
  readonly length: number;
}

/** Adds words before the `at`-th old one: on a line of their own where the neighbours are on different lines. */
function addWords(
  lines: readonly string[],
  parameter: Parameter,
  places: readonly WordPlace[],
  at: number,
  words: readonly string[],
): string[] {
  const first = parameter.logical.pieces[0]?.line ?? 0;
  const before = places[at - 1];
  const after = places[at];
  if (before && after && before.line === after.line) {
    const line = lines[after.line] ?? '';
    return lines.with(after.line, `${line.slice(0, after.offset)}${words.join(' ')} ${line.slice(after.offset)}`);
  }
  const model = lines[after && after.line !== first ? after.line : (places.at(-1)?.line ?? first)] ?? '';
  const indent = /^[ \t]+/.exec(model)?.[0] ?? '    ';
  // A word with its argument (`check_policy_service inet:…`) is one member: a new line begins only behind a comma.
  const texts = words.reduce<string[]>((all, word) => {
    const last = all.at(-1);
    return last === undefined || last.endsWith(',')
      ? [...all, indent + word]
      : [...all.slice(0, -1), `${last} ${word}`];
  }, []);
  return insertLines(lines, (before?.line ?? first) + 1, texts);
}
