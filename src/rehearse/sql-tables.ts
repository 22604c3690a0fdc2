/** The tables and columns that the queries of a host name. */
import { afterBracket, isSign, type Select } from './sql-tokens.ts';
import { aliasAfter, fromParts, isName, type ColumnReference } from './sql-grammar.ts';
import { numberValue, type Table, type TableColumn, type Type, type Value } from './sql-writer.ts';

/** Names of the tables of a SELECT, and of the one around it. Null: a table that is a SELECT itself. */
export interface SqlScope {
  readonly tables: readonly (readonly [alias: string, table: Table | null])[];
  /** Those that have columns of their own, each once. */
  readonly own: readonly Table[];
  readonly outer?: SqlScope;
}

export class SqlTables {
  private readonly tables = new Map<string, Table>();

  all(): Iterable<Table> {
    return this.tables.values();
  }

  table(name: string): Table {
    const key = name.toLowerCase();
    const found = this.tables.get(key) ?? { name, columns: new Map<string, TableColumn>(), filled: false };
    this.tables.set(key, found);
    return found;
  }

  column(table: Table, name: string): TableColumn {
    const key = name.toLowerCase();
    const found = table.columns.get(key) ?? { name, types: new Set<Type>(), cell: {} };
    table.columns.set(key, found);
    return found;
  }

  scopeOf({ from }: Select, outer: SqlScope | undefined): SqlScope {
    const tables = fromParts(from).flatMap(({ source }): [string, Table | null][] => {
      const [first] = source;
      if (isSign(first, '(')) return [[aliasAfter(source.slice(afterBracket(source, 0))), null]];
      if (!first || !isName(first)) return [];
      const end = isSign(source[1], '.') ? 3 : 1;
      if (isSign(source[end], '(')) return [[aliasAfter(source.slice(afterBracket(source, end))), null]];
      const name = source.slice(0, end).map(({ text }) => text).join(''); // oxfmt-ignore
      return [[aliasAfter(source.slice(end)) || (source[end - 1]?.text ?? name), this.table(name)]];
    });
    const own = [...new Set(tables.flatMap(([, table]) => (table ? [table] : [])))];
    return { tables, own, ...(outer && { outer }) };
  }

  resolve({ qualifier, name }: ColumnReference, scope: SqlScope): TableColumn | null {
    if (qualifier !== undefined) {
      const found = scope.tables.find(([alias]) => alias.toLowerCase() === qualifier.toLowerCase());
      if (found) return found[1] && this.column(found[1], name);
      return scope.outer ? this.resolve({ qualifier, name, end: 0 }, scope.outer) : null;
    }
    const key = name.toLowerCase();
    const table = scope.own.find(({ columns }) => columns.has(key)) ?? scope.own[0];
    if (table) return this.column(table, name);
    return scope.outer && scope.tables.length === 0 ? this.resolve({ name, end: 0 }, scope.outer) : null;
  }

  equal(columns: readonly TableColumn[]): void {
    const [first, ...others] = columns;
    if (!first) return;
    for (const other of others) {
      const { cell } = other;
      if (cell === first.cell) continue;
      const value = first.cell.value ?? cell.value;
      for (const { columns: all } of this.tables.values())
        for (const column of all.values()) if (column.cell === cell) column.cell = first.cell;
      if (value) first.cell.value = value;
      for (const type of [...first.types, ...other.types]) {
        first.types.add(type);
        other.types.add(type);
      }
    }
    if (/id$/i.test(first.name) && !first.types.has('text')) first.cell.value ??= numberValue(1);
    if (first.cell.value?.sql === '1') for (const column of columns) column.types.add('number');
  }
}

/** The first value stays. */
export function assign(column: TableColumn, value: Value): void {
  column.cell.value ??= value;
}
