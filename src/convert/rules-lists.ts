/** Settings that are lists. */
import { nested, type Rule, type Scope } from './conversion.ts';
import { isCloned } from './rules-quota.ts';
import { LONG_VACATIONS, needsLongVacations } from './sieve-scripts.ts';

const LIST = 'A list with separate members: `=` would discard the members that other files add.';

/** `x = $x a b` → a block that adds to the list. Without the reference to itself it stays as it is. */
const list = (
  name: string,
  rename: Readonly<Record<string, string>> = {},
  has?: ReadonlySet<string>,
  also: (scope: Scope) => Readonly<Record<string, string>> = () => ({}),
): Rule => {
  return {
    place: 'global',
    old: name,
    now: `${name} { … = yes }`,
    ...(name === 'protocols' && ({ replaceable: true } as const)),
    by: ({ value, line, block }, scope) => {
      const words = value.split(/[\s,]+/).filter((word) => word !== '');
      const own = words.filter((word) => word !== `$${name}`);
      if (name === 'protocols' && own.join() === 'none') return { lines: ['protocols ='] };
      const renamed = own.map((word) => rename[word] ?? word);
      const now = [
        ...new Set(renamed.flatMap((word) => [word, also(scope)[word] ?? '']).filter((word) => word !== '')),
      ];
      const beside = [
        ...(words.includes('listescape') ? [escapes(scope)] : []),
        ...(name === 'mail_plugins' && words.includes('sieve') && needsLongVacations(scope) ? [LONG_VACATIONS] : []),
      ];
      const unknown = has && now.find((word) => !has.has(word));
      if (unknown) return { refuse: INSTEAD[unknown] ?? `remove ${unknown}: Debian's Dovecot 2.4 has no such plugin` };
      // In 2.3 a block added to the list as it was at this place; in 2.4 to all that the top ever says.
      const above = words.length > own.length && block.type !== '' ? scope.listBefore(line, name) : null;
      if (above !== null) {
        const all = [...above.map((word) => rename[word] ?? word).filter((word) => word !== ''), ...now];
        return { lines: [`${name} = ${[...new Set(all)].join(' ')}`.trim(), ...beside] };
      }
      if (words.length > own.length && line.form === 'plain') {
        if (now.length === 0) return beside.length > 0 ? { lines: beside } : { drop: true };
        const lines = now.map((word) => `${word} = yes`);
        return { lines: [...nested(name, lines), ...beside] };
      }
      const all = now.join() === words.join() ? value : now.join(' ');
      return { lines: [`${name} = ${all.trim()}`.trim(), ...beside] };
    },
    why: LIST,
    source: 'Dovecot documentation, "Settings syntax", boolean lists',
  };
};

/** The plugin listescape is a setting now: the letter before the code of one that a folder's name on the disk cannot have. */
const escapes = ({ plugin }: Scope): string =>
  `mailbox_list_storage_escape_char = "${(plugin('listescape_char') || '\\').replace(/["\\]/g, '\\$&')}"`;

/** The plugins of Debian's Dovecot 2.4 and Pigeonhole. */
const HAS = new Set(
  (
    'acl apparmor charset_alias fts fts_flatcurve fts_solr fts_xapian imap_acl imap_filter_sieve imap_quota imap_sieve last_login ' +
    'lazy_expunge mail_compress mail_crypt mail_crypt_acl mail_log mail_lua notify notify_status pop3_migration ' +
    'push_notification push_notification_lua quota quota_clone sieve trash virtual welcome'
  ).split(' '),
);

/** The next step for each plugin that 2.4 lacks. */
const INSTEAD: Readonly<Record<string, string>> = {
  antispam:
    'remove antispam and its settings, and let imapsieve learn instead: a script for the spam folder that pipes the mail to the same program (Pigeonhole documentation, imapsieve)',
  replication:
    'remove replication and its settings, and let one server serve the users: 2.4 has no replication (docs/dovecot-2.4.md tells the ways out)',
};

/** Plugins with a new name; empty: part of the core now. */
const PLUGINS: Readonly<Record<string, string>> = { zlib: 'mail_compress', imap_zlib: '', old_stats: '', imap_old_stats: '', stats: '', imap_stats: '', expire: '', listescape: '', mailbox_alias: '' }; // oxfmt-ignore

/** quota_clone goes wherever quota is, where 2.3 kept the usage in a dictionary. */
const cloned = (scope: Scope): Readonly<Record<string, string>> => (isCloned(scope) ? { quota: 'quota_clone' } : {});

export const lists: readonly Rule[] = [list('mail_plugins', PLUGINS, HAS, cloned), list('protocols')];
