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
    {
      what: 'a chain with its own key',
      chain: () => `${certificates().good.cert}more`,
      keys: () => keyOf('good'),
      fits: true,
    },
    {
      what: 'a chain with the key of another certificate',
      chain: () => certificates().good.cert,
      keys: () => keyOf('older'),
      fits: false,
    },
    {
      what: 'a chain with a key whose public half is empty',
      chain: () => certificates().good.cert,
      keys: () => `${LIVE}a/\n`,
      fits: false,
    },
    { what: 'a chain without a key', chain: () => certificates().good.cert, keys: () => '', fits: false },
    {
      what: 'a chain in the wrong order',
      chain: () => certificates().root + certificates().good.cert,
      keys: () => keyOf('good'),
      fits: false,
    },
    { what: 'a file that is not a certificate', chain: () => 'PEM', keys: () => keyOf('good'), fits: false },
    {
      what: 'a chain with a key that could not be read',
      chain: () => certificates().good.cert,
      keys: () => `${LIVE}a/\nunknown`,
      fits: true,
    },
  ];
  for (const { what, chain, keys, fits } of KEYS)
    it(`${what} ${fits ? 'can' : 'cannot'} be served`, () => {
      const found = lineages([remoteFile(`${LIVE}a/fullchain.pem`, chain())], keys(), []);
      assert.deepEqual(found, [{ name: 'a', chain: chain(), key: fits, authenticator: null }]);
    });

  it('a key with a line that begins with a slash is read whole', () => {
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

  it('each lineage has its own key, and a file outside of live/ is no lineage', () => {
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
