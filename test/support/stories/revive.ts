/** Clients that connect while Dovecot does not answer, in the middle of an apply. For one release. */

import assert from 'node:assert/strict';
import { lab } from '../../../src/lab/lab.ts';
import type { LabHost } from '../../../src/lab/lab.ts';
import { hardenMail, issuedBy, to, type Outcome } from '../cli.ts';

export function reviveTests(release: 'bookworm' | 'trixie'): void {
  let host: LabHost;
  let flags: string[];
  before(async () => {
    host = await lab.host({ release, mail: true });
    flags = [...to(host), ...(await issuedBy(await lab.acme()))];
    const { code, stdout, stderr } = await apply();
    assert.equal(code, 0, stdout + stderr);
  });
  after(() => host.stop());

  const apply = (): Promise<Outcome> => hardenMail(['apply', '--yes', '--no-diff', ...flags]);

  // Postfix first: where an smtpd has died within the last minute, a reload becomes a restart.
  for (const [who, touched] of [
    [release === 'bookworm' ? 'postfix@-' : 'postfix', '/etc/dovecot/conf.d/10-ssl.conf /etc/postfix/main.cf'],
    ['dovecot', '/etc/dovecot/conf.d/10-ssl.conf'],
  ] as const)
    it(`apply revives a Postfix whose smtpd found no Dovecot at the reload of ${who}`, async () => {
      // Clients connect in the moment in which Dovecot does not answer. The reload plays it: the socket is elsewhere meanwhile.
      await host.write(
        '/usr/local/sbin/unlucky',
        `#!/bin/sh
          doveadm reload
          sleep 0.3
          postfix reload
          mv /var/spool/postfix/private/auth /root/
          for i in 1 2 3 4 5 6; do (sleep 0.5; echo QUIT) | timeout 2 openssl s_client -quiet -connect 127.0.0.1:465 & sleep 0.1; done
          sleep 1
          mv /root/auth /var/spool/postfix/private/\n`,
        '0755',
      );
      const dropIn = `/run/systemd/system/${who}.service.d`;
      await host.run(`mkdir -p ${dropIn}; printf '[Service]\nExecReload=\nExecReload=/usr/local/sbin/unlucky\n' >${dropIn}/unlucky.conf
        systemctl daemon-reload; date +%s >/root/began; sleep 1.1; touch ${touched}`);
      const { code, stdout, stderr } = await apply();
      await host.run(`rm -r ${dropIn} /usr/local/sbin/unlucky; systemctl daemon-reload`);
      assert.equal(code, 0, stdout + stderr);
      assert.match(stdout, /changed: .*, \d+ checks passed$/m);
      await host.run(
        'journalctl -q -o cat --since "@$(cat /root/began)" | grep "fatal: no SASL authentication mechanisms"',
      );
    });
}
