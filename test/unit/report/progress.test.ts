import assert from 'node:assert/strict';
import { setImmediate as turn } from 'node:timers/promises';
import { plainProgress } from '../../../src/report/progress.ts';

describe('report: plain progress', () => {
  const items = ['a', 'b', 'c', 'd', 'e'].map((name) => ({ name }));

  it('has a line for each step', async () => {
    const lines: string[] = [];
    await plainProgress((line) => lines.push(line)).each(items.slice(0, 2), 1, async ({ name }, say) => {
      say('connect');
      await turn();
      say(`gather ${name}`);
    });
    assert.deepEqual(lines, ['a: connect', 'a: gather a', 'b: connect', 'b: gather b']);
  });

  for (const width of [1, 2, 5, 99]) {
    it(`works on ${width} at once, and on each once`, async () => {
      let now = 0;
      let most = 0;
      const done: string[] = [];
      await plainProgress(() => {}).each(items, width, async ({ name }) => {
        most = Math.max(most, ++now);
        await turn();
        now--;
        done.push(name);
      });
      assert.equal(most, Math.min(width, items.length));
      assert.deepEqual(done.toSorted(), ['a', 'b', 'c', 'd', 'e']);
    });
  }

  it('has nothing to do for nobody', async () => {
    await plainProgress(() => assert.fail()).each([], 3, async () => assert.fail());
  });

  it('escapes what a host says', async () => {
    const lines: string[] = [];
    await plainProgress((line) => lines.push(line)).each([{ name: 'a' }], 1, async (_, say) => say('\u001b[2J'));
    assert.deepEqual(lines, ['a: \\u{1b}[2J']);
  });
});
