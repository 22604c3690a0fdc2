/** What DNS says of a certificate. The name server is a mock: it answers each question with what the test gives it. */
import assert from 'node:assert/strict';
import { createHash, X509Certificate } from 'node:crypto';
import { createServer } from 'node:net';
import type { AddressInfo, Server } from 'node:net';
import { comparePublished } from '../../../src/verify/published.ts';
import { resolverOf, type Published, type Tlsa } from '../../../src/verify/resolver.ts';
import { verify } from '../../../src/verify/verify.ts';
import { certificates } from './host.ts';

const DOMAIN = 'mx.example.org';
const sha256 = (bytes: Buffer): string => createHash('sha256').update(bytes).digest('hex');
const leaf = () => new X509Certificate(certificates().noIntermediate.cert);
const above = () => new X509Certificate(certificates().intermediate);
const spki = (one: X509Certificate): Buffer => one.publicKey.export({ type: 'spki', format: 'der' });
const record = (usage: number, selector: number, matching: number, data: string): Tlsa => ({
  usage,
  selector,
  matching,
  data,
});

async function said(
  tlsa: readonly Tlsa[],
  caa: Awaited<ReturnType<Published['caa']>> = null,
  issuer: string | null = 'letsencrypt.org',
): Promise<string[]> {
  const published: Published = { tlsa: async () => tlsa, caa: async () => caa };
  const chain = certificates().noIntermediate.cert + certificates().intermediate;
  const found = await comparePublished(published, { domain: DOMAIN, chain, issuer });
  return found.map(({ port, check, status, text }) => `${port} ${check} ${status}: ${text}`);
}

