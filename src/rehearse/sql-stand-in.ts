/**
 * A database that answers the queries of a host for one user: the tables and columns that the queries name, and a row in each of
 * them, so that every condition holds and every result is what is wanted.
 */
import {
  afterBracket,
  isSign,
  isWord,
  selectsOf,
  splitAt,
  tokensOf,
  type Select,
  type SqlToken,
} from './sql-tokens.ts';
import { columnAt, comparison, fromParts, isColumn, isName, namedResult, terms, withoutCast } from './sql-grammar.ts'; // oxfmt-ignore
import { SqlNames, type SqlQuery } from './sql-names.ts';
import { assign, SqlTables, type SqlScope } from './sql-tables.ts';
import { constantOf, holding } from './sql-constants.ts';
import { numberValue, SqlWriter, type TableColumn, type Dialect, type Type } from './sql-writer.ts'; // oxfmt-ignore

/** A query of an administrator is shorter, and has fewer brackets in each other. */
const LONGEST = 5000;
const DEEPEST = 20;
/** Columns of one result between which a text can be divided. */
const PARTS = 4;
const ARITHMETIC = ['*', '/', '+', '-'];
/** A quota that nothing in a rehearsal exceeds, in bytes or in kilobytes. */
const MANY = 1_073_741_824;
/** Functions whose result is their first argument, for these values. */
const SAME = ['LOWER', 'UPPER', 'TRIM', 'IFNULL', 'COALESCE', 'CAST', 'LCASE', 'BTRIM', 'CONVERT', 'MIN', 'MAX'];

export class StandIn {
  private readonly tables = new SqlTables();
  private readonly writer: SqlWriter;
  private readonly base: string;

  /** @param base folder of mailboxes */
  constructor(dialect: Dialect, queries: readonly SqlQuery[], base: string) {
    this.writer = new SqlWriter(dialect);
    this.base = base;
    const parsed = queries.flatMap((query) => {
      const tokens = tokensOf(query.text.slice(0, LONGEST + 1), dialect === 'pgsql' ? 'name' : 'string');
      return query.text.length > LONGEST || depthOf(tokens) > DEEPEST ? [] : [{ query, selects: selectsOf(tokens) }];
    });
    const names = new SqlNames(this.tables);
    // Names with a table come first: they tell to which table a name without one belongs.
    for (const isSure of [true, false])
      for (const { query, selects } of parsed) for (const select of selects) names.register(select, query, isSure);
    const filling = parsed.filter(({ query }) => query.fills);
    for (const { selects } of filling)
      for (const select of selects) this.conditions(select, this.tables.scopeOf(select, undefined));
    for (const { query, selects } of filling) for (const select of selects) this.results(select, query);
  }

  /** A table that is not asked by a query: of a quota that is counted, for example. */
  add(name: string, columns: readonly (readonly [name: string, type: Type])[]): void {
    const table = this.tables.table(name);
    for (const [column, type] of columns) this.tables.column(table, column).types.add(type);
  }

  private conditions({ from, rest, list }: Select, scope: SqlScope): void {
    for (const { on, using } of fromParts(from)) {
      this.condition(on, scope);
      for (const name of using) this.tables.equal(scope.tables.flatMap(([, table]) => (table ? [this.tables.column(table, name)] : []))); // oxfmt-ignore
    }
    for (const { source } of fromParts(from))
      if (isSign(source[0], '('))
        for (const select of selectsOf(source.slice(1, afterBracket(source, 0) - 1)))
          this.conditions(select, this.tables.scopeOf(select, scope));
    if (isWord(rest[0], 'WHERE')) {
      const [where = []] = splitAt(rest.slice(1), (token) => isWord(token, 'GROUP', 'ORDER', 'LIMIT', 'HAVING'));
      this.condition(where, scope);
    }
    // `IF(format = 'maildir', …)`, `CASE WHEN format = 'maildir' THEN …`: the first case is to hold.
    for (let at = 0; at < list.length; at++) {
      if (isWord(list[at], 'IF') && isSign(list[at + 1], '(')) {
        const [test = []] = splitAt(list.slice(at + 2, afterBracket(list, at + 1) - 1), (token) => isSign(token, ','));
        this.condition(test, scope);
      }
      if (isWord(list[at], 'CASE') && isWord(list[at + 1], 'WHEN')) {
        const [test = []] = splitAt(list.slice(at + 2), (token) => isWord(token, 'THEN'));
        this.condition(test, scope);
      }
    }
  }

  private condition(tokens: readonly SqlToken[], scope: SqlScope): void {
    for (const term of terms(tokens)) this.term(term, scope);
  }

