/** known_hosts files around one host: lines that mean it, lines that nearly do, and lines that are broken. */
import { createHmac } from 'node:crypto';
import fc from 'fast-check';
import { hostEntry } from '../../src/connect/known-hosts.ts';

/** Public keys as lines, `TYPE BASE64`: those that the server shows, and others of the same types. */
export interface KeyWords {
  readonly shown: readonly string[];
  readonly others: readonly string[];
}

export interface KnownHostsCase {
  readonly name: string;
  readonly port: number;
  readonly alias: string | undefined;
  /** Two of the user, one of the system. */
  readonly files: readonly string[];
}

const NAMES = ['mx1.example.test', 'MX1.Example.Test', 'mx1', '192.0.2.7', '2001:db8::7', 'a-b_c.test'];

export function knownHostsCase(words: KeyWords): fc.Arbitrary<KnownHostsCase> {
  return fc
    .record({
      name: fc.constantFrom(...NAMES),
      port: fc.constantFrom(22, 22, 2222),
      alias: fc.constantFrom(undefined, undefined, undefined, 'Alias.example.test'),
    })
    .chain((host) => {
      const file = fileAround(host, words);
      const none = fc.constant('');
      const files = fc.tuple(file, fc.oneof(none, file), fc.oneof(none, file));
      return files.map((made) => ({ ...host, files: made }));
    });
}

type Target = Pick<KnownHostsCase, 'name' | 'port' | 'alias'>;

function fileAround(host: Target, words: KeyWords): fc.Arbitrary<string> {
  const lines = fc.array(line(host, words), { minLength: 1, maxLength: 5 });
  const ends = fc.constantFrom('\n', '\n', '\n', '\r\n');
  return fc.tuple(lines, ends, fc.boolean()).map(([all, end, open]) => all.join(end) + (open ? '' : end));
}

function line(host: Target, words: KeyWords): fc.Arbitrary<string> {
  const gap = fc.constantFrom(' ', ' ', ' ', '\t', '  ', ' \t ');
  const entry = fc
    .tuple(
      // With a tab behind @revoked OpenSSH ignores the line; we take it for what was meant.
      often('', '@revoked ', '@cert-authority ', '@nonsense ', '@revoked @revoked '),
      hosts(host),
      gap,
      key(words),
      often('', ' a comment', ' # no comment', '\r', ' ', '\t\r'),
      often('', '  ', '\t'),
    )
    .map(([marker, names, space, word, end, lead]) => `${lead}${marker}${names}${space}${word}${end}`);
  const other = fc.constantFrom('', '# a comment', '   ', '\r', 'words without a key', '@revoked', `# ${host.name}`);
  const revoked = fc.constantFrom(...words.shown).map((word) => `@revoked * ${word}`);
  return fc.oneof({ weight: 12, arbitrary: entry }, { weight: 1, arbitrary: revoked }, { weight: 1, arbitrary: other });
}

function hosts({ name, port, alias }: Target): fc.Arbitrary<string> {
  const wanted = alias ?? hostEntry(name, port);
  const bare = alias ?? name;
  const near = [
    wanted,
    wanted.toUpperCase(),
    bare,
    hostEntry(bare, 22),
    hostEntry(bare, 2222),
    `[${bare}]:22`,
    `${bare}:${port}`,
  ];
  const globs = [
    '*',
    '?*',
    `*${wanted.slice(2)}`,
    `${wanted.slice(0, -1)}?`,
    `${wanted}?`,
    `[*]:${port}`,
    '*:*',
    'mx*',
  ];
  const strange = ['mx2.example.test', '', '[', '**', 'mx[1]*', `${wanted}.`, wanted.slice(1)];
  const one = fc.oneof(
    { weight: 5, arbitrary: fc.constantFrom(wanted, ...near) },
    { weight: 3, arbitrary: fc.constantFrom(...globs) },
    { weight: 1, arbitrary: fc.constantFrom(...strange) },
  );
  const pattern = fc.tuple(often('', '!'), one).map((parts) => parts.join(''));
  const list = fc.array(pattern, { minLength: 1, maxLength: 3 }).map((all) => all.join(','));
  const hash = fc
    .tuple(fc.constantFrom(...near.map((text) => text.toLowerCase())), often('', '|', 'x', ',mx1'))
    .map(([text, end]) => `${hashed(text)}${end}`);
  return fc.oneof({ weight: 4, arbitrary: list }, { weight: 1, arbitrary: hash });
}

function hashed(name: string): string {
  const salt = Buffer.alloc(20, name.length);
  return `|1|${salt.toString('base64')}|${createHmac('sha1', salt).update(name).digest('base64')}`;
}

function key({ shown, others }: KeyWords): fc.Arbitrary<string> {
  const whole = fc.oneof(fc.constantFrom(...shown), fc.constantFrom(...others));
  const broken = fc.tuple(whole, fc.nat({ max: 60 }), fc.nat({ max: 7 })).map(([word, cut, how]) => {
    const [type = '', base64 = ''] = word.split(' ');
    const bytes = Buffer.from(base64, 'base64');
    return (
      [
        `${type} ${base64.slice(0, -1 - cut)}`,
        `${type} ${bytes.subarray(0, -1 - cut).toString('base64')}`,
        `${type} ${Buffer.concat([bytes, Buffer.alloc(1 + cut)]).toString('base64')}`,
        `${type} ${base64.slice(0, cut)}!${base64.slice(cut)}`,
        `ssh-nonsense ${base64}`,
        type,
        `${type === 'ssh-rsa' ? 'ssh-ed25519' : 'ssh-rsa'} ${base64}`,
        `2048 65537 ${'1234567890'.repeat(10)}`,
      ][how] ?? ''
    );
  });
  return fc.oneof({ weight: 6, arbitrary: whole }, { weight: 1, arbitrary: broken });
}

/** Mostly the first. */
function often(usual: string, ...others: string[]): fc.Arbitrary<string> {
  return fc.oneof({ weight: 4, arbitrary: fc.constant(usual) }, { weight: 1, arbitrary: fc.constantFrom(...others) });
}
