import assert from 'node:assert/strict';
import { PORTS } from '../../../src/verify/mail-ports.ts';
import { DOMAIN } from '../../support/certificates.ts';
import { goodHost } from './good.ts';
import type { Fakes } from './host.ts';
import { certificates, look, start, stop } from './host.ts';

describe('verify: additional names', () => {
  let host: Fakes;
  before(async () => {
    // One certificate for all who ask, whatever the name.
    host = await start([...goodHost(certificates().good)].filter(([port]) => port !== 110));
  });
  after(() => stop(host));
  const speaking = PORTS.map(({ port }) => port).filter((port) => port !== 110);

  it('a name with its own certificate passes on every port that speaks TLS, and adds one check to each', async () => {
    const findings = await look(host, { also: [{ name: DOMAIN, certificate: certificates().good.cert }] });
    const sni = findings.filter(({ check }) => check === 'sni');
    assert.deepEqual(
      sni.map(({ port, name, status, text }) => [port, name, status, text]),
      speaking.map((port) => [port, DOMAIN, 'pass', `${DOMAIN}: serves the certificate on disk`]),
    );
    assert.deepEqual(
      findings.filter((one) => !sni.includes(one)),
      await look(host),
    );
  });

  it('a name with another certificate fails under its own name, and the mail domain does not', async () => {
    const name = 'other.example.test';
    const findings = await look(host, { also: [{ name, certificate: certificates().otherName.cert }] });
    const failed = findings.filter(({ status }) => status === 'fail');
    assert.deepEqual(
      failed.map((one) => [one.port, one.check, one.name]),
      speaking.map((port) => [port, 'sni', name]),
    );
    for (const { text } of failed)
      assert.match(
        text,
        /^other\.example\.test: serves .*, not the one on disk, .*; is not for other\.example\.test but/,
      );
  });

  it('a name without a certificate on disk fails', async () => {
    const findings = await look(host, { also: [{ name: DOMAIN, certificate: null }] });
    const [first] = findings.filter(({ check }) => check === 'sni');
    assert.match(first?.text ?? '', /there is no certificate on disk/);
  });
});