  private term(given: readonly SqlToken[], scope: SqlScope): void {
    const isNegative = isWord(given[0], 'NOT') || isSign(given[0], '!');
    const term = isNegative ? given.slice(1) : given;
    if (isWord(term[0], 'EXISTS') && !isNegative) {
      for (const select of selectsOf(term.slice(2, -1))) this.conditions(select, this.tables.scopeOf(select, scope));
      return;
    }
    if (isSign(term[0], '(') && afterBracket(term, 0) === term.length && !isWord(term[1], 'SELECT')) {
      if (!isNegative) this.condition(term.slice(1, -1), scope);
      return;
    }
    const [left = [], right = [], sign = ''] = comparison(term);
    if (sign !== '') {
      if (!isNegative) this.compare(left, sign, right, scope);
      return;
    }
    const column = this.columnOf(term, scope);
    if (!column) return;
    column.types.add('boolean');
    assign(column, isNegative ? { sql: 'FALSE', text: '0' } : { sql: 'TRUE', text: '1' });
  }

  private compare(left: readonly SqlToken[], sign: string, right: readonly SqlToken[], scope: SqlScope): void {
    const one = this.columnOf(left, scope);
    const other = this.columnOf(right, scope);
    if (sign === 'IS') {
      if (one && isWord(right[0], 'NULL')) assign(one, { sql: 'NULL' });
      if (one && isWord(right[0], 'TRUE', 'FALSE')) this.term(isWord(right[0], 'TRUE') ? left : [{ kind: 'word', text: 'NOT' }, ...left], scope); // oxfmt-ignore
      return;
    }
    if (sign === 'IN') {
      const [first = []] = splitAt(right.slice(1, -1), (token) => isSign(token, ','));
      const chosen = isWord(right[1], 'SELECT') ? right : first;
      this.compare(left, '=', chosen, scope);
      return;
    }
    if (one && other) {
      if (['=', '==', '<=>', 'LIKE'].includes(sign)) this.tables.equal([one, other]);
      return;
    }
    const column = one ?? other;
    const constant = constantOf(one ? right : left, this.writer);
    if (!column) {
      const text = (constantOf(right, this.writer) ?? constantOf(left, this.writer))?.value.text;
      if (['=', '==', '<=>', 'LIKE'].includes(sign) && text !== undefined)
        this.match(constantOf(right, this.writer) ? left : right, scope, [text]);
      return;
    }
    if (constant) assign(column, holding(column, one ? sign : (MIRROR[sign] ?? sign), constant, this.writer));
  }

  private results(select: Select, query: SqlQuery): void {
    const scope = this.tables.scopeOf(select, undefined);
    for (const item of splitAt(select.list, (token) => isSign(token, ','))) {
      const { name, expression } = namedResult(item);
      this.match(expression, scope, query.wants(name.replace(/^userdb_/i, '').toLowerCase()));
    }
    if (isSign(select.list.at(-1), '*'))
      for (const [, table] of scope.tables)
        for (const column of table?.columns.values() ?? []) {
          const [wanted] = query.wants(column.name.toLowerCase());
          if (wanted !== undefined) assign(column, this.writer.literal(wanted));
        }
  }

  /** Gives the columns of an expression values with which it has one of these texts; else some values. */
  private match(expression: readonly SqlToken[], scope: SqlScope, texts: readonly string[]): void {
    const parts = this.partsOf(expression, scope);
    const known = parts.map((part) => (typeof part === 'string' ? part : (part?.cell.value?.text ?? part)));
    if (known.includes(null)) {
      this.some(expression, scope);
      return;
    }
    const open = known.flatMap((part) => (typeof part === 'object' && part ? [part] : []));
    if (open.length === 0) return;
    if (open.length > PARTS) return this.place(known);
    const pattern = new RegExp(`^${known.map((part) => (typeof part === 'string' ? part.replace(/[.*+?^${}()|[\]\\/]/g, '\\$&') : '(.*)')).join('')}$`, 's'); // oxfmt-ignore
    for (const text of texts) {
      const found = pattern.exec(text);
      if (!found) continue;
      open.forEach((column, index) => assign(column, this.writer.literal(found[index + 1] ?? '')));
      return;
    }
    this.place(known);
  }

