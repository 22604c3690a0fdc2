import assert from 'node:assert/strict';
import { X509Certificate } from 'node:crypto';
import { judgeCertificate } from '../../../src/verify/judge-certificate.ts';
import type { Certificates } from '../../support/certificates.ts';
import { DOMAIN } from '../../support/certificates.ts';
import { certificates } from './host.ts';

const DAY = 86_400_000;

describe('verify: the certificate of a server', () => {
  const NAMES: readonly [keyof Omit<Certificates, 'root' | 'intermediate'>, string, boolean][] = [
    ['good', DOMAIN, true],
    ['good', 'MX.Example.Test', true],
    ['good', 'example.test', false],
    ['wildcard', DOMAIN, true],
    ['wildcard', 'a.mx.example.test', false],
    ['wildcard', 'example.test', false],
    ['commonName', DOMAIN, false],
    ['address', '198.18.0.2', true],
    ['address', '198.18.0.3', false],
    ['good', '198.18.0.2', false],
  ];
  for (const [which, domain, matches] of NAMES)
    it(`the certificate "${which}" is ${matches ? '' : 'not '}valid for ${domain}`, () => {
      const leaf = new X509Certificate(certificates()[which].cert);
      const found = judgeCertificate(leaf, null, { domain, onDisk: undefined, now: new Date() });
      assert.equal(found.find((one) => one.check === 'certificate-name')?.status, matches ? 'pass' : 'fail');
    });

  // 90 days: 21 are enough. 6 days: a third of them is.
  const VALIDITY: readonly [keyof Omit<Certificates, 'root' | 'intermediate'>, number, string][] = [
    ['good', 21, 'pass'],
    ['good', 21 - 1 / 86_400, 'warn'],
    ['good', 0, 'warn'],
    ['good', -1 / 86_400, 'fail'],
    ['good', 90, 'pass'],
    ['good', 90 + 1 / 86_400, 'fail'],
    ['brief', 3, 'pass'],
    ['brief', 2, 'pass'],
    ['brief', 1.9, 'warn'],
  ];
  for (const [which, left, status] of VALIDITY)
    it(`the certificate "${which}" with ${left} days left gives ${status}`, () => {
      const leaf = new X509Certificate(certificates()[which].cert);
      const now = new Date(Date.parse(leaf.validTo) - left * DAY);
      const found = judgeCertificate(leaf, null, { domain: DOMAIN, onDisk: undefined, now });
      assert.equal(found.find((one) => one.check === 'certificate-validity')?.status, status);
    });

  it('the served certificate is compared with the first one of the chain on disk', () => {
    const { good, root } = certificates();
    const leaf = new X509Certificate(good.cert);
    const served = (onDisk: string) =>
      judgeCertificate(leaf, null, { domain: DOMAIN, onDisk, now: new Date() }).find(
        (one) => one.check === 'certificate-served',
      )?.status;
    assert.equal(served(good.cert + root), 'pass');
    assert.equal(served(root + good.cert), 'fail');
  });

  it('a certificate on disk with another type of key may be served too', () => {
    const { good, older } = certificates();
    const alternatives = [good.cert];
    const status = (pem: string) => {
      const expected = { domain: DOMAIN, onDisk: older.cert, alternatives, now: new Date() };
      return judgeCertificate(new X509Certificate(pem), null, expected)[0]?.status;
    };
    assert.deepEqual([good.cert, older.cert, certificates().brief.cert].map(status), ['pass', 'pass', 'fail']);
  });
});
