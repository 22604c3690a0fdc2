import assert from 'node:assert/strict';
import type { Finding } from '../../../src/model.ts';
import { CHECKS, PORTS } from '../../../src/verify/checks.ts';
import type { VerifyTarget } from '../../../src/verify/verify.ts';
import { verify } from '../../../src/verify/verify.ts';
import type { Certificates } from './certificates.ts';
import { DOMAIN, makeCertificates } from './certificates.ts';
import { EHLO_PLAIN, EHLO_SECURE, goodHost, RESPONSE } from './good.ts';
import type { Fake, Script } from './server.ts';
import { dialTo, serve } from './server.ts';

describe('verify', () => {
  let certificates: Certificates;
  let fakes: Map<number, Fake>;

  before(() => {
    certificates = makeCertificates();
  });
  beforeEach(() => {
    fakes = new Map();
  });
  afterEach(() => {
    for (const fake of fakes.values()) fake.close();
  });

  async function start(scripts: ReadonlyMap<number, Script>) {
    for (const [port, script] of scripts) fakes.set(port, await serve(script));
  }
  const look = (more: Partial<VerifyTarget> = {}) =>
    verify({
      domain: DOMAIN,
      direct: dialTo(fakes),
      certificate: certificates.good.cert,
      trust: [certificates.root],
      timeout: 500,
      ...more,
    });

  it('passes every check on a host hardened by the recipe', async () => {
    await start(goodHost(certificates.good));
    const findings = await look();
    assert.deepEqual(
      findings.map(({ port, check, status, via }) => [port, check, status, via]),
      PORTS.flatMap(({ port }) =>
        CHECKS.filter(({ id, ports }) => id !== 'login' && (ports as readonly number[]).includes(port)).map(
          ({ id }) => [port, id, 'pass', 'direct'],
        ),
      ),
    );
  });
});
