/** Input that is built to cost much costs no more than its length: with exponential or quadratic work these tests time out. */
import assert from 'node:assert/strict';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import fc from 'fast-check';
import { loadDovecot } from '../../../src/formats/dovecot/dovecot-config.ts';
import { globPaths } from '../../../src/formats/dovecot/dovecot-glob.ts';
import { expandVariables } from '../../../src/formats/postfix/expand-variables.ts';
import { parseMaster } from '../../../src/formats/postfix/master-cf.ts';
import { redact } from '../../../src/formats/redact.ts';
import { matchesTokens, simpleTokens } from '../../../src/formats/text/wildcards.ts';

const ROOT = '/etc/dovecot/dovecot.conf';
const many = (text: string, times: number): string => text.repeat(times);

describe('formats: hostile input of the parsers', () => {
  describe('globs', () => {
    it('a pattern of many stars is matched without backtracking over all of them', () => {
      const name = `${many('a', 5000)}b`;
      assert.equal(matchesTokens(simpleTokens(`${many('*a', 2000)}*c`), name), false);
      assert.equal(matchesTokens(simpleTokens(`${many('*a', 2000)}*b`), name), true);
      assert.deepEqual(globPaths(`/d/${many('*a', 1000)}*c`, [`/d/${name}`]), []);
    });

    it('matching agrees with a regular expression for small patterns', () => {
      const small = fc.array(fc.constantFrom('a', 'b', '*', '?'), { maxLength: 8 }).map((chars) => chars.join(''));
      const text = fc.array(fc.constantFrom('a', 'b'), { maxLength: 10 }).map((chars) => chars.join(''));
      fc.assert(
        fc.property(small, text, (pattern, name) => {
          const expected = new RegExp(`^${pattern.replace(/\*+/g, '.*').replaceAll('?', '.')}$`).test(name);
          assert.equal(matchesTokens(simpleTokens(pattern), name), expected);
        }),
        { numRuns: 2000 },
      );
    });

    it('braces that stand for a thousand files are read, and more are refused with the place', () => {
      assert.equal(globPaths(`/etc/${many('{a,b}', 9)}`, ['/etc/aabbaabba'])?.length, 1);
      for (const line of [
        `!include_try ${many('{a,b}', 26)}`,
        `!include_try ${many('{a,', 40)}b${many('}', 40)}${many('{a,b}', 12)}`,
      ])
        assert.throws(() => loadDovecot({ [ROOT]: `protocols = imap\n${line}\n` }, ROOT), {
          code: 'CONFIG_INVALID',
          message:
            /^\/etc\/dovecot\/dovecot\.conf:2:\d+: expected a pattern with fewer braces: this one stands for too many files$/,
        });
    });
  });

  it('files that include the next one twice are refused before their number grows exponentially', () => {
    const file = (n: number) => (n === 0 ? ROOT : `/etc/dovecot/${n}`);
    const files = Object.fromEntries(
      Array.from({ length: 40 }, (_, n) => [file(n), `!include_try ${n + 1}\n!include_try ${n + 1}\n`]),
    );
    assert.throws(() => loadDovecot(files, ROOT), { code: 'CONFIG_INVALID', message: /expected fewer includes/ });
  });

  it('more than 5,000 includes are refused before each is matched against the names of all files', () => {
    const lines = Array.from({ length: 50_000 }, (_, n) => `!include_try *${n}.conf\n`).join('');
    assert.throws(() => loadDovecot({ [ROOT]: lines }, ROOT), {
      code: 'CONFIG_INVALID',
      message: /dovecot\.conf:5001:14: expected fewer includes: there are more than 5000$/,
    });
  });

  it('a megabyte of blank lines and comments without a setting is one line for the plan', () => {
    for (const text of ['\n', ' \t\r\n', '#\n', '# Some words.\n\n']) {
      const lines = many(text, (1 << 20) / text.length);
      const { readings } = loadDovecot({ [ROOT]: `${lines}a = b\n#c = d\n${lines}` }, ROOT);
      assert.deepEqual(
        readings[0]!.lines.map(({ line }) => line.kind),
        ['skip', 'setting', 'skip', 'skip'],
        JSON.stringify(text),
      );
      assert.equal(readings[0]!.lines[1]!.line.line, lines.split('\n').length);
    }
  });

  it('of many different files only some lines are kept in memory for the next plan', () => {
    setFlagsFromString('--expose-gc');
    const collect = runInNewContext('gc') as () => void;
    const heap = (): number => {
      collect();
      return process.memoryUsage().heapUsed;
    };
    const before = heap();
    for (let n = 0; n < 60; n += 1) loadDovecot({ [ROOT]: `n = ${n}\n${many('a=\n', 10_000)}` }, ROOT);
    assert.ok(heap() - before < 50 * 2 ** 20); // all of them would take 100 MB
  });

  it('a file that continues another one is read with its text also when it was read before', () => {
    const files = { [ROOT]: '!include a\ny\nz = 1\n', '/etc/dovecot/a': 'x = 1 \\\n' };
    const values = () => [...loadDovecot(files, ROOT).top.settings].map(([key, [one]]) => `${key} ${one?.value}`);
    assert.deepEqual(values(), ['x 1 y', 'z 1']);
    assert.deepEqual(values(), ['x 1 y', 'z 1']);
  });

  describe('values that refer to values', () => {
    it('values of Postfix stop growing at 100 kB', () => {
      const values: Record<string, string> = { a0: many('x', 1000) };
      for (let n = 1; n < 60; n += 1) values[`a${n}`] = many(`$a${n - 1} `, 40);
      const expanded = expandVariables('$a59', (name) => values[name] ?? null);
      assert.ok(expanded.length <= 101_000, `${expanded.length}`);
    });

    it('values of Dovecot stop growing at 100 kB', () => {
      const lines = many('mail_plugins = $mail_plugins $mail_plugins quota\n', 60);
      const { top } = loadDovecot({ [ROOT]: `mail_plugins = acl\n${lines}` }, ROOT);
      for (const { value } of top.settings.get('mail_plugins') ?? []) assert.ok(value.length <= 101_000);
    });
  });

  it('a master.cf of half a million wrong lines is refused at the first, without memory for the others', () => {
    const before = process.memoryUsage().rss;
    assert.throws(() => parseMaster(many('\\\n', 500_000), 'master.cf'), { code: 'CONFIG_INVALID' });
    assert.ok(process.memoryUsage().rss - before < 100 * 2 ** 20);
  });

  it('the values of Dovecot stop growing at 8 MB together', () => {
    const lines = many('mail_plugins = $mail_plugins acl\n', 20_000);
    const { top } = loadDovecot({ [ROOT]: `mail_plugins = quota\n${lines}` }, ROOT);
    const values = (top.settings.get('mail_plugins') ?? []).map(({ value }) => value.length);
    assert.ok(values.reduce((sum, length) => sum + length, 0) < 10_000_000);
    assert.equal(values[1000], 'quota'.length + 1000 * ' acl'.length);
  });

  describe('redact', () => {
    for (const [what, line] of [
      ['one word in a comment', `# ${many('x', 300_000)}`],
      ['secret words without a value', `# ${many('password', 40_000)}`],
      ['inline names without a value', many('pass ', 60_000)],
      ['URLs without a user', many('://a:', 60_000)],
      ['maps without an entry', `${many('static: ', 40_000)}${many('x', 40_000)}`],
      ['open quotes', many('password="', 30_000)],
      ['blanks and backslashes', many('\\   ', 60_000)],
    ] as const)
      it(`the time for a long line of ${what} is linear`, () => {
        assert.equal(redact(line).split('\n').length, 1);
      });
  });
});
