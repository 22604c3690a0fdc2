import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { createPrivateKey, createPublicKey, X509Certificate } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { issuing } from '../../../src/rehearse/certificates.ts';
import { certificatesIn } from '../../../src/x509/pem.ts';
import { makeCertificates } from '../../support/certificates.ts';

describe('rehearse: certificates', () => {
  const folder = mkdtempSync(join(tmpdir(), 'harden-mail-rehearse-'));
  after(() => rmSync(folder, { recursive: true }));

  it('the copy has certificates of the same names and dates, with new keys of the same types that fit them', function () {
    this.timeout(60_000);
    const { good, noIntermediate, intermediate, selfSigned } = makeCertificates();
    const publicHalf = (key: string) => createPublicKey(key).export({ type: 'spki', format: 'pem' }).toString().trim();
    const at = (name: string) => ({
      path: join(folder, name),
      mode: '600',
      owner: `${process.getuid?.()}:${process.getgid?.()}`,
    });
    const pems = [
      { ...at('chain.pem'), certificates: [noIntermediate.cert, intermediate], keys: [] },
      { ...at('chain.key'), certificates: [], keys: [publicHalf(noIntermediate.key)] },
      { ...at('alone.pem'), certificates: [noIntermediate.cert], keys: [] },
      { ...at('good.pem'), certificates: [good.cert], keys: [publicHalf(good.key)] },
      { ...at('self.pem'), certificates: [selfSigned.cert], keys: [publicHalf(selfSigned.key)] },
    ];
    const { script, notes } = issuing(pems, new Set(['CN=Test root']));
    assert.deepEqual(notes, []);
    const roots = certificatesIn(
      execFileSync('sh', ['-s'], { input: script.replaceAll('/root/rehearsal-ca', join(folder, 'ca')), encoding: 'utf8', stdio: ['pipe', 'pipe', 'ignore'] }), // oxfmt-ignore
    );
    const made = (name: string) => readFileSync(join(folder, name), 'latin1');
    const [root] = roots;
    const [leaf, issuer] = certificatesIn(made('chain.pem'));
    const before = new X509Certificate(noIntermediate.cert);
    for (const field of ['subject', 'issuer', 'subjectAltName', 'validFrom', 'validTo'] as const)
      assert.equal(leaf?.[field], before[field], field);
    assert.ok(leaf!.checkIssued(issuer!) && issuer!.checkIssued(root!), 'the chain leads to the root of the rehearsal');
    assert.ok(leaf!.checkPrivateKey(createPrivateKey(made('chain.key'))));
    assert.notEqual(made('chain.key'), noIntermediate.key);
    assert.equal(certificatesIn(made('alone.pem')).length, 1, 'a chain that is incomplete stays so');
    const [ofGood] = certificatesIn(made('good.pem'));
    assert.ok(ofGood!.checkIssued(root!) && ofGood!.checkPrivateKey(createPrivateKey(made('good.pem'))));
    const [own] = certificatesIn(made('self.pem'));
    assert.ok(own!.checkIssued(own!) && own!.verify(own!.publicKey));
    assert.equal(own?.subjectAltName, new X509Certificate(selfSigned.cert).subjectAltName);
  });
});
