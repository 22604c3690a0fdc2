import assert from 'node:assert/strict';
import { ensureMembers, insertMember, listMembers } from '../../../src/formats/lists.ts';

const WANTED = ['permit_mynetworks', 'permit_sasl_authenticated', 'reject_unauth_destination'];
const ALL = WANTED.join(', ');

const CASES: readonly (readonly [string, string])[] = [
  ['', ALL],
  [ALL, ALL],
  ['permit_mynetworks, reject_unauth_destination', ALL],
  ['permit_mynetworks reject_unauth_destination', WANTED.join(' ')],
  [
    'permit_mynetworks, reject_unauth_destination, reject_rbl_client zen.example',
    `${ALL}, reject_rbl_client zen.example`,
  ],
  [
    'permit_sasl_authenticated, permit_mynetworks, reject_unauth_destination',
    'permit_sasl_authenticated, permit_mynetworks, reject_unauth_destination',
  ],
  ['permit_mynetworks, reject_rbl_client zen.example', `${ALL}, reject_rbl_client zen.example`],
  [
    'permit_mynetworks, permit_sasl_authenticated, defer_unauth_destination',
    'permit_mynetworks, permit_sasl_authenticated, defer_unauth_destination',
  ],
  ['permit_mynetworks, reject', 'permit_mynetworks, permit_sasl_authenticated, reject'],
  ['permit_mynetworks, permit', 'permit_mynetworks, permit_sasl_authenticated, reject_unauth_destination, permit'],
  ['permit_mynetworks, warn_if_reject reject_unauth_destination', `${ALL}, warn_if_reject reject_unauth_destination`],
  ['check_policy_service inet:127.0.0.1:10023', `check_policy_service inet:127.0.0.1:10023, ${ALL}`],
];

describe('formats: lists', () => {
  it('splits at commas and white space, not in braces', () => {
    assert.deepEqual(listMembers(' a,b\tc ,, { d, e } check_policy_service inet:[::1]:1,'), [
      'a',
      'b',
      'c',
      '{ d, e }',
      'check_policy_service',
      'inet:[::1]:1',
    ]);
  });

  for (const [before, after] of CASES) {
    it(`ensures the three in: ${before}`, () => {
      assert.deepEqual(ensureMembers(before, WANTED), { value: after });
      assert.deepEqual(ensureMembers(after, WANTED), { value: after });
    });
  }

  it('does not move a permit before what refuses', () => {
    const result = ensureMembers('reject_unauth_destination, permit_mynetworks', WANTED);
    assert.ok('conflict' in result);
    assert.match(result.conflict, /reject_unauth_destination stands before permit_mynetworks/);
  });

  it('inserts a member before another, or at the end', () => {
    assert.equal(insertMember('a, b', 'c', 'b'), 'a, c, b');
    assert.equal(insertMember('a, b', 'c', null), 'a, b, c');
    assert.equal(insertMember('a, B', 'b', 'a'), 'a, B');
  });
});
