/** The parts of a quota rule: `*:storage=1G:messages=1000`, `Trash:storage=+100M`, `SPAM:ignore` (2.3 documentation, "Quota"). */
import { refuse } from './conversion.ts';
import { unlimited } from './old-values.ts';

/** A limit for the whole root. For `storage` a bare number meant kilobytes. Of a unit the first letter counts: `5GB` is `5G`. */
export function whole(limit: string): string | { readonly refuse: string } {
  const [, kind, text = ''] = /^(storage|bytes|messages)=(\d+(?:[bkmgt](?=[a-z]*$))?)[a-z]*$/i.exec(limit) ?? [];
  if (kind === undefined) return refuse(`set a numeric limit: ${limit} is not one`);
  if (kind === 'messages') return `message_count = ${unlimited(text)}`;
  if (/^0\D?$/.test(text)) return 'storage_size = unlimited';
  return `storage_size = ${/^\d+$/.test(text) && kind === 'storage' ? `${text}k` : text}`;
}

/** The addition of one mailbox to the root's limit; 2.3 calls the form without `+` obsolete and means the same. */
export function extra(limit: string): string | { readonly refuse: string } {
  if (limit === 'ignore') return 'quota_ignore = yes';
  const [, kind, text = '', percent] = /^(storage|bytes)=\+?(\d+[bkmgt]?)(%%?|[a-z]+)?$/i.exec(limit) ?? [];
  if (kind === undefined) return refuse(`write storage=+SIZE for this mailbox: 2.4 has no ${limit} for one mailbox`);
  if (percent?.startsWith('%')) return `quota_storage_percentage = ${100 + Number(text)}`;
  return `quota_storage_extra = ${/^\d+$/.test(text) && kind === 'storage' ? `${text}k` : text}`;
}

/** A rule for one mailbox, `Trash:ignore`, with the lines for its block; null: it is for all mailboxes. */
export function ruleOfMailbox(
  rule: string,
): { readonly mailbox: string; readonly lines: readonly string[] } | null | { readonly refuse: string } {
  const [mailbox = '', ...limits] = rule.split(':');
  if (/^[*?]?$/.test(mailbox)) return null;
  const lines: string[] = [];
  for (const limit of limits) {
    const line = extra(limit);
    if (typeof line !== 'string') return line;
    lines.push(line);
  }
  return { mailbox, lines };
}

/** The mailbox that a word such as `quota_rule2=Trash:ignore` has a rule for. */
export function ruledByField(word: string): string[] {
  const [, text] = /^(?:userdb_)?(?:plugin\/)?quota_rule\d+=(.*)$/.exec(word) ?? [];
  const rule = text === undefined ? null : ruleOfMailbox(text);
  return rule === null || 'refuse' in rule ? [] : [rule.mailbox];
}
