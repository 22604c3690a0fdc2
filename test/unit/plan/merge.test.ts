import assert from 'node:assert/strict';
import type { Merge } from '../../../src/fragments/fragment.ts';
import { expandVariables } from '../../../src/formats/postfix/expand-variables.ts';
import { merge, type MergeDecision } from '../../../src/plan/merge/merge.ts';

const LEVEL: Merge = {
  how: 'at-least',
  value: 'may',
  scale: {
    by: 'ladder',
    rungs: ['none', 'may', 'encrypt'],
    implied: [{ where: [['smtpd_enforce_tls', 'yes']], means: 'encrypt' }],
  },
};
const USERS: Merge = { how: 'permit-users' };
const OFFER: Merge = { how: 'offer', value: 'yes', declined: 'no' };
const WORDS: Merge = { how: 'member', members: ['plain', 'login'], unset: 'write' };
const FULL = 'permit_mynetworks, permit_sasl_authenticated, reject_unauth_destination';

/** What the other settings say in these tests. */
const MAIN: Readonly<Record<string, string>> = {
  level: 'encrypt',
  same: '$value',
  value: 'yes',
  relay: FULL,
  half: 'permit_mynetworks, reject_unauth_destination',
  checks: 'reject_rbl_client zen.example.org',
  loop: '$loop$loop',
};
const read = (name: string): string | null => MAIN[name] ?? null;
const kept = { keep: true } as const;

