/** What the user of a rehearsal had before and lacks afterwards. */
import assert from 'node:assert/strict';
import { losses } from '../../../src/rehearse/sessions.ts';

describe('rehearse: losses of the user', () => {
  const before = {
    tries: { 'mail by 25': null, 'read by 993': null, 'send by 587': 'answers "535"' },
    mail: ['folder INBOX 7'],
  };

  it('a way that worked and does not, and mail that is gone, are losses; what did not work before is none', () => {
    const now = { tries: { 'mail by 25': null, 'read by 993': 'is closed' }, mail: [] };
    assert.deepEqual(losses(before, now), [
      'read by 993 worked before, and does not now: is closed',
      '1 of 1 folders, subscriptions and messages are not as before, the first: folder INBOX 7',
    ]);
  });

  it('a way that is not tried any more is a closed port', () => {
    const now = { tries: { 'mail by 25': null }, mail: before.mail };
    assert.deepEqual(losses(before, now), ['read by 993 worked before, and does not now: the port is closed']);
  });

  it('a mail for a folder that no script filed is sent once, and its absence later is no loss', () => {
    const tries = {
      'mail by 25 for a folder': null,
      'filing by a Sieve script': 'not in Rehearsal: to be filed as it is',
    };
    assert.deepEqual(losses({ tries, mail: [] }, { tries: {}, mail: [] }), []);
    const filed = { ...tries, 'filing by a Sieve script': null };
    assert.equal(losses({ tries: filed, mail: [] }, { tries: {}, mail: [] }).length, 2);
  });
});
