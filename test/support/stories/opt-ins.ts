/** check tells by the daemons themselves what they run with; whoever had them reload. Of a host that is hardened. */

import assert from 'node:assert/strict';
import type { LabHost } from '../../../src/lab/lab.ts';
import { hardenMail } from '../cli.ts';

export function seesWhatRuns(given: () => { readonly host: LabHost; readonly flags: readonly string[] }): void {
  describe('the files that the daemons run with', () => {
    async function check(expected: number, says: RegExp): Promise<void> {
      const { code, stdout, stderr } = await hardenMail(['check', ...given().flags]);
      assert.equal(code, expected, stdout + stderr);
      assert.match(stdout, says);
    }
    const WELL = /ok: as it should be, \d+ checks passed\n$/;

    it('check passes after a renewal that the hook has loaded, even after a daemon-reload of systemd', async () => {
      await given().host.run(
        'sleep 1.1; certbot renew -q --force-renewal --no-random-sleep-on-renew; systemctl daemon-reload',
      );
      await check(0, WELL);
    });

    it('check reports drift when files have changed and Dovecot has refused the reload', async () => {
      await given().host.run(`sleep 1.1
        touch /etc/postfix/main.cf
        cp -a /etc/dovecot/dovecot.conf /root/dovecot.conf
        echo 'nonsense = 1' >>/etc/dovecot/dovecot.conf
        systemctl reload dovecot || true
        sleep 2.1 # so long Dovecot starts no other process to read them
        cp -a /root/dovecot.conf /etc/dovecot/dovecot.conf`);
      await check(2, /drift: reload dovecot, postfix; `harden-mail apply` fixes it\. Nothing was written\.\n$/);
    });

    it('check passes after a reload by hand', async () => {
      await given().host.run('postfix reload 2>/dev/null; doveadm reload; sleep 1');
      await check(0, WELL);
    });
  });
}
