import assert from 'node:assert/strict';
import { preflight } from '../../../src/commit/request-certificate.ts';
import { HardenMailError } from '../../../src/model/errors.ts';
import type { Action } from '../../../src/model/index.ts';
import { memoryRemote } from '../../../src/remote/memory.ts';

const NAME = 'mx1.example.test';
const action: Extract<Action, { kind: 'certificate' }> = {
  kind: 'certificate',
  name: NAME,
  domain: NAME,
  domains: [NAME],
  challenge: 'standalone',
  request: {},
};

const look = (...lines: string[]): Promise<string[]> =>
  preflight(memoryRemote({ run: () => ({ stdout: `${lines.join('\n')}\nown 192.0.2.1\nown 2001:db8::1\n` }) }), action);

describe('preflight: the addresses of a name before certbot runs', () => {
  it('a name whose records all lead to the host gives no note', async () => {
    assert.deepEqual(await look(`resolves ${NAME} 192.0.2.1`, `resolves ${NAME} 2001:db8::1`), []);
  });

  for (const [record, address] of [
    ['A', '192.0.2.9'],
    ['AAAA', '2001:db8::9'],
  ] as const)
    // oxfmt-ignore
    it(`the note names the one ${record} record of several that leads elsewhere`, async () => {
      const found = await look(`resolves ${NAME} 192.0.2.1`, `resolves ${NAME} ${address}`);
      assert.equal(found.length, 1);
      assert.match(found[0] ?? '', new RegExp(`^${NAME} leads here and elsewhere too \\(${record} ${address}; this host has 192\\.0\\.2\\.1, `)); // oxfmt-ignore
      assert.match(found[0] ?? '', /Next: point that record here, or take it out$/);
    });

  it('a name without a record for the host is an error', async () => {
    await assert.rejects(look(`resolves ${NAME} 192.0.2.9`), (error: unknown) => {
      return error instanceof HardenMailError && error.code === 'DOMAIN_MISMATCH';
    });
  });
});
