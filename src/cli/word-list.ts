/** An option whose value is a list of known words, such as `--replace sasl,mta`. */
import { HardenMailError } from '../model/errors.ts';
import { closest } from '../inventory/closest.ts';

/**
 * The words of a comma-separated list, each once, in the order of `known`.
 * @throws USAGE for an unknown word, with the known ones in the hint; and for an empty list
 */
export function wordsOf<T extends string>(option: string, list: string, known: readonly T[]): T[] {
  const given = list
    .split(',')
    .map((word) => word.trim())
    .filter(Boolean);
  const hint = `--${option} takes ${known.join(', ')}, separated by commas.`;
  if (given.length === 0) throw new HardenMailError('USAGE', `--${option} names nothing`, hint);
  const unknown = given.find((word) => !(known as readonly string[]).includes(word));
  if (unknown !== undefined) {
    const what = `--${option}: ${JSON.stringify(unknown)} is not known${closest(unknown, known)}`;
    throw new HardenMailError('USAGE', what, hint);
  }
  return known.filter((word) => given.includes(word));
}
