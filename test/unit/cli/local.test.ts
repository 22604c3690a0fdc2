import assert from 'node:assert/strict';
import { HardenMailError } from '../../../src/model/errors.ts';
import { chooseHosts } from '../../../src/cli/run-options.ts';

describe('cli: --local', () => {
  it('the option chooses this machine', async () => {
    const [host] = await chooseHosts({ flags: { local: true, ssh: true } });
    assert.equal(host?.local, true);
  });

  for (const [flags, message] of [
    [{ host: 'a', user: 'b' }, '--local is this machine, without SSH: leave out --host, --user'],
    [{ audit: true }, 'an audit works from outside the host, so it cannot be combined with --local'],
    [{ ssh: false }, 'an audit works from outside the host, so it cannot be combined with --local'],
  ] as const)
    it(`the option is refused with ${JSON.stringify(flags)}`, () =>
      assert.rejects(
        chooseHosts({ flags: { local: true, ssh: true, ...flags } }),
        (error: unknown) => error instanceof HardenMailError && error.code === 'USAGE' && error.message === message,
      ));
});
