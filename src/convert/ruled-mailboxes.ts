/** Blocks for mailboxes with rules of single users: 2.4 takes such a setting only for a mailbox that the configuration names. */
import { own } from './blocks.ts';
import type { Scope } from './conversion.ts';
import { ruledInFile } from './external.ts';
import { inboxName, inMailbox } from './mailboxes.ts';
import { ruledByField } from './quota-rule.ts';

/** The lines at the top of the first file. */
export function ruledMailboxes(scope: Scope): string[] {
  const blocks = [...scope.blocks('passdb'), ...scope.blocks('userdb')];
  const named = blocks.flatMap((block) => {
    const texts = ['args', 'default_fields', 'override_fields'].map((key) => own(block, key) ?? '');
    return [...ruledInFile(block, scope), ...texts.flatMap((text) => text.split(/\s+/).flatMap(ruledByField))];
  });
  return [...new Set(named)].flatMap((mailbox) => {
    if (scope.first('mailbox', (block) => scope.nameOf(block) === inboxName(mailbox, scope)) !== undefined) return [];
    const place = inMailbox(mailbox, [], scope);
    return 'lines' in place ? place.lines : [];
  });
}
