/** SQL as far as the lookups of Postfix and Dovecot use it: tokens, and the parts of each SELECT. */

export interface SqlToken {
  readonly kind: 'word' | 'name' | 'string' | 'number' | 'sign';
  /** Without quotes. */
  readonly text: string;
}

const TOKEN =
  /\s+|--[^\n]*|\/\*.*?\*\/|'((?:[^'\\]|\\.|'')*)'|"((?:[^"]|"")*)"|`([^`]*)`|(\d+(?:\.\d+)?)\b|([\p{L}_@][\p{L}\p{N}_$]*)|(<=>|\|\||<=|>=|<>|!=|==|::|.)/gsu;

/** @param quoted whether a double quote begins a name, as the standard says, or a string, as in MySQL */
export function tokensOf(sql: string, quoted: 'name' | 'string'): SqlToken[] {
  return [...sql.matchAll(TOKEN)].flatMap(([, string, double, back, number, word, sign]): SqlToken[] => {
    if (string !== undefined) return [{ kind: 'string', text: string.replaceAll("''", "'").replace(/\\(.)/gs, '$1') }];
    if (double !== undefined) return [{ kind: quoted, text: double }];
    if (back !== undefined) return [{ kind: 'name', text: back }];
    if (number !== undefined) return [{ kind: 'number', text: number }];
    if (word !== undefined) return [{ kind: 'word', text: word }];
    return sign === undefined ? [] : [{ kind: 'sign', text: sign }];
  });
}

export const isWord = (token: SqlToken | undefined, ...words: readonly string[]): boolean =>
  token?.kind === 'word' && words.includes(token.text.toUpperCase());

export const isSign = (token: SqlToken | undefined, ...signs: readonly string[]): boolean =>
  token?.kind === 'sign' && signs.includes(token.text);

/** The place after the bracket that closes the one at `at`. */
export function afterBracket(tokens: readonly SqlToken[], at: number): number {
  let depth = 0;
  for (let index = at; index < tokens.length; index++) {
    if (isSign(tokens[index], '(')) depth++;
    if (isSign(tokens[index], ')') && --depth === 0) return index + 1;
  }
  return tokens.length;
}

/** The parts between those tokens that are outside of all brackets, without them. */
export function splitAt(tokens: readonly SqlToken[], isCut: (token: SqlToken) => boolean): SqlToken[][] {
  const parts: SqlToken[][] = [[]];
  for (let at = 0; at < tokens.length;) {
    const token = tokens[at]!;
    const end = isSign(token, '(') ? afterBracket(tokens, at) : at + 1;
    if (end === at + 1 && isCut(token)) parts.push([]);
    else parts.at(-1)!.push(...tokens.slice(at, end));
    at = end;
  }
  return parts;
}

export interface Select {
  readonly list: readonly SqlToken[];
  readonly from: readonly SqlToken[];
  /** Conditions and what comes after them. */
  readonly rest: readonly SqlToken[];
}

/** The SELECTs of a statement, which UNION joins. */
export function selectsOf(tokens: readonly SqlToken[]): Select[] {
  return splitAt(tokens, (token) => isWord(token, 'UNION', 'INTERSECT', 'EXCEPT') || isSign(token, ';')).flatMap(
    (part) => {
      const start = part.findIndex((token) => isWord(token, 'SELECT'));
      if (start < 0) {
        const inner = part.findIndex((token) => isSign(token, '('));
        return inner < 0 ? [] : selectsOf(part.slice(inner + 1, afterBracket(part, inner) - 1));
      }
      const [list = [], ...others] = splitAt(part.slice(start + 1), (token) => isWord(token, 'FROM'));
      const after = others.flat();
      const cut = outside(after, (token) => isWord(token, 'WHERE', 'GROUP', 'ORDER', 'HAVING', 'LIMIT'));
      return [{ list, from: after.slice(0, cut), rest: after.slice(cut) }];
    },
  );
}

function outside(tokens: readonly SqlToken[], found: (token: SqlToken) => boolean): number {
  for (let at = 0; at < tokens.length;) {
    if (isSign(tokens[at], '(')) at = afterBracket(tokens, at);
    else if (found(tokens[at]!)) return at;
    else at++;
  }
  return tokens.length;
}
