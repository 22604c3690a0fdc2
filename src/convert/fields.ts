/** Extra fields of passdb and userdb, separated by spaces: `uid=vmail home=/var/mail/%d/%n mail=maildir:~/Maildir`. */
import { satisfies } from '../formats/versions.ts';
import { refuse, type Scope } from './conversion.ts';
import { convertLocation, withoutInherited } from './mail-location.ts';
import { inboxName } from './mailboxes.ts';
import { ruleOfMailbox } from './quota-rule.ts';
import { convertVariables } from './variables.ts';

/**
 * Names that 2.4 has for blocks. 2.3 ignored a field that it did not know, such as PostfixAdmin's `maildir`; 2.4 ignores others, but takes these for a
 * setting, and ends the session.
 */
const BLOCKS =
  /^(maildir|mbox|[sm]dbox|imapc|pop3c|mailbox|namespace|protocol|service|passdb|userdb|dict|fs|sql|mysql|pgsql|sqlite|ldap|language|metric|execute)$/;

/** The name of a field of a userdb, which no block has; that of a plugin's setting which is only renamed is the new one. */
export const fieldName = (name: string, { renamedField }: Scope): string =>
  renamedField(name) ?? (BLOCKS.test(name) ? `old_${name}` : name);

/** The lines of `fields { }`. `mark` is appended to each name (`:default`). */
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

/** Fields for proxies keep their names and values, but for this one (2.4.1 still has it). */
export const goneField = (name: string, { version }: Scope): { readonly refuse: string } | null =>
  name === 'proxy_always' && satisfies(version, '>=2.4.2')
    ? refuse('remove proxy_always: since 2.4.2 proxy_maybe logs in users of this server itself')
    : null;

/** Converts one field. 2.4 has no field for a whole location or quota rule: it becomes several. */
export function convertField(
  name: string,
  text: string,
  type: string,
  scope: Scope,
): [string, string][] | { readonly refuse: string } {
  const { global, isOldField, renamedField } = scope;
  const gone = goneField(name, scope);
  if (gone !== null) return gone;
  const prefix = type === 'passdb' && name.startsWith('userdb_') ? 'userdb_' : '';
  // `plugin/quota_rule` means the same as `quota_rule`.
  const plain = name.slice(prefix.length).replace(/^plugin\//, '');
  if (plain === 'mail' && (prefix !== '' || type === 'userdb')) {
    const outcome = withoutInherited(convertLocation(text), global('mail_location'));
    if (!('lines' in outcome)) return 'refuse' in outcome ? outcome : [];
    return outcome.lines.map((line) => {
      const [, now = '', then = ''] = /^(\S+) = ?(.*)$/.exec(line) ?? [];
      return [prefix + now, then];
    });
  }
  if (plain === 'quota_rule') {
    // For `storage` a bare number meant kilobytes; a variable may contain a number, or a size with its unit.
    const [, kind, size = ''] = /^\*:(storage|bytes)=(\d+[bkmgt]?(?=[a-z]*$)|\S+)/i.exec(text) ?? [];
    const unit = /^\d+$/.test(size) && kind === 'storage' ? 'k' : '';
    if (kind === undefined || (kind === 'storage' && size.endsWith('}'))) {
      return refuse(`rewrite ${name}=${text} as quota_storage_size, with a unit`);
    }
    return [[`${prefix}quota_storage_size`, size + unit]];
  }
  const rule = /^quota_rule\d+$/.test(plain) && !/%/.test(text.replaceAll('%%', '')) ? ruleOfMailbox(text) : null;
  if (rule !== null) {
    if ('refuse' in rule) return rule;
    const own = inboxName(rule.mailbox, scope);
    if (own === null || !/^[^\s#'={}]+$/.test(own))
      return refuse(`set the rule ${text} in plugin { } instead of ${name}`);
    return rule.lines.map((line) => {
      const [, now = '', then = ''] = /^(\S+) = (.*)$/.exec(line) ?? [];
      return [`${prefix}mailbox/${own}/${now}`, then];
    });
  }
  if ((prefix !== '' || type === 'userdb') && isOldField(plain) && renamedField(plain) === null) {
    return refuse(`rewrite the field ${name} in 2.4 syntax: as a setting it has another name or form there`);
  }
  const converted = convertVariables(text, 'fields');
  const now = prefix !== '' || type === 'userdb' ? prefix + fieldName(plain, scope) : name;
  return typeof converted === 'string' ? [[now, converted]] : converted;
}
