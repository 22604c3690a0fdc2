/** Lists of revoked certificates, made by the openssl command and fetched from a real web server. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { judgeRevocation } from '../../../src/verify/judge-revocation.ts';

describe('verify: revocation', () => {
  let server: Server;
  let url: string;
  let answer: Buffer | number = 404;
  let asked = 0;
  const folder = mkdtempSync(join(tmpdir(), 'harden-mail-revocation-'));
  const path = (name: string) => join(folder, name);
  const read = (name: string) => readFileSync(path(name), 'latin1');
  const openssl = (...args: string[]) => execFileSync('openssl', args, { stdio: 'pipe', cwd: folder }).toString();

  before(async () => {
    server = createServer((_, response) => {
      asked++;
      if (typeof answer === 'number') response.writeHead(answer, { location: url }).end();
      else response.end(answer);
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/list.crl`;
    const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '90'];
    for (const ca of ['ca', 'other'])
      openssl('req', '-x509', ...key, '-subj', '/CN=issuer', '-keyout', `${ca}.key`, '-out', `${ca}.pem`);
    const leaf = (name: string, ...more: string[]) =>
      openssl('req', '-x509', ...key, '-subj', '/CN=mail', '-CA', 'ca.pem', '-CAkey', 'ca.key', ...more, '-keyout', `${name}.key`, '-out', `${name}.pem`); // oxfmt-ignore
    leaf('leaf', '-addext', `crlDistributionPoints=URI:ldap://x/y,URI:${url}`);
    leaf('plain');
  });
  after(() => {
    server.close();
    rmSync(folder, { recursive: true });
  });

  /** A list by `ca`, with these certificates on it. */
  function list(ca: string, ...revoked: string[]): Buffer {
    const line = (name: string) =>
      `R\t350101000000Z\t261120101500Z\t${openssl('x509', '-noout', '-serial', '-in', `${name}.pem`).trim().slice(7)}\tunknown\t/CN=mail\n`;
    writeFileSync(path('index.txt'), revoked.map(line).join(''));
    writeFileSync(path('ca.cnf'), '[ca]\ndefault_ca=d\n[d]\ndatabase=index.txt\ndefault_md=sha256\n');
    openssl('ca', '-config', 'ca.cnf', '-gencrl', '-crldays', '7', '-keyfile', `${ca}.key`, '-cert', `${ca}.pem`, '-out', 'list.pem'); // oxfmt-ignore
    openssl('crl', '-in', 'list.pem', '-outform', 'DER', '-out', 'list.crl');
    return readFileSync(path('list.crl'));
  }

  async function said(
    name = 'leaf',
    now = new Date(),
    chain = `${read(`${name}.pem`)}${read('ca.pem')}`,
  ): Promise<string> {
    const found = await judgeRevocation(chain, now);
    return found.map(({ port, check, status, text }) => `${port} ${check} ${status}: ${text}`).join('\n');
  }

  it('a certificate on the list fails with the day and the next step', async () => {
    answer = list('ca', 'plain', 'leaf');
    assert.match(
      await said(),
      /^25 revocation fail: was revoked on 2026-11-20, says its issuer's list .*certbot renew/,
    );
  });

  it('a certificate that is not on the list passes, and so does one with an empty list', async () => {
    for (const revoked of [[], ['plain']]) {
      answer = list('ca', ...revoked);
      assert.match(await said(), /^25 revocation pass: is not on its issuer's list/);
    }
  });

  it('a certificate that names no list is not looked up and gives no finding', async () => {
    asked = 0;
    assert.equal(await said('plain'), '');
    assert.equal(asked, 0);
  });

  it('a list that is unavailable or not trustworthy gives a hint and never a failure', async () => {
    const whole = list('ca', 'leaf');
    for (const [what, why] of [
      [404, 'status 404'],
      [302, 'status 302'],
      [Buffer.from('<html>'), 'it is not a revocation list'],
      [whole.subarray(0, whole.length - 9), 'it is not a revocation list'],
      [Buffer.from(whole).fill(0, 60, 64), 'it is not signed by the issuer'],
      [list('other', 'leaf'), 'it is not signed by the issuer'],
    ] as const) {
      answer = what;
      assert.equal(await said(), `25 revocation hint: whether it is revoked is not known (${url}: ${why})`);
    }
    answer = whole;
    assert.match(await said('leaf', new Date(Date.now() + 8 * 86_400_000)), / hint: .*it is out of date\)$/);
    assert.match(await said('leaf', new Date(), read('leaf.pem')), / hint: .*the chain on disk lacks its issuer\)$/);
    server.close();
    server.closeAllConnections();
    assert.match(await said(), / hint: .*ECONNREFUSED/);
  });

  it('a chain that cannot be parsed gives no finding', async () => {
    assert.equal(await said('leaf', new Date(), '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----'), '');
  });
});
