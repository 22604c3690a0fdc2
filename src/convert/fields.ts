/** Extra fields of passdb and userdb: `uid=vmail home=/var/mail/%d/%n mail=maildir:~/Maildir`, a word each. */
import { refuse, type Scope } from './conversion.ts';
import { convertLocation, withoutInherited } from './mail-location.ts';
import { convertVariables } from './variables.ts';

/** The lines of `fields { }`. `mark` goes behind each name (`:default`). */
export function convertFields(
  value: string,
  type: string,
  scope: Scope,
  mark = '',
): string[] | { readonly refuse: string } {
  const lines: string[] = [];
  for (const word of value.split(/\s+/).filter((one) => one !== '')) {
    const [, name = word, text = ''] = /^([^=]*)=(.*)$/.exec(word) ?? [];
    const field = convertField(name, text, type, scope);
    if (!Array.isArray(field)) return field;
    for (const [now, then] of field) lines.push(`${now}${mark} = ${then}`.trimEnd());
  }
  return lines;
}

/** One field: 2.4 has none that holds a whole location or quota rule. */
export function convertField(
  name: string,
  text: string,
  type: string,
  { global }: Scope,
): [string, string][] | { readonly refuse: string } {
  const prefix = type === 'passdb' && name.startsWith('userdb_') ? 'userdb_' : '';
  const plain = name.slice(prefix.length);
  if (plain === 'mail' && (prefix !== '' || type === 'userdb')) {
    const outcome = withoutInherited(convertLocation(text), global('mail_location'));
    if (!('lines' in outcome)) return 'refuse' in outcome ? outcome : [];
    return outcome.lines.map((line) => {
      const [, now = '', then = ''] = /^(\S+) = ?(.*)$/.exec(line) ?? [];
      return [prefix + now, then];
    });
  }
  if (plain === 'quota_rule') {
    // Of `storage` a bare number counted kilobytes; a variable may hold a number, or a size with its unit.
    const [, kind, size = ''] = /^\*:(storage|bytes)=(\S+)$/.exec(text) ?? [];
    const unit = /^\d+$/.test(size) && kind === 'storage' ? 'k' : '';
    if (kind === undefined || (kind === 'storage' && size.endsWith('}'))) {
      return refuse(`write ${name}=${text} as quota_storage_size, with a unit`);
    }
    return [[`${prefix}quota_storage_size`, size + unit]];
  }
  if (/^(quota|acl|sieve|fts)/.test(plain) && plain !== 'quota_rule') {
    return refuse(`write the field ${name} in 2.4's words: it is a plugin's setting`);
  }
  const converted = convertVariables(text, 'fields');
  return typeof converted === 'string' ? [[name, converted]] : converted;
}
