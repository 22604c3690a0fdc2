import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { carriedOutBy, pages } from '../../../scripts/docs.ts';
import { RECIPE } from '../../../scripts/recipe.ts';
import { CODES, EXIT } from '../../../src/model/errors.ts';
import { FRAGMENTS } from '../../../src/fragments/index.ts';

describe('docs', () => {
  for (const [path, text] of Object.entries(pages())) {
    it(`${path} is up to date with the code (npm run docs)`, () => {
      assert.equal(readFileSync(path, 'utf8'), text);
    });
  }

  const settings = RECIPE.flatMap(({ items }) => items).flatMap((item) => ('setting' in item ? [item.setting] : []));
  for (const setting of new Set(settings)) {
    it(`a record carries out this line of the recipe: ${setting}`, () => {
      assert.notEqual(carriedOutBy(setting).length, 0);
    });
  }

  it('docs/exit-codes.md lists every exit code, and every kind of failure with its exit code', () => {
    const page = readFileSync('docs/exit-codes.md', 'utf8');
    const codes = [...page.matchAll(/^\| (\d+) \|/gm)].map(([, code]) => Number(code));
    assert.deepEqual(codes, Object.values(EXIT));
    const rows = [...page.matchAll(/^\| (`[A-Z_`, ]+) \| (\d+) \|$/gm)];
    const told = rows.flatMap(([, kinds = '', exit]) => kinds.split(', ').map((kind) => [kind.replaceAll('`', ''), Number(exit)]));
    assert.deepEqual(Object.fromEntries(told), { ...CODES, BUG: EXIT.failed });
  });

  it('a record quotes only lines that the recipe has', () => {
    const quoted = FRAGMENTS.flatMap(({ recipe }) => recipe);
    assert.deepEqual(quoted.filter((line) => !settings.includes(line)), []);
  });
});
