import { own, type Block } from './blocks.ts';
import { nested, refuse, type Converted, type Scope } from './conversion.ts';

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
    nested(`namespace ${scope.nameOf(one)}`, nested(`mailbox ${quoted(withoutPrefix(pattern, one))}`, lines));
  return { lines: found.flatMap(block) };
}

const hasInbox = (block: Block): boolean => own(block, 'inbox') === 'yes';

/** Settings of one mailbox of the namespace with the INBOX. A special use (`\Trash`) means all mailboxes that have it. */
export function inMailbox(mailbox: string, lines: readonly string[], scope: Scope): Converted {
  const inbox = scope.first('namespace', hasInbox);
  if (inbox === undefined)
    return refuse('add `namespace inbox { inbox = yes }`, so that the setting can go into a block of this mailbox');
  const names = mailbox.startsWith('\\') ? withSpecialUse(mailbox, scope) : [withoutPrefix(mailbox, inbox)];
  if (names.length === 0) return refuse(`name the mailbox: no mailbox has the special use ${mailbox}`);
  const all = names.flatMap((name) => nested(`mailbox ${quoted(name)}`, lines));
  return { lines: nested(`namespace ${scope.nameOf(inbox)}`, all) };
}

function withSpecialUse(use: string, { blocks }: Scope): string[] {
  const found = blocks('mailbox').filter((block) => own(block, 'special_use')?.split(' ').includes(use));
  return [...new Set(found.flatMap(({ name }) => name ?? []))];
}

function withoutPrefix(mailbox: string, inbox: Block): string {
  const prefix = own(inbox, 'prefix') ?? '';
  return mailbox.startsWith(prefix) ? mailbox.slice(prefix.length) : mailbox;
}

const quoted = (name: string): string => (/^[^\s#"'\\{]+$/.test(name) ? name : `"${name.replace(/["\\]/g, '\\$&')}"`);
