/** Mail that is on its way while things happen: twenty that wait in the queue, and one that comes afterwards. */

import assert from 'node:assert/strict';
import type { LabHost } from '../../../src/lab/lab.ts';
import { SMTP, talkInClear } from '../../support/talk.ts';
import type { Peer } from '../../support/talk.ts';
import { until } from '../../support/faults/state.ts';

/** Whose mail is deferred until /run/deliver is there, and then kept in one folder, a file a delivery. */
export async function installMailboxes(host: LabHost): Promise<void> {
  await host.run(`set -e
    useradd -m later; useradd -m canary
    printf '%s\\n' '"|/usr/local/bin/keep"' >/home/later/.forward
    printf '%s\\n' '#!/bin/sh' '[ -e /run/deliver ] || exit 75' 'umask 022' \\
      'cat >"$(mktemp /home/later/mail.XXXXXXXX)"' >/usr/local/bin/keep
    chmod 755 /usr/local/bin/keep; chown later: /home/later/.forward`);
}

/** Twenty mails in the queue, tried once and deferred. */
export async function queueMail(host: LabHost, peer: Peer, cell: string): Promise<void> {
  await host.run('rm -f /run/deliver /home/later/mail.*; postsuper -d ALL >/dev/null 2>&1; true');
  const mails = Array.from({ length: 20 }, (_, n) => `Subject: ${cell}-${n + 1}\r\n\r\nlater`);
  await send(peer, `later@${host.name}`, mails);
  await until('twenty mails are deferred', async () => {
    return (await host.run('find /var/spool/postfix/deferred -type f | wc -l')).trim() === '20';
  });
}

/** All twenty have come, each once. */
export async function assertDelivered(host: LabHost, cell: string): Promise<void> {
  await host.run(': >/run/deliver; postqueue -f');
  await until('twenty mails have come', async () => {
    return (await host.run("find /home/later -name 'mail.*' -size +0 | wc -l; find /var/spool/postfix/deferred /var/spool/postfix/active /var/spool/postfix/incoming -type f | wc -l")) === '20\n0\n'; // oxfmt-ignore
  });
  const subjects = (await host.run("cat /home/later/mail.* | sed -n 's/^Subject: //p' | sort")).trim().split('\n');
  assert.deepEqual(subjects, Array.from({ length: 20 }, (_, n) => `${cell}-${n + 1}`).sort());
}

/** A mail from a stranger, by port 25, arrives. */
export async function assertCanary(host: LabHost, peer: Peer, cell: string): Promise<void> {
  await send(peer, `canary@${host.name}`, [`Subject: canary-${cell}\r\n\r\nsings`]);
  await until('the canary has come', async () => {
    return (await host.exec(`grep -qx 'Subject: canary-${cell}' /var/mail/canary`)).code === 0;
  });
}

/** A stranger's mails, one after the other in one session of port 25, are all taken. */
async function send(peer: Peer, recipient: string, mails: readonly string[]): Promise<void> {
  const smtp = await talkInClear(peer);
  await smtp.until(SMTP);
  const ask = async (line: string): Promise<void> => {
    const answer = (await smtp.ask(line, SMTP)).at(-1) ?? '';
    assert.match(answer, /^[23]/, `${line}: ${answer}`);
  };
  await ask('EHLO client.example');
  for (const mail of mails)
    for (const line of ['MAIL FROM:<a@client.example>', `RCPT TO:<${recipient}>`, 'DATA', `${mail}\r\n.`])
      await ask(line);
  smtp.end();
}
