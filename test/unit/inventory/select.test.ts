import assert from 'node:assert/strict';
import { HardenMailError } from '../../../src/model/errors.ts';
import { selectHosts } from '../../../src/inventory/select.ts';
import type { Host } from '../../../src/model/index.ts';

const hosts = ['mx1.example.org', 'mx2.example.org', 'mx10.example.org', 'a[b]'].map((name): Host => {
  return { name, hostname: name, profile: 'standard', ...(/^mx\d\./.test(name) && { groups: ['old'] }) };
});
const chosen = (limit: string | undefined): string[] => selectHosts(hosts, limit).map(({ name }) => name);

describe('inventory: --limit', () => {
  for (const [limit, names] of [
    [undefined, hosts.map(({ name }) => name)],
    ['*', hosts.map(({ name }) => name)],
    ['mx1.example.org', ['mx1.example.org']],
    ['mx2.example.org,mx1.example.org', ['mx1.example.org', 'mx2.example.org']],
    [' mx1.example.org , mx1.* ,', ['mx1.example.org']],
    ['mx?.example.org', ['mx1.example.org', 'mx2.example.org']],
    ['mx1*', ['mx1.example.org', 'mx10.example.org']],
    ['a[b]', ['a[b]']],
    ['old', ['mx1.example.org', 'mx2.example.org']],
    ['a*,old', ['mx1.example.org', 'mx2.example.org', 'a[b]']],
  ] as const) {
    it(`${limit ?? 'no limit'} selects ${names.join(', ')}`, () => assert.deepEqual(chosen(limit), names));
  }

  for (const [limit, message] of [
    [
      'mx3.example.org',
      /--limit mx3.example.org matches no host and no group of the inventory: did you mean "mx1.example.org"\?/,
    ],
    ['mx1.example.org,typo', /--limit typo matches no host/],
    ['mx1Xexample.org', /matches no host/],
    ['MX1.example.org', /matches no host/],
    ['example', /matches no host/],
    ['odl', /did you mean "old"/],
    ['ol*', /matches no host/],
    ['', /names no host/],
    [' , ', /names no host/],
  ] as const) {
    it(`${JSON.stringify(limit)} is an error that lists the hosts`, () => {
      assert.throws(
        () => chosen(limit),
        (error: unknown) =>
          error instanceof HardenMailError &&
          error.code === 'USAGE' &&
          message.test(error.message) &&
          error.hint.includes('mx1.example.org, mx2.example.org'),
      );
    });
  }

  it('the error lists at most twenty hosts', () => {
    const many = Array.from({ length: 200 }, (_, n): Host => ({
      name: `n${n + 1}`,
      hostname: 'x',
      profile: 'standard',
    }));
    const hint = (hint: string) => (error: unknown) => error instanceof HardenMailError && error.hint.endsWith(hint);
    assert.throws(() => selectHosts(many, 'typo'), hint(', n19, n20 and 180 more.'));
    assert.throws(() => selectHosts(many.slice(0, 20), 'typo'), hint(', n19, n20.'));
  });
});
