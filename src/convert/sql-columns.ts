/** The columns of the queries of dovecot-sql.conf.ext: 2.4 has other names for some, and several columns for one (2.4 documentation, "SQL"). */
import { nested, refuse, type Converted, type ExternalEntry, type Scope } from './conversion.ts';
import { fieldName, goneField } from './fields.ts';
import { convertLocation, withoutInherited } from './mail-location.ts';
import { inboxName } from './mailboxes.ts';
import { limitsOf } from './own-fields.ts';
import { gracePercent } from './own-limits.ts';
import { commonLocation, LOCATION_OPTIONS, ownLocation } from './own-location.ts';
import { ruleOfMailbox } from './quota-rule.ts';
import { columnsOf, expressionOf, templateOf, type Column, type Template } from './sql-select.ts';
import { renamedInPlace } from './text.ts';

/** `'*:storage=' x 'M:messages=' y`, or `*:bytes=`, of which a bare number means bytes. */
const RULE = /^\*:(storage|bytes)=(\0\d+\0|\d+)([bkmgt]?)(?:i?b)?(?::messages=(\0\d+\0|\d+))?$/i;

export function convertQuery(
  name: string,
  driver: string,
  line: ExternalEntry['line'],
  bytes: string,
  scope: Scope,
): Converted {
  if (name.endsWith('iterate_query')) return renamedInPlace(bytes, line, name);
  return renamedInPlace(bytes, line, name, (query) => {
    let converted = query;
    for (const column of columnsOf(query).reverse()) {
      const gone = goneField(column.name, scope);
      if (gone !== null) return gone;
      const [, field] = name === 'userdb_sql_query' ? [null, column.name] : (/^userdb_(.*)$/.exec(column.name) ?? []);
      if (
        field !== undefined &&
        !/^(mail|quota_rule\d*|quota\d*|sieve)$/.test(field) &&
        scope.isOldField(field) &&
        scope.renamedField(field) === null
      )
        return refuse(`return 2.4's settings instead of ${column.name}: it has another name or form there`);
      const now =
        field !== undefined && fieldName(field, scope) !== field
          ? `${column.expression} AS ${column.name.slice(0, -field.length)}${fieldName(field, scope)}`
          : convertColumn(column, name === 'userdb_sql_query', driver, scope);
      if (now === null) continue;
      if (typeof now !== 'string') return now;
      converted = converted.slice(0, column.start) + now + converted.slice(column.end);
    }
    return converted;
  });
}

/** A column that 2.4 does not accept, as one column for each part, or under another name for `fieldsOfColumns`; null: it stays. */
function convertColumn(
  column: Column,
  isUserQuery: boolean,
  driver: string,
  scope: Scope,
): string | null | { readonly refuse: string } {
  const { name, expression } = column;
  const [, prefix = '', field = ''] = /^(userdb_)?(mail|quota_rule\d*|quota\d*|sieve)$/.exec(name) ?? [];
  // 2.3 knew these fields in the result for a user, and from a password query only with the prefix.
  if (field === '' || isUserQuery !== (prefix === '')) return null;
  // A root, which nothing reads without the plugin; 2.4 takes the name for a block.
  if (/^quota\d*$/.test(field) && !scope.loaded(['quota'])) return `${expression} AS ${prefix}old_${field}`;
  const template = templateOf(expression, driver);
  if (field === 'sieve') return activeScript(prefix, expression, template, driver, scope);
  if (isUnreadable(column, driver)) return forFields(field, prefix, expression, driver, scope);
  if (/^quota_rule\d*$/.test(field) && !template.text.includes('\0')) {
    const rule = ruleOfMailbox(template.text);
    if (rule !== null) return 'refuse' in rule ? rule : mailboxColumns(rule, prefix, driver, scope);
  }
  const columns =
    field === 'mail'
      ? locationColumns(template, scope.global('mail_location'))
      : field === 'quota_rule'
        ? ruleColumns(template)
        : null;
  if (columns === null) {
    return refuse(
      `return ${field === 'mail' ? 'mail_driver and mail_path' : 'quota_storage_size'} instead of ${field}`,
    );
  }
  const all = columns.map(([now, text]) => `${expressionOf(text, template)} AS ${prefix}${now}`);
  const grace = field === 'quota_rule' ? graceOf(template, driver, scope) : null;
  return [...all, ...(grace === null ? [] : [`${grace} AS ${prefix}quota_storage_grace`])].join(', ');
}

