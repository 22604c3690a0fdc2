/** Constants in the queries of a host, and values with which a comparison holds. */
import { isColumn, withoutCast } from './sql-grammar.ts';
import { isSign, isWord, type SqlToken } from './sql-tokens.ts';
import { numberValue, type TableColumn, type SqlWriter, type Value } from './sql-writer.ts';

const NOW = /^(NOW|CURRENT_TIMESTAMP|CURRENT_DATE|CURDATE|SYSDATE|UTC_TIMESTAMP|DATETIME|DATE)$/;
const EVER = { sql: "'2099-12-31 23:59:59'", text: '2099-12-31 23:59:59' };
const ONCE = { sql: "'2000-01-01 00:00:00'", text: '2000-01-01 00:00:00' };

export interface Constant {
  readonly value: Value;
  readonly isTime: boolean;
  readonly isNumber: boolean;
}

/** An expression without columns. */
export function constantOf(given: readonly SqlToken[], writer: SqlWriter): Constant | null {
  const tokens = withoutCast(given);
  if (tokens.length === 0 || tokens.some((_, at) => isColumn(tokens, at)) || tokens.some((token) => isWord(token, 'SELECT'))) return null; // oxfmt-ignore
  const [first] = tokens;
  const sql = tokens.reduce((text, token) => `${text}${text === '' || isSign(token, '(', ')', ',') ? '' : ' '}${writer.render(token)}`, ''); // oxfmt-ignore
  if (tokens.length === 1 && first?.kind === 'string') return { value: { sql, text: first.text }, isTime: false, isNumber: false }; // oxfmt-ignore
  if (tokens.length === 1 && first?.kind === 'number') return { value: { sql, text: first.text }, isTime: false, isNumber: true }; // oxfmt-ignore
  if (tokens.length === 1 && isWord(first, 'TRUE', 'FALSE')) return { value: { sql: sql.toUpperCase(), text: isWord(first, 'TRUE') ? '1' : '0' }, isTime: false, isNumber: false }; // oxfmt-ignore
  const isEpoch = tokens.some((token) => isWord(token, 'UNIX_TIMESTAMP', 'STRFTIME', 'EPOCH'));
  const isTime = isEpoch || tokens.some((token) => token.kind === 'word' && NOW.test(token.text.toUpperCase()));
  return { value: { sql }, isTime, isNumber: isEpoch };
}

/** A value for which `column SIGN constant` holds. */
export function holding(
  column: TableColumn,
  sign: string,
  { value, isTime, isNumber }: Constant,
  writer: SqlWriter,
): Value {
  if (isTime) column.types.add('time');
  else if (value.sql === 'TRUE' || value.sql === 'FALSE') column.types.add('boolean');
  else column.types.add(isNumber ? 'number' : 'text');
  const number = Number(value.text);
  switch (sign) {
    case '>':
    case '>=':
      if (isTime) return isNumber ? { sql: '4102444799', text: '4102444799' } : EVER;
      return isNumber ? numberValue(number + 1) : { sql: writer.string(`${value.text}~`), text: `${value.text}~` };
    case '<':
    case '<=':
      if (isTime) return isNumber ? numberValue(1) : ONCE;
      return isNumber ? numberValue(number - 1) : { sql: "''", text: '' };
    case '<>':
    case '!=': {
      if (value.sql === 'TRUE' || value.sql === 'FALSE') return value.sql === 'TRUE' ? { sql: 'FALSE', text: '0' } : { sql: 'TRUE', text: '1' }; // oxfmt-ignore
      const text = /^\d+$/.test(value.text ?? '') ? `${number + 1}` : { Y: 'N', y: 'n', N: 'Y', n: 'y' }[value.text ?? ''] ?? 'rehearsal'; // oxfmt-ignore
      return isNumber ? numberValue(number + 1) : { sql: writer.string(text), text };
    }
    case 'LIKE':
      return value.text === undefined ? value : { sql: writer.string(value.text.replace(/[%]/g, '')), text: value.text.replace(/[%]/g, '') }; // oxfmt-ignore
    default:
      return value;
  }
}
