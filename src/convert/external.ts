/**
 * Files that a passdb or userdb names in its args: dovecot-sql.conf.ext, dovecot-ldap.conf.ext, dovecot-oauth2.conf.ext. In 2.4 their settings are
 * ordinary settings. The file is converted in place, with its comments, and included where it was named: its own mode still
 * protects its secrets.
 */
import { lexDovecot, type Line, type Setting } from '../formats/dovecot/dovecot-lexer.ts';
import { own, type Block } from './blocks.ts';
import { orRefused, refuse, type Converted, type Scope } from './conversion.ts';
import { dictOutcomes } from './dict-sql.ts';
import { ldapSetting } from './ldap.ts';
import { oauth2Defaults, oauth2Setting } from './oauth2.ts';
import { defaults } from './database-defaults.ts';
import { ruledByField } from './quota-rule.ts';
import { sqlSetting } from './sql.ts';
import { fieldsOfColumns, mailboxesOfColumns } from './sql-columns.ts';

const CONVERT = { sql: sqlSetting, ldap: ldapSetting, oauth2: oauth2Setting } as const;
type Kind = keyof typeof CONVERT;

const isKind = (driver: string | null): driver is Kind => driver !== null && Object.hasOwn(CONVERT, driver);

/** The file in the block's args; null if they name none. */
export function externalOf(block: Block): { path: string; kind: Kind } | null {
  const driver = own(block, 'driver');
  const path = own(block, 'args');
  return isKind(driver) && path?.startsWith('/') ? { path, kind: driver } : null;
}

/** The lines that replace `args = /etc/dovecot/dovecot-sql.conf.ext`. */
export function includeExternal(block: Block, scope: Scope): Converted {
  const external = externalOf(block);
  if (external === null) return refuse('give the absolute path of the file');
  const bytes = scope.files[external.path];
  if (bytes === undefined) return refuse(`create ${external.path}, or remove this block`);
  const include = `!include_try ${external.path}`;
  const read = reader(settingsOf(bytes));
  if (external.kind === 'sql') {
    const query = queryOf(block, read);
    const fields = fieldsOfColumns(query, read('driver') ?? '', block.type, scope);
    return Array.isArray(fields)
      ? { lines: [include, ...defaults(external.kind, block.type, read), ...fields] }
      : fields;
  }
  if (external.kind === 'ldap') return { lines: [include, ...defaults(external.kind, block.type, read)] };
  const more = oauth2Defaults(read, scope);
  return Array.isArray(more) ? { lines: [...more, include] } : more;
}

const queryOf = (block: Block, read: (key: string) => string | null): string =>
  read(block.type === 'passdb' ? 'password_query' : 'user_query') ?? '';

/** The mailboxes for which the block's file has rules of single users. */
export function ruledInFile(block: Block, { files }: Scope): string[] {
  const external = externalOf(block);
  const bytes = external === null ? undefined : files[external.path];
  if (external === null || bytes === undefined) return [];
  const read = reader(settingsOf(bytes));
  if (external.kind === 'sql') return mailboxesOfColumns(queryOf(block, read), read('driver') ?? '');
  const attributes = read(block.type === 'passdb' ? 'pass_attrs' : 'user_attrs') ?? '';
  return external.kind === 'ldap'
    ? attributes.split(',').flatMap((word) => ruledByField(word.trim().replace(/^=/, '')))
    : [];
}

/** Every setting of the file with its conversion. */
export function externalOutcomes(kind: Kind, bytes: string, scope: Scope): { line: Line; outcome: Converted }[] {
  const lines = settingsOf(bytes);
  const read = reader(lines);
  return lines.map((line) => ({ line, outcome: orRefused(() => CONVERT[kind]({ line, read, scope }, bytes)) }));
}

/** The same for a file with the maps of a dictionary. */
export function dictFileOutcomes(driver: string, bytes: string): { line: Line; outcome: Converted }[] {
  return dictOutcomes([...lexDovecot(bytes, '2.3')], driver);
}

const settingsOf = (bytes: string): Setting[] =>
  [...lexDovecot(bytes, '2.3')].filter((line) => line.kind === 'setting');

function reader(lines: readonly Setting[]): (key: string) => string | null {
  return (key) => lines.findLast((line) => line.key === key)?.value ?? null;
}
