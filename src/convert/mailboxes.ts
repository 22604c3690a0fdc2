import { own, type Block } from './blocks.ts';
import { nested, refuse, type Converted, type Scope } from './conversion.ts';
import { yes } from './old-values.ts';

/** Settings of the mailboxes that a pattern names, in each namespace whose prefix it has or includes. */
export function inMailboxes(pattern: string, lines: readonly string[], scope: Scope): Converted {
  const all = scope.blocks('namespace');
  const prefixed = all.filter(
    (block) => (own(block, 'prefix') ?? '') !== '' && pattern.startsWith(own(block, 'prefix') ?? ''),
  );
  const found =
    pattern === '*' ? all : prefixed.length > 0 ? prefixed : all.filter((block) => (own(block, 'prefix') ?? '') === '');
  if (found.length === 0)
    return refuse(`no namespace has the mailbox ${pattern}: add one, such as \`namespace inbox { inbox = yes }\``);
  const block = (one: Block): string[] =>
    nested(`namespace ${scope.nameOf(one)}`, nested(`mailbox ${mailboxName(withoutPrefix(pattern, one))}`, lines));
  return { lines: found.flatMap(block) };
}

/** Settings of a mailbox by its whole name, with the prefix of a namespace; without namespaces in the files, of each with this name. */
export function ofMailbox(name: string, lines: readonly string[], { blocks, nameOf }: Scope): string[] {
  const prefixOf = (block: Block): string => own(block, 'prefix') ?? '';
  const found = blocks('namespace')
    .filter((block) => name.startsWith(prefixOf(block)))
    .sort((a, b) => prefixOf(b).length - prefixOf(a).length)[0];
  if (found === undefined || prefixOf(found) === '') return nested(`mailbox ${mailboxName(name)}`, lines);
  const inner = nested(`mailbox ${mailboxName(name.slice(prefixOf(found).length))}`, lines);
  return nested(`namespace ${nameOf(found)}`, inner);
}

const hasInbox = (block: Block): boolean => yes(own(block, 'inbox') ?? '');

/** Without one namespace in the files both releases make one that has the INBOX and no prefix; written out it is the same. */
const ONLY = ['inbox = yes'];

/** Settings of one mailbox of the namespace with the INBOX. A special use (`\Trash`) means all mailboxes that have it. */
export function inMailbox(mailbox: string, lines: readonly string[], scope: Scope): Converted {
  const inbox = scope.first('namespace', hasInbox);
  if (scope.blocks('namespace').length === 0 && !mailbox.startsWith('\\'))
    return { lines: nested('namespace inbox', [...ONLY, ...nested(`mailbox ${mailboxName(mailbox)}`, lines)]) };
  if (inbox === undefined && mailbox.startsWith('\\') && withSpecialUse(mailbox, scope).length === 0)
    return { drop: true, why: `No mailbox has the special use ${mailbox}.` };
  if (inbox === undefined)
    return refuse('add `namespace inbox { inbox = yes }`, so that the setting can go into a block of this mailbox');
  const names = mailbox.startsWith('\\') ? withSpecialUse(mailbox, scope) : [withoutPrefix(mailbox, inbox)];
  // In 2.3 it then meant none.
  if (names.length === 0) return { drop: true, why: `No mailbox has the special use ${mailbox}.` };
  const all = names.flatMap((name) => nested(`mailbox ${mailboxName(name)}`, lines));
  return { lines: nested(`namespace ${scope.nameOf(inbox)}`, all) };
}

/** Its name there; null if a name that 2.4 takes in a path of settings (`mailbox/NAME/quota_ignore`) is not known. */
export function inboxName(mailbox: string, scope: Scope): string | null {
  const inbox = scope.first('namespace', hasInbox);
  if (mailbox.startsWith('\\') || (inbox === undefined && scope.blocks('namespace').length > 0)) return null;
  const name = inbox === undefined ? mailbox : withoutPrefix(mailbox, inbox);
  return /[/"`\\]/.test(name) ? null : name;
}

function withSpecialUse(use: string, { blocks, nameOf }: Scope): string[] {
  const found = blocks('mailbox').filter((block) => own(block, 'special_use')?.split(' ').includes(use));
  return [...new Set(found.map(nameOf))];
}

function withoutPrefix(mailbox: string, inbox: Block): string {
  const prefix = own(inbox, 'prefix') ?? '';
  return mailbox.startsWith(prefix) ? mailbox.slice(prefix.length) : mailbox;
}

/** As it stands in a block's header. */
export const mailboxName = (name: string): string =>
  /^[^\s#"'\\{]+$/.test(name) ? name : `"${name.replace(/["\\]/g, '\\$&')}"`;
