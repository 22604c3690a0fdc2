/**
 * The columns that a query returns, and text that SQL puts together: `CONCAT('maildir:/srv/', x)` or `'maildir:/srv/' || x`. Such text
 * becomes a template, in which `\0N\0` stands for the Nth expression, so that the rules for plain values apply to it.
 */

/** A column of a SELECT: where its text is in the query, without the blanks around it. */
export interface Column {
  readonly start: number;
  readonly end: number;
  readonly expression: string;
  /** Its name in the result, in small letters. */
  readonly name: string;
}

export interface Template {
  readonly text: string;
  readonly expressions: readonly string[];
  /** Written with `||`. */
  readonly joined: boolean;
}

/** The columns of every SELECT of the query, subqueries left out. */
export function columnsOf(query: string): Column[] {
  const columns: Column[] = [];
  const words = topLevel(query);
  for (const found of words.matchAll(/\bselect\b/gi)) {
    const at = found.index + found[0].length;
    const from = /\bfrom\b/i.exec(words.slice(at));
    const end = from === null ? query.length : at + from.index;
    let start = at;
    for (let i = at; i <= end; i++) {
      if (i < end && words[i] !== ',') continue;
      const column = columnAt(query, start, i);
      if (column !== null) columns.push(column);
      start = i + 1;
    }
  }
  return columns;
}

function columnAt(query: string, from: number, to: number): Column | null {
  const blank = /^(?:\s|\\\r?\n)*/;
  const start = from + (blank.exec(query.slice(from, to))?.[0].length ?? 0);
  const end = from + query.slice(from, to).replace(/(?:\s|\\\r?\n)*$/, '').length;
  if (end <= start) return null;
  const text = query.slice(start, end);
  const [, expression = text, name = ''] =
    /^([^]*?)(?:\s|\\\r?\n)+(?:as(?:\s|\\\r?\n)+)?["`]?(\w+)["`]?$/i.exec(text) ?? [];
  const plain = /(?:^|\.)["`]?(\w+)["`]?$/.exec(text)?.[1] ?? '';
  return { start, end, expression: name === '' ? text : expression, name: (name || plain).toLowerCase() };
}

/** The query with strings and all that is in parentheses blanked out, at the same places. */
function topLevel(query: string): string {
  let depth = 0;
  let quote = '';
  return [...query]
    .map((char, i) => {
      if (quote !== '') {
        if (char === quote && query[i - 1] !== '\\') quote = '';
        return '_';
      }
      if (char === "'" || char === '"') quote = char;
      else if (char === '(') depth++;
      else if (char === ')') depth--;
      return depth > 0 || char === "'" || char === '"' || char === ')' ? '_' : char;
    })
    .join('');
}

/** The text that an expression puts together. MySQL takes text in double quotes, too; in other databases it is a name. */
export function templateOf(expression: string, driver: string): Template {
  const literals = driver === 'mysql' ? /^(?:'((?:[^'\\]|''|\\.)*)'|"([^"'\\]*)")$/s : /^'((?:[^'\\]|''|\\.)*)'$/s;
  const expressions: string[] = [];
  let joined = false;
  const text = (part: string): string => {
    const one = part.replace(/\\\r?\n/g, ' ').trim();
    const [, literal] = literals.exec(one)?.filter((found, n) => n === 0 || found !== undefined) ?? [];
    if (literal !== undefined) return literal;
    const terms = splitAt(one, '||');
    if (terms.length > 1) {
      joined = true;
      return terms.map(text).join('');
    }
    const [, inside] = /^concat\s*\(([^]*)\)$/i.exec(one) ?? [];
    if (inside !== undefined && /^\s*_+$/.test(topLevel(one).slice(6))) return splitAt(inside, ',').map(text).join('');
    expressions.push(one);
    return `\0${expressions.length - 1}\0`;
  };
  return { text: text(expression), expressions, joined };
}

function splitAt(text: string, separator: string): string[] {
  const words = topLevel(text);
  const parts: string[] = [];
  let start = 0;
  for (let at = words.indexOf(separator); at >= 0; at = words.indexOf(separator, start)) {
    parts.push(text.slice(start, at));
    start = at + separator.length;
  }
  return [...parts, text.slice(start)];
}

/** A part of a template as an expression. */
export function expressionOf(text: string, { expressions, joined }: Template): string {
  const parts = text
    .split('\0')
    .map((part, i) => (i % 2 === 0 ? (part === '' ? '' : `'${part}'`) : (expressions[Number(part)] ?? '')))
    .filter((part) => part !== '');
  if (parts.length === 0) return "''";
  if (parts.length === 1) return parts[0]!;
  return joined ? parts.join(' || ') : `CONCAT(${parts.join(', ')})`;
}
