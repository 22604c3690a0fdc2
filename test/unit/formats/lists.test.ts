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
  // Who refuses to relay for his own networks goes on to.
  ['reject_unauth_destination', 'permit_sasl_authenticated, reject_unauth_destination'],
  [
    'reject_unauth_destination, permit_mynetworks',
    'permit_sasl_authenticated, reject_unauth_destination, permit_mynetworks',
  ],
  ['permit_sasl_authenticated, reject', 'permit_sasl_authenticated, reject'],
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
      const result = ensureMembers(before, WANTED);
      assert.ok('value' in result);
      assert.equal(result.value, after);
      assert.deepEqual(ensureMembers(after, WANTED), { value: after, passed: [] });
    });
  }

  it('does not move a permit before what refuses', () => {
    const result = ensureMembers('reject_unauth_destination, permit_sasl_authenticated', WANTED);
    assert.ok('conflict' in result);
    assert.match(result.conflict, /reject_unauth_destination stands before permit_sasl_authenticated/);
  });

  it('names what those who are permitted are not asked about any more', () => {
    const before =
      'reject_rbl_client a.example, reject_unauth_destination, permit_dnswl_client b.example, check_policy_service unix:q, reject';
    const result = ensureMembers(before, WANTED);
    assert.deepEqual('passed' in result && result.passed, ['check_policy_service unix:q']);
  });

  it('inserts a member before another, or at the end', () => {
    assert.equal(insertMember('a, b', 'c', 'b'), 'a, c, b');
    assert.equal(insertMember('a, b', 'c', null), 'a, b, c');
    assert.equal(insertMember('a, B', 'b', 'a'), 'a, B');
  });
});
