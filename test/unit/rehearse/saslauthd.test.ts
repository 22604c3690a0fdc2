import assert from 'node:assert/strict';
import { saslauthdFor } from '../../../src/rehearse/saslauthd.ts';

describe('rehearse: saslauthd', () => {
  it('the copy runs each saslauthd that the host runs, with its mechanism and at its socket', () => {
    const lines = [
      '/usr/sbin/saslauthd -a pam -c -m /var/spool/postfix/var/run/saslauthd -n 5 ',
      'saslauthd -d -a shadow ',
    ];
    const { script, notes } = saslauthdFor({ saslauthd: lines });
    assert.match(script, /^systemctl stop saslauthd/);
    assert.match(script, /-0 .* saslauthd -d -a 'pam' -m '\/var\/spool\/postfix\/var\/run\/saslauthd'$/m);
    assert.match(script, /-1 .* saslauthd -d -a 'shadow' -m '\/var\/run\/saslauthd'$/m);
    assert.deepEqual(notes, []);
  });

  it('a saslauthd that asks another server is named, and not started', () => {
    const { script, notes } = saslauthdFor({ saslauthd: ['/usr/sbin/saslauthd -a ldap -m /run/saslauthd'] });
    assert.equal(script, '');
    assert.match(notes.join(), /^saslauthd asks ldap/);
  });

  it('a host without saslauthd gets none', () => {
    assert.deepEqual(saslauthdFor({ saslauthd: [] }), { script: '', notes: [] });
  });
});
