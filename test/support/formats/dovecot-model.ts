/**
 * Random configurations that know what they mean: a model, how it is written to files (spacing, quotes, joined lines,
 * comments, includes), and which value each setting must be found to have.
 */
import fc from 'fast-check';

export type Grammar = '2.3' | '2.4';

export type Item =
  | { readonly kind: 'setting'; readonly key: string; readonly value: string; readonly style: Style }
  /** A line that begins as a setting and is forgotten, as a comment or blank line stands behind its `\`. */
  | { readonly kind: 'lost'; readonly key: string; readonly behind: string }
  | { readonly kind: 'noise'; readonly text: string }
  | { readonly kind: 'block'; readonly type: string; readonly name: string | null; readonly items: readonly Item[] }
  | {
      readonly kind: 'include';
      readonly how: 'relative' | 'absolute' | 'try' | 'glob';
      readonly items: readonly Item[];
    };

interface Style {
  readonly indent: string;
  readonly before: string;
  readonly after: string;
  readonly quote: '' | '"' | "'";
  /** Is the value spread over several lines at its spaces? */
  readonly joined: boolean;
  readonly comment: string;
}

export interface Model {
  readonly grammar: Grammar;
  readonly items: readonly Item[];
  readonly eol: '\n' | '\r\n';
  readonly finalNewline: boolean;
}

export const HOME = '/etc/dovecot/';
export const ROOT = `${HOME}dovecot.conf`;

// ── arbitraries ──────────────────────────────────────────────────────────────────────────────────────────────────────

const word = fc.stringMatching(/^[a-z0-9/.:_=-]{1,8}$/);
const awkward = fc.string({ unit: fc.constantFrom(...'ab #"\'\\{}<=\xe9\x80'), maxLength: 8 });
/** Values of the daemon's grammar, but for `$` and a leading `<`, which mean more than they say. */
export const value: fc.Arbitrary<string> = fc.oneof(
  { weight: 4, arbitrary: fc.array(word, { maxLength: 3 }).map((words) => words.join(' ')) },
  { weight: 1, arbitrary: awkward.filter((text) => !text.startsWith('<')) },
);

const blanks = fc.constantFrom('', ' ', '  ', '\t');

const style: fc.Arbitrary<Style> = fc.record({
  indent: blanks,
  before: blanks,
  after: blanks,
  quote: fc.constantFrom('', '', '"', "'"),
  joined: fc.boolean(),
  comment: fc.constantFrom('', '', ' # why', '\t#', ' # "half'),
});

const noise = fc.constantFrom(
  '',
  '  ',
  '# words',
  '#',
  '  # mail_home = /sample',
  '#mail_home = /x',
  '#}',
  '\\',
  '# a \\',
);

const NAMES = {
  '2.3': {
    keys: ['mail_home', 'mail_location', 'login_greeting', 'postmaster_address', 'ssl_cipher_list'],
    blocks: [
      { type: 'protocol', names: ['imap', 'pop3'], keys: ['mail_home', 'postmaster_address'], inner: [] },
      { type: 'plugin', names: [null], keys: ['sieve', 'quota', 'x_1'], inner: [] },
      { type: 'service', names: ['auth', 'imap-login'], keys: ['user', 'group', 'chroot'], inner: ['unix_listener'] },
    ],
  },
  '2.4': {
    keys: ['mail_home', 'mail_path', 'login_greeting', 'postmaster_address', 'ssl_cipher_list', 'ssl_server_cert_file'],
    blocks: [
      { type: 'protocol', names: ['imap', 'pop3'], keys: ['mail_home', 'postmaster_address'], inner: [] },
      { type: 'ssl_server', names: [null], keys: ['cert_file', 'key_file', 'ssl_server_key_file'], inner: [] },
      {
        type: 'service',
        names: ['auth', 'imap-login'],
        keys: ['user', 'service_user', 'chroot'],
        inner: ['unix_listener'],
      },
    ],
  },
} as const;

const LISTENERS = ['foo', '/var/spool/x', 'a b'];

/** The values of the arbitrary text for one key: some keys take only what the real daemon would check. */
const setting = (keys: readonly string[], values: fc.Arbitrary<string>): fc.Arbitrary<Item> =>
  fc.record({ kind: fc.constant('setting' as const), key: fc.constantFrom(...keys), value: values, style });

function itemsOf(grammar: Grammar, values: fc.Arbitrary<string>): fc.Arbitrary<Item[]> {
  const { keys, blocks } = NAMES[grammar];
  const common = (names: readonly string[]): fc.Arbitrary<Item>[] => [
    setting(names, values),
    fc.record({ kind: fc.constant('noise' as const), text: noise }),
    fc.record({
      kind: fc.constant('lost' as const),
      key: fc.constantFrom(...names),
      behind: fc.constantFrom('', '# c', '   '),
    }),
  ];
  const include = (items: fc.Arbitrary<Item[]>): fc.Arbitrary<Item> =>
    fc.record({
      kind: fc.constant('include' as const),
      how: fc.constantFrom('relative' as const, 'absolute' as const, 'try' as const, 'glob' as const),
      items,
    });
  const list = (arbitraries: fc.Arbitrary<Item>[], maxLength: number): fc.Arbitrary<Item[]> =>
    fc.array(fc.oneof(...arbitraries), { maxLength });

  const listener: fc.Arbitrary<Item> = fc.record({
    kind: fc.constant('block' as const),
    type: fc.constant('unix_listener'),
    name: fc.constantFrom(...LISTENERS),
    items: list(common(grammar === '2.4' ? ['user', 'group', 'unix_listener_user'] : ['user', 'group']), 3),
  });
  const block: fc.Arbitrary<Item> = fc.oneof(
    ...blocks.map((kind) => {
      const inner = list([...common(kind.keys), ...(kind.inner.length > 0 ? [listener] : [])], 4);
      return fc.record({
        kind: fc.constant('block' as const),
        type: fc.constant(kind.type),
        name: fc.constantFrom<string | null>(...kind.names),
        items: fc.oneof({ weight: 4, arbitrary: inner }, { weight: 1, arbitrary: include(inner).map((one) => [one]) }),
      });
    }),
  );
  const flat = list([...common(keys), block, block], 6);
  return list([...common(keys), block, block, include(flat)], 8);
}