  /** A path whose parts are columns: the folder of all mailboxes first, then names. */
  private place(parts: readonly (string | TableColumn | null)[]): void {
    let before = '';
    parts.forEach((part, index) => {
      if (part === null) return;
      if (typeof part === 'string') {
        before += part;
        return;
      }
      const after = parts[index + 1];
      const end = after === undefined || (typeof after === 'string' && after.startsWith('/')) ? '' : '/';
      const isNumber = part.types.has('number') || /quota|bytes|storage|size/i.test(before + part.name);
      const unit = typeof after === 'string' ? after : '';
      const text = isNumber ? `${/^[MG]/i.test(unit) ? 100 : MANY}` : `${before === '' || before.endsWith(':') ? this.base : 'rehearsal'}${end}`; // oxfmt-ignore
      if (isNumber) part.types.add('number');
      assign(part, this.writer.literal(text));
      before += text;
    });
  }

  /** Some value for each column of an expression that is not understood. */
  private some(expression: readonly SqlToken[], scope: SqlScope): void {
    expression.forEach((_, at) => {
      if (!isColumn(expression, at)) return;
      const found = columnAt(expression, at);
      const column = this.tables.resolve(found, scope);
      if (!column || column.cell.value) return;
      const isNumber = isSign(expression[found.end], ...ARITHMETIC) || isSign(expression[at - 1], ...ARITHMETIC);
      if (isNumber) column.types.add('number');
      assign(column, isNumber || column.types.has('number') ? numberValue(MANY) : this.writer.literal('rehearsal'));
    });
  }

  /** The constants and columns that an expression puts together; null for a part that is none. */
  private partsOf(given: readonly SqlToken[], scope: SqlScope): (string | TableColumn | null)[] {
    const tokens = withoutCast(given);
    if (isSign(tokens[0], '(') && afterBracket(tokens, 0) === tokens.length)
      return this.partsOf(tokens.slice(1, -1), scope);
    const joined = splitAt(tokens, (token) => isSign(token, '||'));
    if (joined.length > 1) return joined.flatMap((part) => this.partsOf(part, scope));
    const [first] = tokens;
    if (first && isName(first) && isSign(tokens[1], '(') && afterBracket(tokens, 1) === tokens.length) {
      const args = splitAt(tokens.slice(2, -1), (token) => isSign(token, ','));
      const name = first.text.toUpperCase();
      if (name === 'CONCAT') return args.flatMap((part) => this.partsOf(part, scope));
      if (name === 'CONCAT_WS')
        return args.slice(1).flatMap((part, index) => [...(index > 0 ? this.partsOf(args[0] ?? [], scope) : []), ...this.partsOf(part, scope)]); // oxfmt-ignore
      if (SAME.includes(name)) return this.partsOf(splitAt(args[0] ?? [], (token) => isWord(token, 'AS'))[0] ?? [], scope); // oxfmt-ignore
      return [null];
    }
    if (tokens.length === 1 && first && (first.kind === 'string' || first.kind === 'number')) return [first.text];
    return [this.columnOf(tokens, scope)];
  }

  /** The column that these tokens are, or that a SELECT in brackets gives. */
  private columnOf(given: readonly SqlToken[], scope: SqlScope): TableColumn | null {
    const tokens = withoutCast(isWord(given[0], 'BINARY') ? given.slice(1) : given);
    if (isSign(tokens[0], '(') && isWord(tokens[1], 'SELECT')) {
      const [select] = selectsOf(tokens.slice(1, -1));
      if (!select) return null;
      const inner = this.tables.scopeOf(select, scope);
      this.conditions(select, inner);
      return this.columnOf(namedResult(splitAt(select.list, (token) => isSign(token, ','))[0] ?? []).expression, inner);
    }
    if (isSign(tokens[0], '(') && afterBracket(tokens, 0) === tokens.length)
      return this.columnOf(tokens.slice(1, -1), scope);
    const [first] = tokens;
    if (first && isName(first) && isSign(tokens[1], '(')) {
      const parts = SAME.includes(first.text.toUpperCase()) ? this.partsOf(tokens, scope) : [];
      const [only] = parts;
      return parts.length === 1 && typeof only === 'object' ? only : null;
    }
    if (!isColumn(tokens, 0)) return null;
    const found = columnAt(tokens, 0);
    return found.end === tokens.length ? this.tables.resolve(found, scope) : null;
  }

  /** The statements that make the tables and their rows. */
  statements(): string[] {
    return this.writer.statements(this.tables.all());
  }
}

const MIRROR: Readonly<Record<string, string>> = { '<': '>', '>': '<', '<=': '>=', '>=': '<=' };

function depthOf(tokens: readonly SqlToken[]): number {
  let depth = 0;
  let deepest = 0;
  for (const token of tokens) {
    if (isSign(token, '(')) deepest = Math.max(deepest, ++depth);
    if (isSign(token, ')')) depth--;
  }
  return deepest;
}
