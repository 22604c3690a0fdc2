import assert from 'node:assert/strict';
import { parseBatch, sizeOf } from '../../src/run/batch.ts';

describe('--serial', () => {
  for (const [text, hosts, size] of [
    ['1', 40, 1],
    ['7', 3, 7],
    ['25%', 40, 10],
    ['30%', 10, 3],
    ['1%', 40, 1],
    ['100%', 40, 40],
  ] as const) {
    it(`${text} of ${hosts} hosts is a batch of ${size}`, () => {
      const batch = parseBatch(text);
      assert.ok(batch);
      assert.equal(sizeOf(batch, hosts), size);
    });
  }

  for (const text of ['', '0', '-1', '1.5', '0%', '101%', '%', 'all', '5 %', '1e3']) {
    it(`${JSON.stringify(text)} is not a valid batch size`, () => assert.equal(parseBatch(text), null));
  }
});
