import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import fc from 'fast-check';
import { quote } from '../../../src/formats/text/shell-quote.ts';

describe('remote: quote', () => {
  const cases: Record<string, string> = {
    '': `''`,
    plain: `'plain'`,
    "it's": `'it'\\''s'`,
    '$(id) `id` \\ "': `'$(id) \`id\` \\ "'`,
  };
  for (const [value, word] of Object.entries(cases)) {
    it(`${JSON.stringify(value)} becomes ${word}`, () => assert.equal(quote(value), word));
  }

  it('a NUL is refused', () => assert.throws(() => quote('a\0b'), /NUL/));

  it('sh returns each quoted value unchanged: 10,000 values', () => {
    const text = fc.string({ unit: fc.constantFrom(...'\'"$`\\!;&|<>(){}*?[]~#%= \t\n\r-aé\u202e\x1b') });
    fc.assert(
      fc.property(fc.array(text, { minLength: 1000, maxLength: 1000, size: 'max' }), (values) => {
        const script = `printf '%s\\0' ${values.map(quote).join(' ')}`;
        const back = execFileSync('sh', { input: script, encoding: 'utf8', maxBuffer: 1 << 28 })
          .split('\0')
          .slice(0, -1);
        assert.deepEqual(back, values);
      }),
      { numRuns: 10 },
    );
  });
});
