/** dovecot-dict-sql.conf.ext: which table and columns hold the keys of a dictionary (2.3 documentation, "SQL dictionary"). */
import type { Line, Setting } from '../formats/dovecot/dovecot-lexer.ts';
import { nested, refuse, set, type Converted } from './conversion.ts';
import { sqlConnection } from './sql.ts';

/** A line of such a file with its conversion. */
export interface DictOutcome {
  readonly line: Line;
  readonly outcome: Converted;
}

/** The whole file: `map { pattern = priv/quota/storage … }` → `dict_map priv/quota/storage { … }`. */
export function dictOutcomes(lines: readonly Line[], driver: string): DictOutcome[] {
  const outcomes: DictOutcome[] = [];
  const open: { readonly header: string; readonly pattern: string; readonly type: string }[] = [];
  lines.forEach((line, at) => {
    const add = (outcome: Converted): void => void outcomes.push({ line, outcome });
    const around = open.at(-1);
    if (line.kind === 'begin') {
      const inside = bodyOf(lines, at);
      const say = (key: string): string => inside.find((one) => one.key === key)?.value ?? '';
      if (line.header === 'map') add({ lines: [`dict_map ${say('pattern')} {`] });
      else if (line.header === 'fields') add({ lines: [] });
      else
        add(refuse(`remove this block, or rewrite it in 2.4 syntax: harden-mail cannot convert ${line.header} here`));
      open.push({ header: line.header, pattern: say('pattern'), type: say('value_type') });
    } else if (line.kind === 'end') {
      open.pop();
      if (around?.header === 'fields') add({ lines: [] });
    } else if (line.kind !== 'setting') return;
    else if (around === undefined) add(atTop(line, driver));
    else if (around.header === 'fields') add(keyField(line));
    else add(inMap(line, around.type));
  });
  return outcomes;
}

/** The settings of a block itself, without those of blocks in it. */
function bodyOf(lines: readonly Line[], at: number): Setting[] {
  const found: Setting[] = [];
  for (let i = at + 1, depth = 0; i < lines.length && depth >= 0; i++) {
    const line = lines[i]!;
    if (line.kind === 'begin') depth++;
    else if (line.kind === 'end') depth--;
    else if (line.kind === 'setting' && depth === 0) found.push(line);
  }
  return found;
}

function atTop({ key, value }: Setting, driver: string): Converted {
  if (key === 'connect') return sqlConnection(value, driver);
  return refuse(`remove it, or rewrite it in 2.4 syntax: harden-mail cannot convert ${key} here`);
}

function inMap({ key, value }: Setting, type: string): Converted {
  switch (key) {
    case 'pattern':
    case 'value_type':
      return { lines: [] };
    case 'table':
      return { lines: [set('sql_table', value)] };
    case 'username_field':
    case 'expire_field':
      return { lines: [set(key, value)] };
    case 'value_field': {
      const types = type.split(',');
      const columns = value.split(',').map((column) => column.trim());
      return { lines: columns.flatMap((column, n) => nested(`value_field ${column}`, types[n] ? [`type = ${types[n]}`] : [])) }; // oxfmt-ignore
    }
    default:
      return refuse(`remove it, or rewrite it in 2.4 syntax: harden-mail cannot convert ${key} here`);
  }
}

/** `mailbox = $box`, `key = ${hexblob:id}` */
function keyField({ key, value }: Setting): Converted {
  const [, type, name] = /^\$\{(\w+):(\w+)\}$/.exec(value) ?? [];
  return {
    lines: nested(`key_field ${key}`, [`value = ${name === undefined ? value : `$${name}`}`, ...(type === undefined ? [] : [`type = ${type}`])]), // oxfmt-ignore
  };
}