export const model = (grammar: Grammar, values: fc.Arbitrary<string> = value): fc.Arbitrary<Model> =>
  fc.record({
    grammar: fc.constant(grammar),
    items: itemsOf(grammar, values),
    eol: fc.constantFrom('\n' as const, '\r\n' as const),
    finalNewline: fc.boolean(),
  });

/** Paths to set, some of which stand nowhere in a model. */
export const settable = (grammar: Grammar): fc.Arbitrary<string[]> => {
  const { keys, blocks } = NAMES[grammar];
  const inBlocks = blocks.flatMap(({ type, names, keys: inner }) =>
    names.flatMap((name) => inner.map((key) => [headerOf(type, name), key])),
  );
  const listeners = LISTENERS.map((name) => ['service auth', `unix_listener ${name}`, 'user']);
  return fc.constantFrom(...keys.map((key) => [key]), ...inBlocks, ...listeners);
};

// ── writing ──────────────────────────────────────────────────────────────────────────────────────────────────────────

/** The files of a model; the root file comes first. */
export function filesOf({ grammar, items, eol, finalNewline }: Model): Record<string, string> {
  const files: Record<string, string> = { [ROOT]: '' };
  const write = (path: string, lines: readonly string[]): void => {
    const text = lines.map((line) => line + '\n').join('');
    files[path] = (finalNewline ? text : text.replace(/(?<=[^\n])\n$/, '')).replaceAll('\n', eol);
  };
  const render = (list: readonly Item[], depth: string): string[] =>
    list.flatMap((item) => {
      switch (item.kind) {
        case 'setting':
          return settingLine(item.key, item.value, item.style);
        case 'lost':
          return [`${item.key} = lost \\`, item.behind];
        case 'noise':
          return [item.text];
        case 'block':
          return [`${depth}${blockHead(item.type, item.name)}`, ...render(item.items, `${depth}  `), `${depth}}`];
        case 'include': {
          const path = `${HOME}x${Object.keys(files).length}.conf`;
          files[path] = '';
          write(path, render(item.items, ''));
          return [includeLine(item.how, path)];
        }
      }
    });
  const head = grammar === '2.4' ? ['dovecot_config_version = 2.4.0', 'dovecot_storage_version = 2.4.0'] : [];
  write(ROOT, [...head, ...render(items, '')]);
  return files;
}

function includeLine(how: (Item & { kind: 'include' })['how'], path: string): string {
  const relative = path.slice(HOME.length);
  switch (how) {
    case 'relative':
      return `!include ${relative}`;
    case 'absolute':
      return `!include ${path}  # all of it`;
    case 'try':
      return `!include_try   ${relative}`;
    case 'glob':
      return `!include ${relative.replace('x', '[a-y]').replace('.conf', '.{m,co}n?')}`;
  }
}

function blockHead(type: string, name: string | null): string {
  if (name === null) return `${type} {`;
  return name.includes(' ') ? `${type}  "${name}" { # named` : `${type} ${name} {`;
}

function settingLine(key: string, text: string, { indent, before, after, quote, joined, comment }: Style): string[] {
  const bare = !/[#"'\\]|^[\s<]|\s$/.test(text);
  const mark = quote === "'" && text.includes("'") ? '"' : bare ? quote : quote || '"';
  const escaped = mark === '"' ? text.replace(/["\\]/g, '\\$&') : mark === "'" ? text.replace(/\\/g, '\\\\') : text;
  const line = `${indent}${key}${before}=${after}${mark}${escaped}${mark}`;
  const spread = joined && !/ {2}|["'\\#]| $/.test(text) && text.includes(' ');
  if (!spread) return [line + comment];
  // A quote that spans lines would protect the comment on the last one.
  return (mark === '' ? line + comment : line).replace(escaped, escaped.replaceAll(' ', ' \\\n\t')).split('\n');
}

// ── meaning ──────────────────────────────────────────────────────────────────────────────────────────────────────────

/** The value of each setting, by path: the last one in reading order. In 2.4 by the name outside of nameless blocks. */
export function meaningOf({ grammar, items }: Model): Map<string, string> {
  const values = new Map<string, string>();
  const visit = (list: readonly Item[], path: readonly (readonly [type: string, name: string | null])[]): void => {
    for (const item of list) {
      if (item.kind === 'setting') values.set(nameOf(path, item.key, grammar), item.value);
      else if (item.kind === 'block') visit(item.items, [...path, [item.type, item.name]]);
      else if (item.kind === 'include') visit(item.items, path);
    }
  };
  visit(items, []);
  return values;
}

function nameOf(path: readonly (readonly [string, string | null])[], key: string, grammar: Grammar): string {
  const [type, name] = path.at(-1) ?? [];
  let outer = path;
  if (grammar === '2.4' && type !== undefined) {
    const short = key.startsWith(`${type}_`) ? key.slice(type.length + 1) : key;
    key = name === null ? `${type}_${short}` : short;
    if (name === null) outer = path.slice(0, -1);
  }
  return [...outer.map(([kind, of]) => headerOf(kind, of ?? null)), key].join(' > ');
}

const headerOf = (type: string, name: string | null): string => (name === null ? type : `${type} ${name}`);
