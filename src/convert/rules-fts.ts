import { nested, refuse, set, type OldSetting, type Converted, type Rule, type Scope } from './conversion.ts';
import { inMailbox } from './mailboxes.ts';
import { lines, renamed, rule } from './plugin-rule.ts';

function solr({ value }: OldSetting): Converted {
  const found: string[] = [];
  for (const word of value.split(/\s+/).filter((one) => one !== '')) {
    const [, name = word, text = 'yes'] = /^([^=]*)=(.*)$/.exec(word) ?? [];
    if (['url', 'batch_size', 'soft_commit'].includes(name)) found.push(set(name, text));
    else if (!['use_libfts', 'debug', 'break-imap-search'].includes(name)) {
      return refuse(`rewrite ${word} in 2.4 syntax: harden-mail cannot convert it`);
    }
  }
  return { lines: nested('fts solr', found) };
}

function ftsDriver({ value }: OldSetting, { plugin }: Scope): Converted {
  // 2.3 took English without fts_languages; 2.4 opens no index without a language.
  const language = plugin('fts_languages') === null ? nested('language en', ['default = yes']) : [];
  if (/^(solr|flatcurve|xapian)$/.test(value)) return { lines: [...nested(`fts ${value}`, []), ...language] };
  return refuse(
    `choose flatcurve (dovecot-flatcurve), solr or xapian: Debian's Dovecot 2.4 has no fts driver ${value}`,
  );
}

/** `partial=3 full=20 verbose=0`; attachments and full are gone, as every length is indexed. */
function xapian({ value }: OldSetting): Converted {
  const found: string[] = [];
  for (const word of value.split(/\s+/).filter((one) => one !== '')) {
    const [, name = word, text = ''] = /^([^=]*)=(.*)$/.exec(word) ?? [];
    if (/^(partial|verbose|lowmemory|maxthreads)$/.test(name))
      found.push(set(name, name === 'partial' ? String(Math.max(3, Number(text))) : text));
    else if (!/^(full|attachments|detach)$/.test(name))
      return refuse(`rewrite ${word} in 2.4 syntax: harden-mail cannot convert it`);
  }
  return found.length === 0 ? { drop: true } : { lines: nested('fts xapian', found) };
}

function enforced({ value }: OldSetting): Converted {
  if (value === 'yes') return lines('fts_search_add_missing = yes', 'fts_search_read_fallback = no');
  if (value === 'body') return lines('fts_search_add_missing = body-search-only', 'fts_search_read_fallback = no');
  return { drop: true };
}

function languages({ value }: OldSetting): Converted {
  const names = value.split(/\s+/).filter((name) => name !== '');
  return { lines: names.flatMap((name, i) => nested(`language ${name}`, i === 0 ? ['default = yes'] : [])) };
}

/** `fts_filters_en`: those of one language. One that fts_languages does not name has no effect, nor has any without `fts`. */
function ofLanguage(what: string) {
  return ({ key, value }: OldSetting, { plugin }: Scope): Converted => {
    const [, name = ''] = /_([a-z]+)$/.exec(key) ?? [];
    const used = plugin('fts') !== null && (plugin('fts_languages') ?? 'en').split(/\s+/).includes(name);
    return used ? { lines: nested(`language ${name}`, [set(what, value)]) } : { drop: true };
  };
}

const perLanguage = (what: string): Rule =>
  rule('fts', `fts_${what}_LANGUAGE`, `language NAME { ${what} }`, ofLanguage(what), 'It belongs in the block of the language.'); // oxfmt-ignore

/** `algorithm=simple maxlen=30` */
function tokenizer(kind: string, names: Readonly<Record<string, string>>) {
  return ({ value }: OldSetting): Converted => {
    const found: string[] = [];
    for (const word of value.split(/\s+/).filter((one) => one !== '')) {
      const [, name = word, text = ''] = /^([^=]*)=(.*)$/.exec(word) ?? [];
      if (names[name] === undefined) return refuse(`rewrite ${word} in 2.4 syntax: harden-mail cannot convert it`);
      found.push(`language_tokenizer_${kind}_${names[name]} = ${text}`);
    }
    return { lines: found };
  };
}

export const fts: readonly Rule[] = [
  rule('fts', 'fts', 'fts DRIVER { }', ftsDriver, 'A driver is a block. `lucene` and `squat` are removed.'),
  rule('fts_solr', 'fts_solr', 'fts solr { url; batch_size; soft_commit }', solr, 'Each part is a separate setting.'),
  rule(
    'fts_xapian',
    'fts_xapian',
    'fts xapian { partial; verbose; lowmemory }',
    xapian,
    'Each part is a separate setting.',
  ),
  rule(
    'fts',
    'fts_autoindex_exclude',
    'mailbox NAME { fts_autoindex = no }',
    ({ value }, scope) => inMailbox(value, ['fts_autoindex = no'], scope),
    'It belongs in the block of the mailbox.',
  ),
  rule('fts', 'fts_enforced', 'fts_search_add_missing, fts_search_read_fallback', enforced, 'One setting became two.'),
  renamed('fts', 'fts_index_timeout', 'fts_search_timeout'),
  rule(
    'fts',
    'fts_decoder',
    'fts_decoder_driver = script, fts_decoder_script_socket_path',
    ({ value }) => lines('fts_decoder_driver = script', `fts_decoder_script_socket_path = ${value}`),
    'The driver has its own setting.',
  ),
  rule(
    'fts',
    'fts_tika',
    'fts_decoder_driver = tika, fts_decoder_tika_url',
    ({ value }) => lines('fts_decoder_driver = tika', `fts_decoder_tika_url = ${value}`),
    'The driver has its own setting.',
  ),
  rule(
    'fts',
    'fts_languages',
    'language NAME { default }',
    languages,
    'A language is a block; the first is the default.',
  ),
  renamed('fts', 'fts_filters', 'language_filters'),
  renamed('fts', 'fts_tokenizers', 'language_tokenizers'),
  perLanguage('filters'),
  perLanguage('tokenizers'),
  renamed('fts', 'fts_language_config', 'textcat_config_path'),
  renamed('fts_flatcurve', 'fts_flatcurve_rotate_size', 'fts_flatcurve_rotate_count'),
  rule(
    'fts',
    'fts_filter_stopwords',
    'language_filter_stopwords_dir',
    ({ value }) => {
      const [, folder] = /^stopwords_dir=(\S+)$/.exec(value) ?? [];
      return folder === undefined
        ? refuse(`rewrite ${value} in 2.4 syntax: harden-mail cannot convert it`)
        : lines(set('language_filter_stopwords_dir', folder));
    },
    'Each part is a separate setting.',
  ),
  rule(
    'fts',
    'fts_tokenizer_generic',
    'language_tokenizer_generic_algorithm, …',
    tokenizer('generic', { algorithm: 'algorithm', maxlen: 'token_maxlen', wb5a: 'wb5a' }),
    'Each part is a separate setting.',
  ),
  rule(
    'fts',
    'fts_tokenizer_email_address',
    'language_tokenizer_address_token_maxlen',
    tokenizer('address', { maxlen: 'token_maxlen' }),
    'Each part is a separate setting.',
  ),
];
