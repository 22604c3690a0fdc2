/** A word and its offset in the text. */
export interface Word {
  readonly text: string;
  readonly start: number;
}

const OPEN = '{'.charCodeAt(0);
const CLOSE = '}'.charCodeAt(0);

/** A cache of delimiter sets: parsing a large master.cf splits some hundred thousand texts. */
const SETS = new Map<string, ReadonlySet<number>>();

function setOf(delimiters: string): ReadonlySet<number> {
  const found = SETS.get(delimiters) ?? new Set([...delimiters].map((delimiter) => delimiter.charCodeAt(0)));
  SETS.set(delimiters, found);
  return found;
}

/** Splits at any of the delimiters, but not within `{ … }`, as Postfix splits its lists and arguments. */
export function splitWords(text: string, delimiters: string): Word[] {
  const apart = setOf(delimiters);
  const words: Word[] = [];
  let start = -1;
  let level = 0;
  for (let at = 0; at <= text.length; at++) {
    const byte = text.charCodeAt(at);
    if (at === text.length || (level === 0 && apart.has(byte))) {
      if (start >= 0) words.push({ text: text.slice(start, at), start });
      start = -1;
      continue;
    }
    if (start < 0) start = at;
    if (byte === OPEN) level++;
    else if (byte === CLOSE && level > 0) level--;
  }
  return words;
}
