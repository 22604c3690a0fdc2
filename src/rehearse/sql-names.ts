/** Notes the tables and columns that a query names. */
import { afterBracket, isSign, isWord, selectsOf, type Select, type SqlToken } from './sql-tokens.ts';
import { columnAt, fromParts, isColumn } from './sql-grammar.ts';
import type { SqlScope, SqlTables } from './sql-tables.ts';

export interface SqlQuery {
  /** With the values of the user in place of its variables. */
  readonly text: string;
  /** The row of the user must answer it; else only its tables are made. */
  readonly fills: boolean;
  /** What a result of this name must be, and what any other must be: texts to choose from. */
  readonly wants: (name: string) => readonly string[];
}

export class SqlNames {
  private readonly tables: SqlTables;

  constructor(tables: SqlTables) {
    this.tables = tables;
  }

  /** Notes every table and column. */
  register(select: Select, query: SqlQuery, isSure: boolean, outer?: SqlScope): void {
    const scope = this.tables.scopeOf(select, outer);
    if (query.fills) for (const [, table] of scope.tables) if (table) table.filled = true;
    const parts = fromParts(select.from);
    const derived = parts.flatMap(({ source }) => (isSign(source[0], '(') ? [source] : []));
    for (const tokens of [select.list, ...parts.map(({ on }) => on), select.rest, ...derived])
      this.names(tokens, scope, query, isSure);
    for (const { using } of parts)
      for (const name of using) for (const [, table] of scope.tables) if (table) this.tables.column(table, name);
    if (isSure || !select.list.some((token) => isSign(token, '*'))) return;
    const table = scope.tables[0]?.[1];
    if (table && query.fills && isSign(select.list.at(-1), '*'))
      for (const name of ['user', 'password', 'home', 'uid', 'gid'])
        if (query.wants(name).length > 0) this.tables.column(table, name);
  }

  private names(tokens: readonly SqlToken[], scope: SqlScope, query: SqlQuery, isSure: boolean): void {
    for (let at = 0; at < tokens.length; at++) {
      if (isSign(tokens[at], '(') && isWord(tokens[at + 1], 'SELECT')) {
        const end = afterBracket(tokens, at);
        const isAbsent = isWord(tokens[at - 1], 'EXISTS', 'IN') && isWord(tokens[at - 2], 'NOT');
        const inner = isAbsent ? { ...query, fills: false } : query;
        for (const select of selectsOf(tokens.slice(at + 1, end - 1))) this.register(select, inner, isSure, scope);
        at = end - 1;
        continue;
      }
      if (!isColumn(tokens, at)) continue;
      const found = columnAt(tokens, at);
      if (!isSure || found.qualifier !== undefined || scope.tables.length === 1) this.tables.resolve(found, scope);
      at = found.end - 1;
    }
  }
}
