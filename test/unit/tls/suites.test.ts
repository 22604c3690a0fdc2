/** The table of cipher suites, against OpenSSL's own. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { SUITES, suiteOf } from '../../../src/tls/suites.ts';

interface Known {
  readonly id: number;
  readonly name: string;
  readonly exchange: string;
  readonly authentication: string;
  readonly cipher: string;
}

/** `openssl ciphers -V`: `0xC0,0x2F - TLS_… - ECDHE-… TLSv1.2 Kx=ECDH Au=RSA Enc=AESGCM(128) Mac=AEAD` */
const known: readonly Known[] = execFileSync('openssl', [
  'ciphers',
  '-V',
  '-stdname',
  'ALL:COMPLEMENTOFALL:@SECLEVEL=0',
])
  .toString()
  .trim()
  .split('\n')
  .map((line) => {
    const [, high = '', low = '', name = '', exchange = '', authentication = '', cipher = ''] =
      /^\s*0x(..),0x(..) - (\S+).*Kx=(\S+)\s+Au=(\S+)\s+Enc=(\S+)/.exec(line) ?? [];
    return { id: parseInt(high + low, 16), name, exchange, authentication, cipher };
  })
  .filter(({ name }) => !name.startsWith('TLS_SRP'));

/** OpenSSL's words for ours. */
const EXCHANGE: Readonly<Record<string, string>> = {
  RSA: 'RSA',
  DHE: 'DH',
  ECDHE: 'ECDH',
  DH_anon: 'DH',
  ECDH_anon: 'ECDH',
  PSK: 'PSK',
  DHE_PSK: 'DHEPSK',
  ECDHE_PSK: 'ECDHEPSK',
  RSA_PSK: 'RSAPSK',
  any: 'any',
};

describe('tls: cipher suites', () => {
  it('the table has every suite of OpenSSL with the same number and name', () => {
    assert.ok(known.length > 130);
    for (const { id, name } of known) assert.equal(suiteOf(id).name, name);
  });

  it('the table agrees with OpenSSL on key exchange, authentication and encryption', () => {
    for (const one of known) {
      const suite = suiteOf(one.id);
      assert.equal(EXCHANGE[suite.exchange], one.exchange, one.name);
      const by = { anon: 'None', any: 'any', DSS: 'DSS' }[suite.authentication] ?? suite.authentication;
      assert.equal(by, one.authentication, one.name);
      const [, cipher = '', bits = ''] =
        /^(\w+?)(?:\/\w+)?(?:\((\d+)\))?$/.exec(one.cipher.replace('/POLY1305', '')) ?? [];
      assert.equal(suite.cipher.startsWith('NULL'), cipher === 'None', one.name);
      if (/AES|CAMELLIA|ARIA/i.test(cipher)) assert.ok(suite.cipher.includes(bits), one.name);
      assert.equal(suite.aead, /GCM|CCM|CHACHA/.test(one.cipher), one.name);
    }
  });

  it('no number occurs twice, and signalling values are not suites', () => {
    assert.equal(new Set(SUITES.map(({ id }) => id)).size, SUITES.length);
    assert.ok(SUITES.length > 290, String(SUITES.length));
    for (const { id, name } of SUITES) assert.ok(id !== 0x00ff && id !== 0x5600, name);
  });

  it('an unknown suite is described without a guess', () => {
    const { name, aead, forwardSecret } = suiteOf(0xfafa);
    assert.deepEqual([name, aead, forwardSecret], ['TLS_UNKNOWN_0xfafa', false, false]);
  });
});
