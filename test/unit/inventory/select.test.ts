import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { HardenMailError } from '../../../src/model/errors.ts';
import { selectHosts } from '../../../src/inventory/select.ts';
import type { Host } from '../../../src/model/index.ts';

const hosts = ['mx1.example.org', 'mx2.example.org', 'mx10.example.org', 'a[b]'].map((name): Host => {
  return { name, hostname: name, profile: 'standard', ...(/^mx\d\./.test(name) && { groups: ['old'] }) };
});
const chosen = async (limit: string | undefined): Promise<string[]> =>
  (await selectHosts(hosts, limit)).map(({ name }) => name);

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
    ['!old', ['mx10.example.org', 'a[b]']],
    ['mx*,!mx1.example.org', ['mx2.example.org', 'mx10.example.org']],
    ['!mx1.*,old', ['mx2.example.org']],
  ] as const) {
    it(`${limit ?? 'no limit'} selects ${names.join(', ')}`, async () => assert.deepEqual(await chosen(limit), names));
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
    ['!*', /--limit !\* leaves no host/],
    ['old,!mx*', /leaves no host/],
    ['!odl', /did you mean "old"/],
  ] as const) {
    it(`${JSON.stringify(limit)} is an error that lists the hosts`, async () => {
      await assert.rejects(
        chosen(limit),
        (error: unknown) =>
          error instanceof HardenMailError &&
          error.code === 'USAGE' &&
          message.test(error.message) &&
          error.hint.includes('mx1.example.org, mx2.example.org'),
      );
    });
  }

  it('the error lists at most twenty hosts', async () => {
    const many = Array.from({ length: 200 }, (_, n): Host => ({
      name: `n${n + 1}`,
      hostname: 'x',
      profile: 'standard',
    }));
    const hint = (hint: string) => (error: unknown) => error instanceof HardenMailError && error.hint.endsWith(hint);
    await assert.rejects(selectHosts(many, 'typo'), hint(', n19, n20 and 180 more.'));
    await assert.rejects(selectHosts(many.slice(0, 20), 'typo'), hint(', n19, n20.'));
  });

  describe('@FILE', () => {
    const folder = mkdtempSync(join(tmpdir(), 'harden-mail-limit-'));
    after(() => rmSync(folder, { recursive: true }));
    const file = (text: string): string => {
      const path = join(folder, 'run.json');
      writeFileSync(path, text);
      return path;
    };
    const run = (exits: Readonly<Record<string, number>>): string =>
      file(JSON.stringify({ version: 1, hosts: Object.entries(exits).map(([host, exit]) => ({ host, exit })) }));

    it('it selects the hosts of a run that did not end with 0, and can be combined', async () => {
      const path = run({ 'mx1.example.org': 0, 'mx2.example.org': 1, 'mx10.example.org': 4 });
      assert.deepEqual(await chosen(`@${path}`), ['mx2.example.org', 'mx10.example.org']);
      assert.deepEqual(await chosen(`@${path},!mx10*`), ['mx2.example.org']);
      assert.deepEqual(await chosen(`!@${path}`), ['mx1.example.org', 'a[b]']);
    });

    it('a file without failures, without hosts of the inventory, or of another kind is an error', async () => {
      await assert.rejects(chosen(`@${run({ 'mx1.example.org': 0 })}`), /every host of that run ended with 0/);
      await assert.rejects(
        chosen(`@${run({ 'mx9.example.org': 1 })}`),
        /"mx9.example.org", which the inventory does not/,
      );
      for (const text of ['mx1.example.org', '[]', '{}', 'null', '{"hosts":[1]}'])
        await assert.rejects(chosen(`@${file(text)}`), /this is no document of --json/);
      await assert.rejects(chosen(`@${folder}/none`), /cannot be read: ENOENT/);
    });
  });
});
