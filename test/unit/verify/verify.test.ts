import assert from 'node:assert/strict';
import { PORTS } from '../../../src/verify/checks.ts';
import { checksOf } from './cases.ts';
import { goodHost } from './good.ts';
import type { Fakes } from './host.ts';
import { certificates, look, start, stop } from './host.ts';

describe('verify: a host hardened by the recipe', () => {
  let host: Fakes;
  before(async () => {
    host = await start(goodHost(certificates().good));
  });
  after(() => stop(host));

  it('passes every check', async () => {
    const findings = await look(host);
    assert.deepEqual(
      findings.map(({ port, check, status, via }) => [port, check, status, via]),
      PORTS.flatMap(({ port }) => checksOf(port).map((id) => [port, id, 'pass', 'direct'])),
    );
  });

  it('reads only, where no login is to be tried', async () => {
    for (const fake of host.values()) fake.heard.length = 0;
    const findings = await look(host, { tryLogin: false });
    assert.ok(findings.every(({ status }) => status === 'pass'));
    assert.deepEqual(
      [...host.values()].flatMap((fake) => fake.heard).filter((line) => /USER|LOGIN/.test(line)),
      [],
    );
  });
});
