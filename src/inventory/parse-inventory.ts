import type { Document } from 'yaml';
import { HardenMailError } from '../model/errors.ts';

/** `LINE:COLUMN` of a value by its path of keys, counted from 1; of its nearest parent if the value is missing. */
export type Locate = (path: readonly PropertyKey[]) => string;

/**
 * Parses JSON, or YAML if the file's name says so, and locates values in it. Throws INVENTORY_INVALID as
 * `FILE:LINE:COLUMN: …` for a text that is neither, and for a duplicate key (JSON.parse would silently use the last one).
 */
export async function parseInventory(text: string, file: string): Promise<{ value: unknown; locate: Locate }> {
  const source = text.replace(/^\ufeff/, '');
  const isYaml = /\.ya?ml$/i.test(file);
  if (!isYaml) assertJson(source, file);
  // Valid JSON is valid YAML, and the YAML parser has the place of each value. Loaded only here, because loading is slow.
  const { isNode, LineCounter, parseDocument } = (await import('yaml')).default; // in dist it has no other export
  const document = parseDocument(source, {
    lineCounter: new LineCounter(),
    schema: isYaml ? 'core' : 'json',
    uniqueKeys: true,
    prettyErrors: false,
  });
  const [wrong] = document.errors;
  if (wrong) {
    const what = wrong.code === 'DUPLICATE_KEY' ? 'this name is here a second time' : wrong.message;
    throw invalid(file, lineAndColumn(source, wrong.pos[0]), what);
  }
  const locate: Locate = (path) => {
    const node: unknown = path.length === 0 ? document.contents : document.getIn(path, true);
    if (isNode(node) && node.range) return lineAndColumn(source, node.range[0]);
    return path.length === 0 ? '1:1' : locate(path.slice(0, -1));
  };
  return { value: valueOf(document, source, file), locate };
}

/** Aliases (`*name`) may repeat values a hundred times: a few lines could stand for gigabytes. */
function valueOf(document: Document, source: string, file: string): unknown {
  try {
    return document.toJS({ maxAliasCount: MOST_ALIASES }) as unknown;
  } catch (error) {
    if (!(error instanceof ReferenceError)) throw error;
    const name = /^Unresolved alias.*: (.*)$/.exec(error.message)?.[1];
    if (name === undefined) throw invalid(file, '1:1', 'the aliases (*NAME) repeat too many values');
    throw invalid(file, lineAndColumn(source, source.indexOf(`*${name}`)), error.message);
  }
}

const MOST_ALIASES = 100;

function assertJson(json: string, file: string): void {
  try {
    JSON.parse(json);
  } catch (error) {
    const { message } = error as Error;
    throw invalid(file, lineAndColumn(json, positionOf(message, json)), wordsOf(message));
  }
}

/** Node gives no position for some errors: there the shortest beginning of the text with the same error ends at the position. */
function positionOf(message: string, json: string): number {
  const position = /at position (\d+)/.exec(message)?.[1];
  if (position !== undefined) return Number(position);
  if (message.startsWith('Unexpected end')) return json.length;
  let [low, high] = [0, json.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (isRefused(json.slice(0, middle + 1))) high = middle;
    else low = middle + 1;
  }
  return low;
}

/** Does this beginning of the text contain something invalid, rather than just end too early? */
function isRefused(beginning: string): boolean {
  try {
    JSON.parse(beginning);
    return false;
  } catch (error) {
    return !/at position|^Unexpected end/.test((error as Error).message);
  }
}

/** The parser's message without its position and without the text that it repeats. */
function wordsOf(message: string): string {
  const words = message
    .replace(/ (in|after) JSON at position.*$/s, '')
    .replace(/, (\.\.\.)?"[^]*is not valid JSON$/, '');
  return /is not valid JSON$/.test(words) ? 'Unexpected word' : words;
}

function lineAndColumn(text: string, at: number): string {
  const before = text.slice(0, at).split('\n');
  return `${before.length}:${(before.at(-1) ?? '').length + 1}`;
}

function invalid(file: string, place: string, what: string): HardenMailError {
  return new HardenMailError('INVENTORY_INVALID', `${file}:${place}: ${what}`, 'Fix the file at that place.');
}