describe('plan: merge', () => {
  const table: readonly (readonly [string, Merge, string | null, MergeDecision])[] = [
    ['set, absent', { how: 'set', value: 'yes' }, null, { to: 'yes' }],
    ['set, another', { how: 'set', value: 'yes' }, 'no', { to: 'yes' }],
    ['set, the same', { how: 'set', value: 'yes' }, 'yes', kept],
    ['set, in capitals', { how: 'set', value: 'yes' }, 'YES', kept],
    ['set, a name in capitals', { how: 'set', value: 'dovecot' }, 'Dovecot', { to: 'dovecot' }],
    ['set, by a variable', { how: 'set', value: 'yes' }, '$same', kept],
    ['set, to nothing', { how: 'set', value: 'yes' }, '', { to: 'yes' }],
    ['files, absent', { how: 'files', value: '/k, /c' }, null, { to: '/k, /c' }],
    ['files, on lines of their own', { how: 'files', value: '/k, /c, /k2, /c2' }, '  /k,  /c    /k2,/c2', kept],
    ['files, in another order', { how: 'files', value: '/k, /c' }, '/c, /k', { to: '/k, /c' }],
    ['files, by a variable', { how: 'files', value: 'yes' }, '$same', kept],
    ['default, absent', { how: 'default', value: '' }, null, { to: '' }],
    ['default, present', { how: 'default', value: 'no' }, 'yes', kept],
    ['default, set to nothing', { how: 'default', value: 'no' }, '', kept],
    ['remove, absent', { how: 'remove' }, null, kept],
    ['remove, present', { how: 'remove' }, '', { to: null }],
    ['at-least, absent', LEVEL, null, { to: 'may' }],
    ['at-least, set to nothing', LEVEL, '', { to: 'may' }],
    ['at-least, laxer', LEVEL, 'none', { to: 'may' }],
    ['at-least, the same', LEVEL, 'may', kept],
    [
      'at-least, stricter',
      LEVEL,
      'encrypt',
      { keep: true, note: 'encrypt stays: it is as strict as may, or stricter' },
    ],
    [
      'at-least, by a variable',
      LEVEL,
      '${level}',
      { keep: true, note: '${level} stays: it is as strict as may, or stricter' },
    ],
    [
      'at-least, unknown',
      LEVEL,
      'dane',
      { keep: true, note: 'dane stays: this tool cannot tell how strict it is', level: 'warning' },
    ],
    ['words, absent', WORDS, null, { to: 'plain login' }],
    ['words, all there', WORDS, 'LOGIN gssapi Plain', kept],
    ['words, some there', WORDS, 'plain gssapi', { to: 'plain gssapi login' }],
    ['words, with commas', WORDS, 'plain, gssapi', { to: 'plain, gssapi, login' }],
    ['words, empty', WORDS, '', { to: 'plain login' }],
    ['offer, absent', OFFER, null, { to: 'yes' }],
    ['offer, accepted already', OFFER, 'YES', kept],
    ['offer, declined', OFFER, 'no', { keep: true, note: 'no stays: you have set it so' }],
    ['permit-users, absent', USERS, null, kept],
    ['permit-users, empty', USERS, '', kept],
    ['permit-users, present', USERS, `reject_rbl_client x, ${FULL}, permit`, kept],
    ['permit-users, present in a variable', USERS, 'reject_non_fqdn_sender, $relay', kept],
    [
      'permit-users, directly before the refusal',
      USERS,
      '$checks, reject_unauth_destination',
      { to: '$checks, permit_sasl_authenticated, reject_unauth_destination' },
    ],
    [
      'permit-users, a check behind the refusal',
      USERS,
      'reject_unauth_destination, check_policy_service unix:private/quota',
      {
        keep: true,
        note: 'reject_unauth_destination, check_policy_service unix:private/quota stays, so users cannot send by it: users would bypass check_policy_service unix:private/quota',
        level: 'warning',
      },
    ],
    [
      'permit-users, refused before they are permitted',
      USERS,
      'permit_mynetworks, reject_unauth_destination, permit_sasl_authenticated',
      {
        keep: true,
        note: 'permit_mynetworks, reject_unauth_destination, permit_sasl_authenticated stays, so users cannot send by it: reject_unauth_destination stands before permit_sasl_authenticated: moving it would permit mail that is refused now',
        level: 'warning',
      },
    ],
    [
      'permit-users, refused within a variable',
      USERS,
      '$half',
      {
        keep: true,
        note: '$half stays, so users cannot send by it: permit_sasl_authenticated belongs in it, before what refuses to relay',
        level: 'warning',
      },
    ],
    ['service', { how: 'service', samples: ['smtps'] }, null, kept],
  ];
  for (const [title, wanted, current, decision] of table) {
    it(`the merge decides as expected: ${title}`, () => assert.deepEqual(merge(wanted, current, read), decision));
  }

  it('an older setting gives the level only while the new setting is absent', () => {
    const enforce = (name: string): string | null => (name === 'smtpd_enforce_tls' ? 'Yes' : null);
    assert.deepEqual(merge(LEVEL, null, enforce), { to: 'encrypt' });
    assert.deepEqual(merge(LEVEL, '', enforce), { to: 'encrypt' });
    assert.deepEqual(merge(LEVEL, 'may', enforce), kept);
    assert.deepEqual(
      merge(LEVEL, null, () => 'no'),
      { to: 'may' },
    );
  });

  it('a second merge keeps the result of the first one', () => {
    for (const [title, wanted, current] of table) {
      const once = merge(wanted, current, read);
      if ('to' in once) assert.ok('keep' in merge(wanted, once.to, read), title);
    }
  });
});

describe('plan: variables of main.cf', () => {
  for (const [value, expected] of [
    ['$value', 'yes'],
    ['${value}', 'yes'],
    ['$(value)', 'yes'],
    ['a $same,b', 'a yes,b'],
    ['$unknown ${unknown}', '$unknown ${unknown}'],
    ['$$value', '$$value'],
    ['${value?x} ${value?{a}:{b}}', '${value?x} ${value?{a}:{b}}'],
    ['5 $', '5 $'],
  ] as const) {
    it(`${value} expands to ${expected}`, () => assert.equal(expandVariables(value, read), expected));
  }

  it('the expansion ends even if a variable refers to itself', () => {
    assert.ok(expandVariables('$loop', read).length < 10_000_000);
    assert.equal(
      expandVariables('$a', () => '$a'),
      '$a',
    );
  });
});
