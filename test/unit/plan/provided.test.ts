/** What is said of a certificate that the admin brings: fit to be served, or why not. */
import assert from 'node:assert/strict';
import { createPublicKey } from 'node:crypto';
import { HardenMailError } from '../../../src/model/errors.ts';
import type { Policy, Provided } from '../../../src/model/index.ts';
import { assertProvided, selfSignedNotes } from '../../../src/tasks/provided.ts';
import type { Certificates } from '../../support/certificates.ts';
import { certificates } from '../verify/host.ts';
import { host } from '../../support/plan/host.ts';

const own = { cert: '/etc/ssl/mail/chain.pem', key: '/etc/ssl/mail/key.pem' };
const half = ({ key }: { key: string }) =>
  createPublicKey(key).export({ type: 'spki', format: 'pem' }).toString().trim();

function judge(over: Partial<Provided> | ((all: Certificates) => Partial<Provided>) = {}, after = 0): string {
  const { good, root } = certificates();
  const provided: Provided = {
    ...own,
    chain: good.cert + root,
    publicKey: half(good),
    missing: [],
    exposed: false,
    keyInside: false,
    changed: 0,
    ...(typeof over === 'function' ? over(certificates()) : over),
  };
  const { facts } = host({}).snapshot;
  const now = Date.now() / 1000 + after * 86_400;
  const policy: Policy = { profile: 'standard', domain: 'mx.example.test', domains: ['mx.example.test'], own };
  try {
    assertProvided({ ...facts, now, provided }, policy);
    return 'fit';
  } catch (error) {
    assert.ok(error instanceof HardenMailError, String(error));
    assert.equal(error.code, 'CERTIFICATE_UNUSABLE');
    assert.match(error.hint, /^Nothing was written\. \S/);
    return error.message;
  }
}

const FIT: Readonly<Record<string, (all: Certificates) => Partial<Provided>>> = {
  'with its root': () => ({}),
  'without its issuer': ({ good }) => ({ chain: good.cert }),
  'with its intermediate': ({ noIntermediate, intermediate }) => ({
    chain: noIntermediate.cert + intermediate,
    publicKey: half(noIntermediate),
  }),
  'signed by itself': ({ selfSigned }) => ({ chain: selfSigned.cert, publicKey: half(selfSigned) }),
  'with text around the blocks': ({ good }) => ({ chain: `subject=CN\n${good.cert}\n# end\n` }),
  'with a wildcard': ({ wildcard }) => ({ chain: wildcard.cert, publicKey: half(wildcard) }),
};

const UNFIT: readonly (readonly [string, (all: Certificates) => Partial<Provided>, RegExp])[] = [
  [
    'whose key file does not exist',
    () => ({ missing: [own.key] }),
    /^the file \/etc\/ssl\/mail\/key\.pem does not exist on the host$/,
  ],
  ['in /tmp', () => ({ cert: '/tmp/chain.pem' }), /^\/tmp\/chain\.pem is in a temporary folder/],
  ['with the key in its file', () => ({ keyInside: true }), /chain\.pem holds a private key with the certificate/],
  ['whose key every user can read', () => ({ exposed: true }), /key\.pem can be read by every user of the host$/],
  ['on a host without openssl', () => ({ publicKey: 'unknown' }), /^the host has no openssl, so the tool cannot check/],
  ['with a key under a password', () => ({ publicKey: '' }), /is not in PEM format, is truncated, or has a password$/],
  ['whose file holds no PEM block', () => ({ chain: '' }), /holds no certificate in PEM format$/],
  [
    'that cannot be parsed',
    () => ({ chain: '-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----' }),
    /^certificate 1 of .* cannot be read$/,
  ],
  ['with another key', ({ older }) => ({ publicKey: half(older) }), /key\.pem does not belong to \S+chain\.pem$/],
  [
    'whose chain is in the wrong order',
    ({ good, root }) => ({ chain: root + good.cert }),
    /belongs to certificate 2 of \S+, but the host's own certificate must come first$/,
  ],
  [
    'whose chain belongs to another certificate',
    ({ good, otherName }) => ({ chain: good.cert + otherName.cert }),
    /^certificate 2 of \S+ \(.*\) did not issue the one before it \(.*\)$/,
  ],
  [
    'for another name',
    ({ otherName }) => ({ chain: otherName.cert, publicKey: half(otherName) }),
    /is not for mx\.example\.test but for DNS:www\.example\.test$/,
  ],
  [
    'with a common name only',
    ({ commonName }) => ({ chain: commonName.cert, publicKey: half(commonName) }),
    /is not for mx\.example\.test but for no name at all$/,
  ],
];

describe('plan: a certificate that the administrator supplies', () => {
  before(() => void certificates());
  for (const [what, over] of Object.entries(FIT))
    it(`a certificate ${what} is accepted`, () => assert.equal(judge(over), 'fit'));
  for (const [what, over, message] of UNFIT)
    it(`a certificate ${what} is refused`, () => assert.match(judge(over), message));
  it('a certificate on its last day is accepted', () => assert.equal(judge({}, 89.9), 'fit'));
  it('an expired certificate is refused', () =>
    assert.match(judge({}, 90.1), /chain\.pem expired on \d{4}-\d\d-\d\d \(/));
  it('a certificate from the future is refused', () =>
    assert.match(judge({}, -2), /is not valid before \d{4}-\d\d-\d\d \(/));

  describe('that is self-signed', () => {
    const told = (trust: readonly string[], acmeCa?: string): string[] => {
      const { selfSigned } = certificates();
      const provided: Provided = { ...own, chain: selfSigned.cert, publicKey: half(selfSigned), missing: [], exposed: false, keyInside: false, changed: 0 }; // oxfmt-ignore
      const policy: Policy = { profile: 'standard', domain: 'mx.example.test', domains: [], own, ...(acmeCa !== undefined && { request: { acmeCa } }) }; // oxfmt-ignore
      return selfSignedNotes({ ...host({}).snapshot.facts, provided }, policy, trust).map(({ text }) => text);
    };

    it('the plan warns beforehand, with the next step', () => {
      assert.match(
        told([])[0] ?? '',
        /^\/etc\/ssl\/mail\/chain\.pem is self-signed: .*\. Next: --ca with a copy of it/,
      );
    });

    it('the plan does not warn when the checks trust the certificate', () => {
      const { selfSigned, good } = certificates();
      assert.deepEqual([told([selfSigned.cert]), told([], selfSigned.cert), told([good.cert]).length], [[], [], 1]);
    });
  });
});
