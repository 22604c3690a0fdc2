/** Converts one setting: by its rule; without a rule only its variables change; a name that 2.4 does not know is refused. */
import type { Setting } from '../formats/dovecot/dovecot-lexer.ts';
import { isFilterBlock, type Block } from './blocks.ts';
import { refuse, set, type Converted, type OldPlace, type Scope } from './conversion.ts';
import { isKnown } from './known.ts';
import { ruleFor } from './conversion-rules.ts';
import { servedDictionary } from './dictionary.ts';
import { checksTokens, tokensSetting } from './oauth2.ts';
import { outOfPlace, unread } from './unread.ts';
import { convertVariables } from './variables.ts';

const PLACES: Readonly<Record<string, OldPlace>> = {
  plugin: 'plugin',
  service: 'service',
  inet_listener: 'listener',
  unix_listener: 'listener',
  fifo_listener: 'listener',
  passdb: 'passdb',
  userdb: 'userdb',
  namespace: 'namespace',
  mailbox: 'mailbox',
  metric: 'metric',
  event_exporter: 'event_exporter',
};

const takesFile = (key: string): boolean => /^ssl_|^mail_crypt_global_(private|public)_key\d*$/.test(key);

/** 2.3's `dict { NAME = … }`. 2.4 has `dict NAME { … }` within other blocks. */
const isOldDict = ({ type, name, parent }: Block): boolean => type === 'dict' && name === null && parent?.type === '';

const PACKAGES: readonly (readonly [names: RegExp, needed: string])[] = [
  [/^(sieve|imapsieve)/, 'dovecot-sieve'],
  [/^managesieve_/, 'dovecot-managesieved'],
  [/^fts_solr/, 'dovecot-solr'],
];

/** Null for a block that only 2.4 has: its settings are in 2.4 syntax. */
function placeOf(block: Block): OldPlace | null {
  if (block.type === '' || isFilterBlock(block)) return 'global';
  return isOldDict(block) ? 'dict' : (PLACES[block.type] ?? null);
}

/** A conversion; `old` if only 2.3 knows the line's syntax, so that its file is an old one. */
export type Aged = Converted & { readonly old: boolean };

/** `$name` and `%u`, which 2.4 reads as plain text. */
const OLD_TEXT = /(^|\s)\$[a-z]|(^|[^%])%\d*[A-Za-z]/;

/** The conversion of a setting; null if it stays. */
export function convertSetting(file: string, line: Setting, block: Block, scope: Scope): Aged | null {
  // `plugin/quota = …` means the same as `plugin { quota = … }`.
  const short = /^plugin\/([^/]+)$/.exec(line.key)?.[1];
  const place = short === undefined ? placeOf(block) : 'plugin';
  const key = short ?? line.key;
  if (place === null || key.startsWith('@') || (key.includes('/') && short === undefined)) return null;
  if (line.form === 'heredoc') return null;

  // 2.3 ignored settings of plugins that are not installed; removing a package leaves its files behind.
  const [, needed] = PACKAGES.find(([names]) => names.test(key)) ?? [];
  if (needed !== undefined && !scope.has(needed)) return { drop: true, old: place === 'plugin' };

  if (place === 'dict') return { ...servedDictionary(key, line.value, scope.files), old: true };

  if (place === 'passdb' && checksTokens(block, scope)) {
    const outcome = tokensSetting({ file, line, block, key, value: line.value }, scope);
    if (outcome !== null) return { ...outcome, old: true };
  }
  const rule = ruleFor(place, key);
  const known = isKnown(block, key, place);
  const outcomeOf = (outcome: Converted): Converted => {
    const why = 'refuse' in outcome && place === 'plugin' ? unread(key, scope) : null;
    return why === null ? outcome : { drop: true, why };
  };
  const elsewhere = place === 'plugin' && rule === undefined && known ? outOfPlace(key) : null;
  if (elsewhere !== null) return { drop: true, why: elsewhere, old: true };
  // Most settings took the text of a file; the rules know that of certificates and keys, which is a path now.
  if (
    line.form === 'file' &&
    rule !== undefined &&
    (rule.by !== undefined || rule.value !== undefined) &&
    !takesFile(key)
  )
    return {
      ...outcomeOf(refuse('write the value itself here: harden-mail does not read it from the file')),
      old: true,
    };
  if (rule?.by !== undefined) {
    const outcome = outcomeOf(rule.by({ file, line, block, key, value: line.value }, scope));
    // A value that becomes several settings would leave some of them to the later one, which replaced all of it in 2.3.
    const parts = 'lines' in outcome && outcome.lines.join('\n') !== `${rule.now} = ${line.value}`;
    const old = !known || scope.old || OLD_TEXT.test(line.value);
    if (parts && !rule.replaceable && scope.overridden(line, key, place)) return { drop: true, old };
    const same = 'lines' in outcome && outcome.lines.length === 1 && outcome.lines[0] === `${line.key} = ${line.value}`;
    if (same) return null;
    return 'drop' in outcome && rule.now === '' ? { why: rule.why, ...outcome, old } : { ...outcome, old };
  }
  if (rule === undefined && !known) {
    const todo = `remove it, or rewrite it in 2.4 syntax: Dovecot 2.4 does not know ${key} here`;
    // Files of 2.4 may have settings of plugins that are not in the list; where Dovecot's own first file is of 2.3, none is.
    return { ...outcomeOf({ refuse: todo }), old: place === 'plugin' || scope.old };
  }
  const changed = rule?.value === undefined ? line.value : rule.value(line.value);
  if (typeof changed !== 'string') return { ...outcomeOf(changed), old: !known || scope.old };
  const converted = line.form === 'file' ? changed : convertVariables(changed, key);
  if (typeof converted !== 'string')
    return { ...outcomeOf(converted), old: !known || scope.old || OLD_TEXT.test(line.value) };
  const now = line.form === 'plain' ? references(converted) : converted;
  const name = rule?.now ?? key;
  if (name === line.key && now === line.value) return null;
  return { lines: [set(name, now, line.form === 'quoted')], old: !known || now !== line.value };
}

/** `$default_vsz_limit` → `$SET:default_vsz_limit`, with the setting's name in 2.4. */
function references(value: string): string {
  return value.replace(/(^|\s)\$([a-z]\w*)(?=\s|$)/g, (_, gap: string, name: string) => {
    return `${gap}$SET:${ruleFor('global', name)?.now || name}`;
  });
}
