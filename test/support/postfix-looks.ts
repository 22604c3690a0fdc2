/** Sessions that show what a setting of Postfix does. */

import { setTimeout as sleep } from 'node:timers/promises';
import type { LabHost } from '../../src/lab/lab.ts';
import { SMTP, talkInClear } from './talk.ts';

/** Servers without TLS that take mail and forget it: SMTP on 2525, LMTP on 2526; `sink.hosts.example` leads to them. */
export async function startSinks(host: LabHost): Promise<void> {
  await host.run(`systemd-run -q --unit sink smtp-sink -u nobody 127.0.0.1:2525 100
    systemd-run -q --unit lmtp-sink smtp-sink -L -u nobody 127.0.0.1:2526 100
    echo '127.0.0.1 sink.hosts.example' >>/etc/hosts`);
}

/** Sends a mail from the host, and gives the line of the log about its first try. */
export async function sent(host: LabHost, to: string): Promise<string> {
  const journal = await host.run('journalctl -q --no-pager --show-cursor -n 0');
  const cursor = /^-- cursor: (.*)$/m.exec(journal)?.[1] ?? '';
  await host.run(`printf 'Subject: test\\n\\ntext\\n' | /usr/sbin/sendmail -f alice ${to}`);
  for (const deadline = Date.now() + 60_000; Date.now() < deadline; await sleep(300)) {
    const log = await host.run(`journalctl -q --no-pager -o cat --after-cursor='${cursor}' -t postfix/smtp -t postfix/lmtp -t postfix/error -t postfix/qmgr -t postfix/bounce || true`); // oxfmt-ignore
    const line = log.split('\n').find((one) => one.includes(`to=<${to}>`) && one.includes('status='));
    if (line === undefined) continue;
    await host.run('postsuper -d ALL');
    return line;
  }
  return 'nothing in the log';
}

/** A letter every 2.5 s: the answer, or that none came in 12 s. */
export async function dripped(host: LabHost): Promise<string> {
  const talk = await talkInClear({ address: host.address, port: 25, name: host.name, root: '' });
  try {
    await talk.until(SMTP);
    const answer = talk.until(SMTP).then((lines) => lines.join('\n'));
    answer.catch(() => {});
    for (const letter of 'NOOPS') {
      talk.say(letter, '');
      const said = await Promise.race([answer, sleep(2500)]);
      if (said !== undefined) return said;
    }
    return 'it waits';
  } finally {
    talk.end();
  }
}

/** An envelope from one loopback address to another, inside the host: the last answer. */
export async function greeted(host: LabHost, from: string, to: string): Promise<string> {
  const program = `
import smtplib, sys
try:
    one = smtplib.SMTP(sys.argv[2], 25, source_address=(sys.argv[1], 0), timeout=30)
    one.ehlo("client.example")
    one.mail("sender@away.example")
    print(*[part if isinstance(part, int) else part.decode() for part in one.rcpt(sys.argv[3])])
except smtplib.SMTPResponseException as error:
    print(error.smtp_code, error.smtp_error.decode())
except smtplib.SMTPServerDisconnected as error:
    print("hung up", error)
`;
  return host.run(`python3 - ${from} ${to} alice@${host.name}`, { input: program });
}
