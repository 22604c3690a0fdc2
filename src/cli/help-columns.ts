/**
 * The text functions that cliui, which lays out `--help`, expects of its module `string-utils`. Its own `wrap` cuts words in the
 * middle; its other build loads five packages for this (10 ms of `--help`). scripts/build.mjs puts this module in their place.
 */
import { stripVTControlCharacters } from 'node:util';
import { wrap as wrapWords } from '../report/wrap.ts';

export const stripAnsi = stripVTControlCharacters;

/** Lines of at most `width` characters, cut between words; a longer word is cut. */
export function wrap(text: string, width: number): string {
  return text
    .split('\n')
    .flatMap((line) => wrapWords(line, width))
    .flatMap((line) => line.match(new RegExp(`.{1,${width}}`, 'g')) ?? [''])
    .join('\n');
}
