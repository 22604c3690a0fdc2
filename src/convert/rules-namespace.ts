import { own, type Block } from './blocks.ts';
import { refuse, type OldSetting, type Converted, type Rule, type Scope } from './conversion.ts';
import { convertLocation, withoutInherited } from './mail-location.ts';
import { yes } from './old-values.ts';
import { convertVariables } from './variables.ts';

const isShared = ({ block }: OldSetting): boolean => own(block, 'type') === 'shared';

const OWNER: Readonly<Record<string, string>> = { u: '$user', n: '$username', d: '$domain' };

/** `shared/%%u/` → `shared/$user/` */
function prefix(entry: OldSetting): Converted {
  const { value } = entry;
  const named = isShared(entry) ? value.replace(/%%([und])/g, (_, letter: string) => OWNER[letter] ?? '') : value;
  const converted = convertVariables(named, 'prefix');
  return typeof converted === 'string' ? { lines: [`prefix = ${converted}`.trimEnd()] } : converted;
}

/** 2.3 had the prefix of the other namespace here, which may be empty. */
function aliasFor({ value, block }: OldSetting, scope: Scope): Converted {
  const { blocks, nameOf } = scope;
  const other = blocks('namespace').find((one) => one !== block && (own(one, 'prefix') ?? '') === value);
  if (other === undefined) {
    const isName = blocks('namespace').some((one) => nameOf(one) === value); // as in a file of 2.4
    return isName
      ? { lines: [`alias_for = ${value}`] }
      : refuse(`no namespace has the prefix "${value}": remove this line, or correct it`);
  }
  const path = (own(block, 'prefix') ?? '') === '' ? inboxBesideAlias(other, scope) : null;
  if (path !== null && typeof path !== 'string') return path;
  return { lines: [`alias_for = ${nameOf(other)}`, ...(path === null ? [] : [`mail_inbox_path = ${path}`])] };
}

function inbox({ value, block }: OldSetting, scope: Scope): Converted {
  const path = yes(value) ? inboxBesideAlias(block, scope) : null;
  if (path !== null && typeof path !== 'string') return path;
  return { lines: [`inbox = ${value}`, ...(path === null ? [] : [`mail_inbox_path = ${path}`])] };
}

/**
 * Beside an alias without a prefix 2.3 took INBOX for a folder of that name: it lay in `.INBOX`, not in the Maildir itself. 2.4 looks for it in the
 * Maildir, so both namespaces name the old place. Null: there is no such alias.
 */
function inboxBesideAlias(block: Block, { blocks, global }: Scope): string | null | { readonly refuse: string } {
  const prefix = own(block, 'prefix') ?? '';
  const alias = blocks('namespace').some(
    (one) => own(one, 'alias_for') === prefix && (own(one, 'prefix') ?? '') === '',
  );
  if (prefix === '' || !alias || !yes(own(block, 'inbox') ?? '')) return null;
  const outcome = convertLocation(own(block, 'location') || global('mail_location') || '');
  const say = (name: string): string | undefined =>
    'lines' in outcome ? outcome.lines.find((one) => one.startsWith(`${name} = `))?.slice(name.length + 3) : undefined;
  const [driver, path, layout] = [say('mail_driver'), say('mail_path'), say('mailbox_list_layout')];
  if (driver === 'sdbox' || driver === 'mdbox') return null;
  if (driver === 'maildir' && path !== undefined)
    return `${path.replace(/\/$/, '')}/${layout === 'fs' ? '' : '.'}INBOX`;
  return refuse(
    'set mail_inbox_path in both namespaces: beside an alias without a prefix 2.4 looks for the INBOX elsewhere',
  );
}

export const namespace: readonly Rule[] = [
  {
    place: 'mailbox',
    old: 'name',
    now: 'mailbox NAME {',
    by: () => ({ lines: [] }),
    why: 'The block itself has the name.',
    source: 'Dovecot documentation, mailbox_name',
  },
  {
    place: 'namespace',
    old: 'inbox',
    now: 'inbox; mail_inbox_path',
    by: inbox,
    why: 'Beside an alias without a prefix, 2.3 kept the INBOX in a folder of that name.',
    source: 'seen with Dovecot 2.3.19',
  },
  {
    place: 'namespace',
    old: 'alias_for',
    now: 'alias_for',
    by: aliasFor,
    why: 'The value is the name of the other namespace; 2.3 had its prefix here.',
    source: 'Dovecot documentation, namespace_alias_for',
  },
  {
    place: 'namespace',
    old: 'location',
    now: 'mail_driver, mail_path, mail_index_path, …',
    by: (entry, { global }) => withoutInherited(convertLocation(entry.value, isShared(entry)), global('mail_location')),
    why: 'Each part of a location is a separate setting; parts that only mail_location sets are reset.',
    source: 'Dovecot documentation, "Upgrading from 2.3 to 2.4", converted settings',
  },
  {
    place: 'namespace',
    old: 'prefix',
    now: 'prefix',
    by: prefix,
    why: 'A shared namespace names the owner `$user` instead of `%%u`.',
    source: 'Dovecot documentation, shared mailboxes',
  },
];
