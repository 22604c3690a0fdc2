import assert from 'node:assert/strict';
import { FRAGMENTS } from '../../../src/fragments/index.ts';
import { compareVersions, satisfies } from '../../../src/formats/versions.ts';

describe('plan: versions', () => {
  it('versions are compared part by part, as numbers', () => {
    const ascending = [
      '2.2',
      '2.2.22',
      '2.3',
      '2.3.13',
      '2.3.19',
      '2.3.19.1',
      '2.4',
      '2.4.1',
      '2.10',
      '3.1',
      '3.9',
      '3.10',
      '10',
    ];
    for (const [i, a] of ascending.entries()) {
      for (const [j, b] of ascending.entries())
        assert.equal(Math.sign(compareVersions(a, b)), Math.sign(i - j), `${a} ${b}`);
    }
  });

  it('a missing part of a version counts as zero', () => {
    assert.equal(compareVersions('3.6', '3.6.0'), 0);
    assert.ok(compareVersions('3.6', '3.6.1') < 0);
  });

  for (const [version, range, holds] of [
    ['3.10.13', '>=3.9', true],
    ['3.10.13', '<3.9', false],
    ['3.6.0', '>=3.6', true],
    ['3.5.25', '>=3.6', false],
    ['3.5.25', '<3.6', true],
    ['3.6', '<3.6', false],
    ['3.4', '>=3.4 <3.9', true],
    ['3.9.1', '>=3.4 <3.9', false],
    ['2.3.19.1', '<2.4', true],
    ['2.4.1', '>=2.3', true],
  ] as const) {
    it(`${version} ${holds ? 'satisfies' : 'does not satisfy'} ${range}`, () =>
      assert.equal(satisfies(version, range), holds));
  }

  it('a malformed range is reported as a bug', () => {
    for (const range of ['', '3.4', '>3.4', '>=3.4  <3.9', '>=x'])
      assert.throws(() => satisfies('3.5', range), /not a version range/);
  });

  it('the range of every fragment is valid', () => {
    for (const { when } of FRAGMENTS) {
      for (const range of [when?.postfix, when?.dovecot]) if (range !== undefined) satisfies('3.5', range);
    }
  });
});
