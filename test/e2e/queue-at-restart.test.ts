/** A Postfix that the transaction restarts while delivery agents are at work. */

import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import { lab } from '../../src/lab/lab.ts';
import type { LabHost } from '../../src/lab/lab.ts';
import { hardenMail, issuedBy, to } from '../support/cli.ts';
import { assertTidy } from '../support/host.ts';

const MAILS = 16;
/** Delivers, and is slow to say so. */
const DELIVERS = 'mailbox_command = cat >>/tmp/got; sleep 2';

describe('mail that Postfix delivers while apply restarts it', () => {
  let host: LabHost;
  let flags: string[];
  before(async () => {
    host = await lab.host({ release: 'trixie', mail: true, users: [{ name: 'alice', password: 'wonder land' }] });
    flags = ['apply', '--yes', '--no-diff', ...to(host), ...(await issuedBy(await lab.acme()))];
    await host.run(`postconf -e '${DELIVERS}' 'mydestination = $myhostname, localhost' local_destination_concurrency_limit=2 && systemctl restart postfix`); // oxfmt-ignore
  });
  after(() => host.stop());

  it('each is delivered once, and main.cf is as the plan wants it', async () => {
    // A program that dies at its start: after that a reload of Postfix does not help, and apply restarts it.
    await host.run(`set -e; cp /bin/false /usr/lib/postfix/sbin/dies; cp -a /etc/postfix/master.cf /root/
      echo '127.0.0.1:2526 inet n - n - 1 dies' >>/etc/postfix/master.cf; postfix reload 2>&1; sleep 1
      bash -c ': </dev/tcp/127.0.0.1/2526' || true; cp -a /root/master.cf /etc/postfix/`);
    await host.run(`for n in $(seq ${MAILS}); do printf 'Subject: mail %s\\n\\ntext\\n' $n | /usr/sbin/sendmail alice; done`); // oxfmt-ignore
    const { code, stdout, stderr } = await hardenMail(flags);
    assert.equal(code, 0, stdout + stderr);
    assert.match(
      await host.run('journalctl -q -o cat -t postfix/master'),
      /terminating on signal 15\n.*daemon started/,
    );
    for (const deadline = Date.now() + 120_000; (await host.run('mailq')) !== 'Mail queue is empty\n'; await sleep(500))
      assert.ok(Date.now() < deadline, await host.run('mailq'));
    const subjects = (await host.run("sed -n 's/^Subject: //p' /tmp/got")).trim().split('\n');
    assert.deepEqual(subjects.toSorted(), Array.from({ length: MAILS }, (_, n) => `mail ${n + 1}`).toSorted());
    assert.equal(await host.run('grep -c harden-mail /etc/postfix/main.cf || true'), '0\n');
    await assertTidy(host);
  });
});
