import assert from 'node:assert/strict';
import fc from 'fast-check';
import { escape } from '../../../src/report/escape.ts';

describe('report: escape', () => {
  for (const [text, shown] of [
    ['plain text, ünïcode · 日本 😀', 'plain text, ünïcode · 日本 😀'],
    ['\u001b[31mred\u001b[0m', '\\u{1b}[31mred\\u{1b}[0m'],
    ['\u001b]0;title\u0007', '\\u{1b}]0;title\\u{7}'],
    ['a\rb\bc\u007f', 'a\\u{d}b\\u{8}c\\u{7f}'],
    ['\u009b31m', '\\u{9b}31m'],
    ['user\u202etxt.exe', 'user\\u{202e}txt.exe'],
    ['zero\u200bwidth\ufeff', 'zero\\u{200b}width\\u{feff}'],
    ['one\u2028two\u2029', 'one\\u{2028}two\\u{2029}'],
    ['tag \u{e0041}', 'tag \\u{e0041}'],
    ['a\nb\tc', 'a\\u{a}b\\u{9}c'],
  ] as const) {
    it(`the text is shown as ${JSON.stringify(shown)}`, () => assert.equal(escape(text), shown));
  }

  it('line ends and tabs stay when the caller asks for it', () => {
    assert.equal(escape('a\n\tb\r\n', 'lines'), 'a\n\tb\\u{d}\n');
  });

  it('no control character remains, whatever the text', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        assert.doesNotMatch(escape(text), /[\u0000-\u001f\u007f-\u009f\u200b-\u200f\u2028-\u202e\u2066-\u2069]/);
        assert.doesNotMatch(escape(text, 'lines'), /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u202a-\u202e]/);
      }),
    );
  });
});
