/** The parts of an expression of SQL, as the lookups of Postfix and Dovecot use them. */
import { afterBracket, isSign, isWord, splitAt, type SqlToken } from './sql-tokens.ts';

const KEYWORDS = new Set(
  'SELECT DISTINCT AS AND OR NOT XOR IN IS NULL TRUE FALSE UNKNOWN LIKE ILIKE REGEXP RLIKE SIMILAR TO BETWEEN CASE WHEN THEN ELSE END ON USING JOIN LEFT RIGHT INNER OUTER FULL CROSS NATURAL WHERE GROUP BY ORDER HAVING LIMIT OFFSET ASC DESC UNION ALL EXISTS ANY INTERVAL COLLATE BINARY FROM CURRENT_TIMESTAMP CURRENT_DATE CURRENT_TIME DIV MOD SEPARATOR FOR'.split(
    ' ',
  ),
);
const JOINS = ['JOIN', 'LEFT', 'RIGHT', 'INNER', 'OUTER', 'FULL', 'CROSS', 'NATURAL', 'STRAIGHT_JOIN'];
const COMPARISONS = ['=', '==', '<=>', '!=', '<>', '<', '>', '<=', '>='];

export const isName = (token: SqlToken | undefined): boolean =>
  token?.kind === 'name' || (token?.kind === 'word' && !KEYWORDS.has(token.text.toUpperCase()));
const endsOperand = (token: SqlToken | undefined): boolean =>
  token !== undefined &&
  (isName(token) || token.kind === 'string' || token.kind === 'number' || isSign(token, ')') || isWord(token, 'END', 'NULL', 'TRUE', 'FALSE')); // oxfmt-ignore

export interface ColumnReference {
  readonly qualifier?: string;
  readonly name: string;
  readonly end: number;
}

interface FromPart {
  readonly source: readonly SqlToken[];
  readonly on: readonly SqlToken[];
  readonly using: readonly string[];
}

export function fromParts(from: readonly SqlToken[]): FromPart[] {
  return splitAt(from, (token) => isSign(token, ',') || isWord(token, ...JOINS))
    .filter((part) => part.length > 0)
    .flatMap((part): FromPart[] => {
      const using = part.findIndex((token) => isWord(token, 'USING'));
      const [source = [], ...on] = splitAt(using < 0 ? part : part.slice(0, using), (token) => isWord(token, 'ON'));
      const isGroup = isSign(source[0], '(') && !isWord(source[1], 'SELECT') && afterBracket(source, 0) === source.length; // oxfmt-ignore
      const names = using < 0 ? [] : part.slice(using + 1).filter(isName).map(({ text }) => text); // oxfmt-ignore
      if (isGroup) return [...fromParts(source.slice(1, -1)), { source: [], on: on.flat(), using: names }];
      return [{ source, on: on.flat(), using: names }];
    });
}

export function aliasAfter(tokens: readonly SqlToken[]): string {
  const [first, second] = tokens;
  if (isWord(first, 'AS')) return second?.text ?? '';
  return first && isName(first) ? first.text : '';
}

/** Whether a name of a column begins there. */
export function isColumn(tokens: readonly SqlToken[], at: number): boolean {
  const before = tokens[at - 1];
  if (!isName(tokens[at]) || isWord(before, 'AS', 'COLLATE') || isSign(before, '.', '::') || endsOperand(before)) return false; // oxfmt-ignore
  const { end } = columnAt(tokens, at);
  return !isSign(tokens[end], '(') && !(tokens[end]?.kind === 'string' && tokens[at]?.kind === 'word');
}

export function columnAt(tokens: readonly SqlToken[], at: number): ColumnReference {
  let end = at + 1;
  while (isSign(tokens[end], '.') && tokens[end + 1]) end += 2;
  const names = tokens.slice(at, end).filter((_, index) => index % 2 === 0);
  const name = names.at(-1)?.text ?? '';
  const qualifier = names.at(-2)?.text;
  return { ...(qualifier !== undefined && { qualifier }), name, end };
}

/** `x::text` and `CAST` leave the value as it is. */
export function withoutCast(tokens: readonly SqlToken[]): readonly SqlToken[] {
  const at = tokens.findIndex((token) => isSign(token, '::') || isWord(token, 'COLLATE'));
  return at > 0 ? tokens.slice(0, at) : tokens;
}

/** The conditions that AND and OR join: all of them are made to hold. */
export function terms(tokens: readonly SqlToken[]): SqlToken[][] {
  let isBetween = false;
  return splitAt(tokens, (token) => {
    if (isWord(token, 'BETWEEN')) isBetween = true;
    if (!isWord(token, 'AND', 'OR') && !isSign(token, '&&')) return false;
    const isCut = !isBetween;
    isBetween = false;
    return isCut;
  }).filter((term) => term.length > 0);
}

export function comparison(term: readonly SqlToken[]): [SqlToken[], SqlToken[], string] | [] {
  const at = outermost(term);
  const found = term[at];
  if (!found) return [];
  const isWordy = found.kind === 'word';
  const sign = isWordy ? found.text.toUpperCase().replace('ILIKE', 'LIKE') : found.text;
  const left = term.slice(0, at);
  const right = term.slice(at + 1);
  // A value that is excluded is left as it is.
  if (isWord(left.at(-1), 'NOT') || (sign === 'IS' && isWord(right[0], 'NOT'))) return [left, right, 'NONE'];
  if (sign === 'BETWEEN') return [left, splitAt(right, (token) => isWord(token, 'AND'))[0] ?? [], '='];
  return [left, right, sign];
}

function outermost(term: readonly SqlToken[]): number {
  for (let at = 0; at < term.length; at++) {
    if (isSign(term[at], '(')) at = afterBracket(term, at) - 1;
    else if (isSign(term[at], ...COMPARISONS) || isWord(term[at], 'LIKE', 'ILIKE', 'IN', 'IS', 'BETWEEN')) return at;
  }
  return -1;
}

/** `expression AS name`, `expression name` and `table.name`. */
export function namedResult(item: readonly SqlToken[]): {
  readonly name: string;
  readonly expression: readonly SqlToken[];
} {
  const tokens = isWord(item[0], 'DISTINCT') ? item.slice(1) : item;
  const last = tokens.at(-1);
  if (last && isWord(tokens.at(-2), 'AS')) return { name: last.text, expression: tokens.slice(0, -2) };
  if (last && tokens.length > 1 && endsOperand(tokens.at(-2)) && (isName(last) || last.kind === 'string'))
    return { name: last.text, expression: tokens.slice(0, -1) };
  const isPlain = isColumn(tokens, 0) && columnAt(tokens, 0).end === tokens.length;
  return { name: isPlain ? (last?.text ?? '') : '', expression: tokens };
}
