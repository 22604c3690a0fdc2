import assert from 'node:assert/strict';
import { createPrivateKey, createPublicKey } from 'node:crypto';
import { lineages, publicHalves } from '../../../src/gather/lineages.ts';
import { remoteFile } from '../../support/plan/host.ts';
import { certificates } from '../verify/host.ts';

const LIVE = '/etc/letsencrypt/live/';

describe('gather: lineages', () => {
  const half = (key: string): string =>
    createPublicKey(createPrivateKey(key)).export({ type: 'spki', format: 'pem' }).toString();
  const keyOf = (which: 'good' | 'older'): string => `${LIVE}a/\n${half(certificates()[which].key)}`;

  const KEYS: readonly { what: string; chain: () => string; keys: () => string; fits: boolean }[] = [
    { what: 'its own key', chain: () => `${certificates().good.cert}more`, keys: () => keyOf('good'), fits: true },
    { what: 'the key of another', chain: () => certificates().good.cert, keys: () => keyOf('older'), fits: false },
    { what: 'a key that says nothing', chain: () => certificates().good.cert, keys: () => `${LIVE}a/\n`, fits: false },
    { what: 'no key', chain: () => certificates().good.cert, keys: () => '', fits: false },
    {
      what: 'a chain in the wrong order',
      chain: () => certificates().root + certificates().good.cert,
      keys: () => keyOf('good'),
      fits: false,
    },
    { what: 'what is no certificate', chain: () => 'PEM', keys: () => keyOf('good'), fits: false },
    {
      what: 'a key that nobody could look at',
      chain: () => certificates().good.cert,
      keys: () => `${LIVE}a/\nunknown`,
      fits: true,
    },
  ];
  for (const { what, chain, keys, fits } of KEYS)
    it(`${what}: ${fits ? 'can' : 'cannot'} be served`, () => {
      const found = lineages([remoteFile(`${LIVE}a/fullchain.pem`, chain())], keys(), []);
      assert.deepEqual(found, [{ name: 'a', chain: chain(), key: fits, authenticator: null }]);
    });

  it('a key with a line that begins with a slash, as one in sixty does, is whole', () => {
    const [a, b] = [
      '-----BEGIN PUBLIC KEY-----\nMFkw\n/etcAA==\n-----END',
      '-----BEGIN PUBLIC KEY-----\n/8w=\n-----END',
    ];
    assert.deepEqual(
      publicHalves(`${LIVE}a/\n${a}\n${LIVE}b/\n${b}\n${LIVE}c/\n`),
      new Map([
        [`${LIVE}a/`, a],
        [`${LIVE}b/`, b],
        [`${LIVE}c/`, ''],
      ]),
    );
  });

  it('each with its own key, and no file from elsewhere', () => {
    const { good, older } = certificates();
    const files = [
      remoteFile(`${LIVE}a/fullchain.pem`, good.cert),
      remoteFile(`${LIVE}b/fullchain.pem`, older.cert),
      remoteFile('/etc/x/fullchain.pem', good.cert),
    ];
    const keys = `${LIVE}a/\n${half(good.key)}${LIVE}b/\n${half(older.key)}`;
    const found = lineages(files, keys, ['taken a', 'own b webroot', 'taken b']);
    assert.deepEqual(
      found.map(({ name, key, authenticator }) => [name, key, authenticator]),
      [
        ['a', true, null],
        ['b', true, 'webroot'],
      ],
    );
  });
});
