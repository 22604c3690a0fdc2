import assert from 'node:assert/strict';
import { insertMember, listMembers, permitUsers } from '../../../src/formats/text/lists.ts';

/** A list, and what it becomes; null: it is as it should be. */
const PERMITTED: readonly (readonly [list: string, becomes: string | null])[] = [
  ['', null],
  ['permit_mynetworks, permit_sasl_authenticated, reject_unauth_destination', null],
  ['permit_mynetworks, permit_sasl_authenticated, defer_unauth_destination', null],
  ['permit_sasl_authenticated, reject', null],
  ['permit_mynetworks, permit', null],
  ['check_policy_service inet:127.0.0.1:10023', null],
  ['permit_mynetworks, warn_if_reject reject_unauth_destination', null],
  [
    'permit_mynetworks, reject_unauth_destination',
    'permit_mynetworks, permit_sasl_authenticated, reject_unauth_destination',
  ],
  ['permit_mynetworks reject', 'permit_mynetworks permit_sasl_authenticated reject'],
  ['reject_unauth_destination', 'permit_sasl_authenticated, reject_unauth_destination'],
  [
    'check_client_access hash:x, reject_rbl_client a.test, defer_unauth_destination',
    'check_client_access hash:x, reject_rbl_client a.test, permit_sasl_authenticated, defer_unauth_destination',
  ],
];

/** A list that stays, and why. */
const KEPT: readonly (readonly [list: string, why: RegExp])[] = [
  ['reject_unauth_destination, permit_sasl_authenticated', /^reject_unauth_destination stands before permit_sasl_/],
  ['permit_mynetworks, reject_unauth_destination, reject_rbl_client a.test', /bypass reject_rbl_client a\.test$/],
  ['permit_mynetworks, reject_unauth_destination, check_policy_service unix:q', /check_policy_service unix:q$/],
  ['check_sasl_access hash:senders, reject_unauth_destination', /^check_sasl_access hash:senders says which users/],
];

describe('formats: lists', () => {
  it('a list is split at commas and white space, but not within braces', () => {
    assert.deepEqual(listMembers(' a,b\tc ,, { d, e } check_policy_service inet:[::1]:1,'), [
      'a',
      'b',
      'c',
      '{ d, e }',
      'check_policy_service',
      'inet:[::1]:1',
    ]);
  });

  for (const [list, becomes] of PERMITTED)
    it(`permitUsers ${becomes === null ? 'leaves' : 'adds the permit directly before the refusal in'} "${list}"`, () => {
      assert.deepEqual(permitUsers(list), { value: becomes ?? list });
      if (becomes !== null) assert.deepEqual(permitUsers(becomes), { value: becomes });
    });

  for (const [list, why] of KEPT)
    it(`permitUsers keeps "${list}" and gives the reason`, () => {
      const result = permitUsers(list);
      assert.ok('kept' in result, JSON.stringify(result));
      assert.match(result.kept, why);
    });

  it('insertMember puts a member before another one or at the end', () => {
    assert.equal(insertMember('a, b', 'c', 'b'), 'a, c, b');
    assert.equal(insertMember('a, b', 'c', null), 'a, b, c');
    assert.equal(insertMember('a, B', 'b', 'a'), 'a, B');
  });
});
