/** The tables of a stand-in, and how the SQL of each database writes them. */
import type { SqlToken } from './sql-tokens.ts';

export type Dialect = 'mysql' | 'pgsql' | 'sqlite';

export type Type = 'text' | 'number' | 'boolean' | 'time';

/** An expression of SQL, and its text if it is a constant. */
export interface Value {
  readonly sql: string;
  readonly text?: string;
}

export interface TableColumn {
  readonly name: string;
  readonly types: Set<Type>;
  /** Columns that must be equal share one. */
  cell: { value?: Value };
}

export interface Table {
  /** `name`, or `schema.name`. */
  readonly name: string;
  readonly columns: Map<string, TableColumn>;
  /** A query whose conditions must hold asks it. */
  filled: boolean;
}

const TYPES: Readonly<Record<Dialect, Readonly<Record<Type, string>>>> = {
  mysql: { text: 'VARCHAR(255)', number: 'BIGINT', boolean: 'TINYINT', time: 'DATETIME' },
  pgsql: { text: 'TEXT', number: 'BIGINT', boolean: 'BOOLEAN', time: 'TIMESTAMPTZ' },
  sqlite: { text: 'TEXT', number: 'NUMERIC', boolean: 'NUMERIC', time: 'TEXT' },
};

export class SqlWriter {
  private readonly dialect: Dialect;

  constructor(dialect: Dialect) {
    this.dialect = dialect;
  }

  /** A token as it stands in a query. */
  render({ kind, text }: SqlToken): string {
    if (kind === 'string') return this.string(text);
    return kind === 'name' ? this.quoted(text) : text;
  }

  literal(text: string): Value {
    return { sql: this.string(text), text };
  }

  string(text: string): string {
    const doubled = text.replaceAll("'", "''");
    return `'${this.dialect === 'mysql' ? doubled.replaceAll('\\', '\\\\') : doubled}'`;
  }

  private quoted(name: string): string {
    return this.dialect === 'mysql' ? `\`${name}\`` : `"${name}"`;
  }

  /** The statements that make these tables and their rows. */
  statements(tables: Iterable<Table>): string[] {
    return [...tables].flatMap(({ name, columns, filled }) => {
      const dot = name.indexOf('.');
      const [schema, own] = dot < 0 ? [null, name] : [name.slice(0, dot), name.slice(dot + 1)];
      // PostgreSQL folds names without quotes to lower case: so do these statements.
      const isFolded = this.dialect === 'pgsql';
      const write = (one: string): string => this.quoted(isFolded ? one.toLowerCase() : one);
      const full = schema === null || this.dialect === 'sqlite' ? write(own) : `${write(schema)}.${write(own)}`;
      const all = [...columns.values()];
      if (all.length === 0) all.push({ name: 'rehearsal', types: new Set(['text']), cell: {} });
      const made = all.map((column) => `${write(column.name)} ${TYPES[this.dialect][typeOf(column)]}`);
      const row = all.filter(({ cell }) => cell.value !== undefined);
      return [
        ...(schema === null || this.dialect === 'sqlite' ? [] : [`CREATE SCHEMA IF NOT EXISTS ${write(schema)};`]),
        `CREATE TABLE ${full} (${made.join(', ')});`,
        ...(filled && row.length > 0
          ? [`INSERT INTO ${full} (${row.map(({ name: one }) => write(one)).join(', ')}) VALUES (${row.map((column) => this.fitting(column)).join(', ')});`] // oxfmt-ignore
          : []),
      ];
    });
  }

  private fitting(column: TableColumn): string {
    const { sql, text } = column.cell.value ?? { sql: 'NULL' };
    if (typeOf(column) === 'boolean' && text !== undefined && this.dialect === 'pgsql') return /^(0|f|false|n|no)$/i.test(text) ? 'FALSE' : 'TRUE'; // oxfmt-ignore
    return text !== undefined && sql !== 'TRUE' && sql !== 'FALSE' ? this.string(text) : sql;
  }
}

/** The type with which every comparison of the queries is valid. */
function typeOf({ types, cell }: TableColumn): Type {
  if (types.has('time')) return /^\d+$/.test(cell.value?.text ?? '') ? 'number' : 'time';
  if (types.has('boolean')) return 'boolean';
  const isNumber = cell.value?.text === undefined || /^-?\d+$/.test(cell.value.text);
  return types.has('number') && isNumber ? 'number' : 'text';
}

export function numberValue(number: number): Value {
  return { sql: `${number}`, text: `${number}` };
}
