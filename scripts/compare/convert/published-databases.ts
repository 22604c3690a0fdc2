/** Passdbs and userdbs by Dovecot's published rules, with the external files that they name. */

import type { OldConfiguration } from './converter.ts';
import { setting, variables } from './published-settings.ts';

/** Of an external file for SQL or LDAP: the settings in the place where it is named. */
function external(file: string, kind: 'passdb' | 'userdb', driver: string): string[] {
  const entries = new Map(
    [...file.replaceAll('\\\n', ' ').matchAll(/^[ \t]*(\w+)[ \t]*=[ \t]*(.*)$/gm)].map(([, key = '', value = '']) => [
      key,
      value,
    ]),
  );
  const lines: string[] = [];
  if (driver === 'sql') {
    const words = new Map(
      (entries.get('connect') ?? '').split(/\s+/).map((word) => word.split('=') as [string, string]),
    );
    const type = entries.get('driver') ?? '';
    lines.push(`sql_driver = ${type}`);
    if (type === 'sqlite') lines.push(`sqlite_path = ${entries.get('connect') ?? ''}`);
    else {
      const name = {
        user: 'user',
        password: 'password',
        pass: 'password',
        dbname: type === 'pgsql' ? 'parameters { dbname' : 'dbname',
      };
      lines.push(`${type} ${words.get('host') ?? 'localhost'} {`);
      for (const [key, to] of Object.entries(name)) {
        const value = words.get(key);
        if (value !== undefined)
          lines.push(to.includes('{') ? `  parameters {\n    dbname = ${value}\n  }` : `  ${to} = ${value}`);
      }
      lines.push('}');
    }
    const query = entries.get(kind === 'passdb' ? 'password_query' : 'user_query');
    if (query !== undefined) lines.push(`${kind}_sql_query = ${variables(query)}`);
    const iterate = entries.get('iterate_query');
    if (kind === 'userdb' && iterate !== undefined) lines.push(`userdb_sql_iterate_query = ${variables(iterate)}`);
  } else {
    const uris = entries.get('uris') ?? `ldap://${entries.get('hosts') ?? ''}`;
    const direct = {
      base: 'ldap_base',
      dn: 'ldap_auth_dn',
      dnpass: 'ldap_auth_dn_password',
      auth_bind: 'passdb_ldap_bind',
    };
    lines.push(`ldap_uris = ${uris}`);
    for (const [key, to] of Object.entries(direct)) {
      const value = entries.get(key);
      if (value !== undefined && (key !== 'auth_bind' || kind === 'passdb')) lines.push(`${to} = ${variables(value)}`);
    }
    const filter = entries.get(kind === 'passdb' ? 'pass_filter' : 'user_filter');
    if (filter !== undefined) lines.push(`${kind}_ldap_filter = ${variables(filter)}`);
    const fields = (entries.get(kind === 'passdb' ? 'pass_attrs' : 'user_attrs') ?? '').split(',').flatMap((pair) => {
      const [attribute = '', field = ''] = pair.trim().split('=');
      return attribute === '' ? [] : [`  ${field || attribute} = %{ldap:${attribute}}`];
    });
    if (fields.length > 0) lines.push(`${kind}_fields {`, ...fields, '}');
  }
  const scheme = entries.get('default_pass_scheme');
  if (kind === 'passdb' && scheme !== undefined) lines.push(`passdb_default_password_scheme = ${scheme}`);
  return lines;
}

/** A passdb or userdb: its driver is its name, and its arguments are settings. */
export function database(
  kind: 'passdb' | 'userdb',
  settings: ReadonlyMap<string, string>,
  files: OldConfiguration['files'],
): string[] {
  const driver = settings.get('driver') ?? '';
  const args = settings.get('args') ?? '';
  const lines: string[] = [];
  if (driver === 'sql' || driver === 'ldap') lines.push(...external(files[args] ?? '', kind, driver));
  else if (driver === 'passwd-file') {
    for (const word of args.split(' ')) {
      const [key = '', value = ''] = word.split('=');
      if (key === 'scheme') lines.push(`passdb_default_password_scheme = ${value}`);
      else if (key === 'username_format') lines.push(`auth_username_format = ${variables(value)}`);
      else if (word !== '') lines.push(`passwd_file_path = ${variables(word)}`);
    }
  } else if (driver === 'static') {
    lines.push(`${kind}_fields {`, ...args.split(' ').map((word) => `  ${variables(word.replace('=', ' = '))}`), '}');
  } else if (driver === 'pam' && args !== '') lines.push(`passdb_pam_service_name = ${args.split(' ').at(-1) ?? ''}`);
  for (const key of ['default_fields', 'override_fields']) {
    const value = settings.get(key);
    if (value === undefined || value === '') continue;
    lines.push(`${kind}_fields {`, ...value.split(' ').map((word) => `  ${variables(word.replace('=', ' = '))}`), '}');
  }
  const others = [...settings].filter(
    ([key]) => !['driver', 'args', 'default_fields', 'override_fields'].includes(key),
  );
  return [...lines, ...others.flatMap(([key, value]) => setting(key, value))];
}