/**
 * The whole text under another name, which `fieldsOfColumns` reads. Of NULL the value of all users: in a passdb 2.4 takes NULL for an empty text. It takes an
 * empty field of a passdb for `yes`, so there SQL has those parts of a location that may be empty.
 */
function forFields(field: string, prefix: string, expression: string, driver: string, scope: Scope): string {
  const rule = scope.plugin('quota_rule') ?? '*:storage=0';
  const common = field === 'mail' ? commonLocation(scope) : /['"\\%]/.test(rule) ? null : rule;
  const whole = common === null ? expression : `COALESCE(${expression}, '${common}')`;
  const options = field === 'mail' && prefix !== '' ? Object.entries(LOCATION_OPTIONS) : [];
  return [
    `${whole} AS ${prefix}old_${field}`,
    ...options.map(([name, key]) => `${optionOf(whole, `:${key}=`, driver)} AS ${prefix}${name}`),
  ].join(', ');
}

/** The text behind `:INDEX=` up to the next colon; empty if the option is not there. */
function optionOf(text: string, mark: string, driver: string): string {
  if (driver === 'pgsql') return `COALESCE(substring(${text} from '${mark}([^:]*)'), '')`;
  if (driver === 'mysql')
    return `IF(INSTR(${text}, '${mark}') > 0, SUBSTRING_INDEX(SUBSTRING_INDEX(${text}, '${mark}', -1), ':', 1), '')`;
  const rest = `substr(${text} || ':', instr(${text}, '${mark}') + ${mark.length})`;
  return `CASE WHEN instr(${text}, '${mark}') > 0 THEN substr(${rest}, 1, instr(${rest}, ':') - 1) ELSE '' END`;
}

/** Does only the database know which parts the column's value has, and in which units? */
function isUnreadable({ name, expression }: Column, driver: string): boolean {
  const { text } = templateOf(expression, driver);
  if (/^(userdb_)?mail$/.test(name)) return /^\0\d+\0(?!:)/.test(text);
  return /^(userdb_)?quota_rule$/.test(name) && text.includes('\0') && ruleColumns({ text }) === null;
}

/** The lines of a passdb's or userdb's block for columns that Dovecot has to read, because SQL does not know their parts. */
export function fieldsOfColumns(
  query: string,
  driver: string,
  type: string,
  scope: Scope,
): string[] | { readonly refuse: string } {
  const lines: string[] = [];
  const prefix = type === 'userdb' ? '' : 'userdb_';
  for (const column of columnsOf(query)) {
    const isMail = column.name === `${prefix}mail`;
    if (!(isMail || column.name === `${prefix}quota_rule`) || !isUnreadable(column, driver)) continue;
    const field = `sql:${prefix}old_${isMail ? 'mail' : 'quota_rule'}`;
    const found = isMail ? ownLocation(field, scope) : limitsOf(field, scope);
    if (!Array.isArray(found)) return found;
    const inSql = type === 'userdb' ? [] : Object.keys(LOCATION_OPTIONS);
    const own = found.filter((line) => !inSql.some((name) => line.startsWith(name)));
    lines.push(...own.map((line) => prefix + line));
  }
  return lines.length === 0 ? [] : nested('fields', [...new Set(lines)]);
}

type MailboxRule = Exclude<ReturnType<typeof ruleOfMailbox>, null | { readonly refuse: string }>;

/** A rule that is the same for all users of the query, `'Trash:ignore' AS quota_rule2`. */
function mailboxColumns(
  { mailbox, lines }: MailboxRule,
  prefix: string,
  driver: string,
  scope: Scope,
): string | { readonly refuse: string } {
  const own = inboxName(mailbox, scope);
  if (own === null) return refuse('set this rule in plugin { } instead of the query');
  const mark = driver === 'mysql' ? '`' : '"';
  return lines
    .map((line) => /^(\S+) = (.*)$/.exec(line)!)
    .map(([, name, value]) => `'${value}' AS ${mark}${prefix}mailbox/${own}/${name}${mark}`)
    .join(', ');
}

/** The mailboxes for which the query has rules that are the same for all users. */
export function mailboxesOfColumns(query: string, driver: string): string[] {
  return columnsOf(query).flatMap(({ name, expression }) => {
    const { text } = templateOf(expression, driver);
    const rule = /^(userdb_)?quota_rule\d*$/.test(name) && !text.includes('\0') ? ruleOfMailbox(text) : null;
    return rule === null || 'refuse' in rule ? [] : [rule.mailbox];
  });
}

/** The user's own active script, `CONCAT(maildir, '/.sieve')`, which the storage of the files has under its name. */
function activeScript(
  prefix: string,
  expression: string,
  { text }: Template,
  driver: string,
  { plugin }: Scope,
): string | { readonly refuse: string } {
  const [script, folder] = [plugin('sieve'), plugin('sieve_dir')];
  // Of the form with `file:` and `;active=` a column would replace the folder as well.
  const isPath = /^(\0\d+\0)?[/~][^;]*$/.test(text);
  if (!isPath || (script === null ? folder === null : folder === null && /^[a-z]+:|;/.test(script)))
    return refuse('return sieve_script/personal/active_path instead of sieve');
  const mark = driver === 'mysql' ? '`' : '"';
  return `${expression} AS ${mark}${prefix}sieve_script/personal/active_path${mark}`;
}

/** The part of the user's own limit that the last mail may exceed it by, in bytes. */
function graceOf({ text, expressions }: Template, driver: string, scope: Scope): string | null {
  const percent = gracePercent(scope);
  const [, , size = '', unit = ''] = RULE.exec(text) ?? [];
  const expression = size.startsWith('\0') ? expressions[Number(size.replaceAll('\0', ''))] : size;
  if (percent === null || expression === undefined) return null;
  const factor = percent * 1024 ** 'bkmgt'.indexOf(unit.toLowerCase() || 'b');
  if (driver === 'sqlite') return `CAST((${expression}) * ${factor} / 100 AS INTEGER)`;
  return `FLOOR(CAST((${expression}) AS DECIMAL(20, 0)) * ${factor} / 100)`;
}

type Columns = (readonly [name: string, text: string])[] | null;

/** Each part of the location, also those that 2.3 did not take over from mail_location. */
function locationColumns({ text }: Template, above: string | null): Columns {
  const [, driver, rest] = /^(\0\d+\0):([^]*)$/.exec(text) ?? [];
  const location = driver === undefined ? text : `maildir:${rest}`;
  if (location.startsWith('\0')) return null;
  const outcome = withoutInherited(convertLocation(location), above);
  if (!('lines' in outcome)) return null;
  return outcome.lines.map((line) => {
    const [, name = '', value = ''] = /^(\S+) = ?([^]*)$/.exec(line) ?? [];
    return [name, name === 'mail_driver' && driver !== undefined ? driver : value];
  });
}

function ruleColumns({ text }: Pick<Template, 'text'>): Columns {
  const [, kind, size, unit = '', messages] = RULE.exec(text) ?? [];
  const bare = kind?.toLowerCase() === 'storage' && unit === '';
  // For `storage` a column without a unit behind it may contain one, or mean kilobytes, as a bare number does.
  if (size === undefined || (bare && size.startsWith('\0'))) return null;
  return [
    ['quota_storage_size', size + (bare ? 'k' : unit)],
    ...(messages === undefined ? [] : [['quota_message_count', messages] as const]),
  ];
}