describe('verify: DNS records of a certificate', () => {
  before(() => void certificates());

  const FITS: readonly [string, () => Tlsa][] = [
    ['3 1 1', () => record(3, 1, 1, sha256(spki(leaf())))],
    ['3 1 1 in capitals', () => record(3, 1, 1, sha256(spki(leaf())).toUpperCase())],
    ['3 0 1', () => record(3, 0, 1, sha256(leaf().raw))],
    ['3 1 0', () => record(3, 1, 0, spki(leaf()).toString('hex'))],
    ['3 1 2', () => record(3, 1, 2, createHash('sha512').update(spki(leaf())).digest('hex'))],
    ['2 1 1 of the issuer', () => record(2, 1, 1, sha256(spki(above())))],
  ];
  for (const [what, make] of FITS)
    it(`a TLSA record ${what} passes, even beside one that does not match`, async () => {
      const found = await said([record(3, 1, 1, '00'), make()]);
      assert.deepEqual(found, [`25 tlsa pass: _25._tcp.${DOMAIN} has a TLSA record of the certificate on disk`]);
    });

  const MISSES: readonly [string, () => Tlsa][] = [
    ['of another key', () => record(3, 1, 1, sha256(Buffer.from('another')))],
    ['3 1 1 of the issuer', () => record(3, 1, 1, sha256(spki(above())))],
    ['with the digest of the other selector', () => record(3, 0, 1, sha256(spki(leaf())))],
  ];
  for (const [what, make] of MISSES)
    it(`a TLSA record ${what} fails with the record to publish`, async () => {
      const [found = ''] = await said([make()]);
      assert.match(found, /^25 tlsa fail: no TLSA record of _25\._tcp\.mx\.example\.org is of the certificate on disk/);
      assert.ok(found.endsWith(`publish: _25._tcp.${DOMAIN}. IN TLSA 3 1 1 ${sha256(spki(leaf()))}`), found);
    });

  it('no finding comes from a missing TLSA record, or from one that mail servers ignore', async () => {
    assert.deepEqual(await said([]), []);
    assert.deepEqual(await said([record(1, 1, 1, '00'), record(0, 0, 1, '00')]), []);
  });

  it('CAA records pass when they allow the issuer and warn when they do not', async () => {
    const caa = (...issuers: string[]) => said([], { at: 'example.org', issuers });
    assert.deepEqual(await caa('letsencrypt.org', 'pki.goog'), [
      '25 caa pass: the CAA records of example.org let letsencrypt.org issue',
    ]);
    assert.match(
      (await caa('pki.goog')).join('\n'),
      /^25 caa warn: .* of example\.org let pki\.goog issue and not letsencrypt\.org, .* will be refused$/,
    );
    assert.match((await caa('')).join('\n'), /let nobody issue and not letsencrypt\.org/);
    assert.deepEqual(await caa(), []);
    assert.deepEqual(
      await said([], { at: 'example.org', issuers: ['pki.goog'] }, null),
      [],
      'whose issuer is not known',
    );
  });

  it('a resolver that fails gives no finding', async () => {
    const broken = () => Promise.reject(new Error('SERVFAIL'));
    const chain = certificates().good.cert;
    assert.deepEqual(
      await comparePublished({ tlsa: broken, caa: broken }, { domain: DOMAIN, chain, issuer: null }),
      [],
    );
  });

  it('a resolver that never answers does not delay the run, and reserved names are not looked up', async () => {
    let asked = 0;
    const never = () => (asked++, new Promise<never>(() => {}));
    const refused = () => Promise.reject(Object.assign(new Error('refused'), { code: 'ECONNREFUSED' }));
    const look = (domain: string) =>
      verify({
        domain,
        direct: refused,
        certificate: certificates().good.cert,
        issuer: null,
        published: { tlsa: never, caa: never },
      });
    assert.deepEqual([...new Set((await look(DOMAIN)).map(({ check }) => check))], ['answers']);
    assert.equal(asked, 2);
    await look('mx.example.test');
    assert.equal(asked, 2);
  });

  describe('over TCP', () => {
    let server: Server;
    let port: number;
    let reply: (question: Buffer) => Buffer;
    let questions: Buffer[];

    beforeEach(async () => {
      questions = [];
      server = createServer((socket) => {
        socket
          .on('error', () => {})
          .on('data', (chunk: Buffer) => {
            questions.push(chunk.subarray(2));
            const answer = reply(chunk.subarray(2));
            const length = Buffer.from([answer.length >> 8, answer.length & 255]);
            // In two pieces, as a network may.
            socket.write(Buffer.concat([length, answer.subarray(0, 5)]));
            setTimeout(() => socket.end(answer.subarray(5)), 20);
          });
      });
      await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
      ({ port } = server.address() as AddressInfo);
    });
    afterEach(() => server.close());

    const ask = () => resolverOf([`127.0.0.1:${port}`]).tlsa(`_25._tcp.${DOMAIN}`);
    /** The question's answer with these records: a pointer to the name asked for, type, class, TTL, data. */
    const answering =
      (code: number, ...records: readonly (readonly [type: number, data: string])[]) =>
      (question: Buffer) => {
        const head = Buffer.from(question.subarray(0, 12));
        head.writeUInt16BE(0x8180 | code, 2);
        head.writeUInt16BE(records.length, 6);
        const all = records.map(([type, hex]) => {
          const data = Buffer.from(hex, 'hex');
          return Buffer.concat([Buffer.from([0xc0, 12, 0, type, 0, 1, 0, 0, 0, 60, 0, data.length]), data]);
        });
        return Buffer.concat([head, question.subarray(12), ...all]);
      };

    it('the resolver sends one well-formed question and reads the answer, without other records', async () => {
      reply = answering(0, [5, '03777777c00c'], [52, '030101abcdef'], [46, '00'], [52, '02000201']);
      assert.deepEqual(await ask(), [record(3, 1, 1, 'abcdef'), record(2, 0, 2, '01')]);
      assert.equal(
        questions.map((one) => one.toString('latin1', 12)).join(),
        '\x03_25\x04_tcp\x02mx\x07example\x03org\0\0\x34\0\x01',
      );
    });

    it('a name that does not exist has no records', async () => {
      reply = answering(3);
      assert.deepEqual(await ask(), []);
    });

    it('a truncated answer and a server that hangs up are errors', async () => {
      reply = (question) => answering(0, [52, '030101abcdef'])(question).subarray(0, 50);
      await assert.rejects(ask());
      server.close();
      await assert.rejects(ask());
    });
  });
});
