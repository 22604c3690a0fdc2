/** What a session shows that a login does not: a host that lets users in and then fails them. For one release. */

import assert from 'node:assert/strict';
import { lab } from '../../../src/lab/lab.ts';
import type { LabHost } from '../../../src/lab/lab.ts';
import type { Finding } from '../../../src/model/index.ts';
import { hardenMail, issuedBy, to, type Outcome } from '../cli.ts';

const ALICE = { name: 'alice', password: 'down the rabbit hole' };
const ENV = { HARDEN_MAIL_PROBE_PASSWORD: ALICE.password };
const PROBE = ['--probe-user', ALICE.name];

/** doveconf accepts it, and every session ends right after its login. */
const NO_INBOX = 'namespace inbox {\n  inbox = no\n  prefix = INBOX.\n  separator = .\n}\n';
/** doveconf accepts it, and users may not make their mailboxes there. */
const UNWRITABLE = {
  bookworm: 'mail_location = maildir:/srv/vmail/%u\n',
  trixie: 'mail_driver = maildir\nmail_path = /srv/vmail/%{user}\nmail_inbox_path = /srv/vmail/%{user}\n',
};
const PLANTED = '/etc/dovecot/conf.d/99-planted.conf';
const RELOAD = `[Service]
ExecReload=
ExecReload=/bin/sh -c 'if grep -q "^submission " /etc/postfix/master.cf; then cp /root/planted.conf /run/planted.conf; else rm -f /run/planted.conf; fi; doveadm reload'
`;

export function sessionTests(release: 'bookworm' | 'trixie'): void {
  let host: LabHost;
  let flags: string[];
  before(async () => {
    host = await lab.host({ release, mail: true, users: [ALICE] });
    flags = [...to(host), ...(await issuedBy(await lab.acme()))];
  });
  after(() => host.stop());

  const apply = (...more: string[]): Promise<Outcome> =>
    hardenMail(['apply', '--yes', '--no-diff', ...flags, ...PROBE, ...more], ENV);
  async function verify(...more: string[]): Promise<{ code: number; findings: readonly Finding[]; stdout: string }> {
    const { code, stdout } = await hardenMail(['verify', '--json', ...to(host), ...flags.slice(-2), ...more], ENV);
    const [found] = (JSON.parse(stdout) as { hosts: { findings: Finding[] }[] }).hosts;
    return { code, findings: found?.findings ?? [], stdout };
  }
  const failures = (findings: readonly Finding[]): string[] =>
    findings.filter(({ status }) => status === 'fail').map(({ port, check }) => `${port} ${check}`);
  const reload = (): Promise<string> => host.run('doveadm reload; sleep 1');

  it('apply and verify open the mailbox and ask whether mail can be sent and is accepted', async () => {
    const { code, stdout, stderr } = await apply();
    assert.equal(code, 0, stdout + stderr);
    const { code: verified, findings, stdout: told } = await verify(...PROBE);
    assert.equal(verified, 0, told);
    const passed = findings.filter(({ status }) => status === 'pass').map(({ port, check }) => `${port} ${check}`);
    for (const one of ['25 delivery', '25 send', '465 send', '993 mailbox', '995 maildrop'])
      assert.ok(passed.includes(one), `${one}: ${told}`);
  });

  it('apply and verify deliver no mail and make no daemon log an error', async () => {
    assert.equal(await host.run('postqueue -j; cat /var/mail/* 2>/dev/null || true'), '');
    assert.equal(
      await host.run('journalctl -q -b -p err -t dovecot -t postfix/smtpd -t postfix/smtps/smtpd -o cat'),
      '',
    );
  });

  it('apply that starts a stopped Dovecot also restarts the Postfix whose smtpd died without it', async () => {
    // An smtpd that knows the mechanisms lives until an AUTH fails. It dies in the next session, as each new one does at its
    // start; then the master starts no other for a minute.
    await host.run(`systemctl stop dovecot; since=$(date +%s); for i in $(seq 10); do
        { sleep 0.5; echo EHLO x; sleep 0.5; echo AUTH PLAIN AGFsaWNlAHg=; sleep 0.5; echo QUIT; } |
          timeout 5 openssl s_client -quiet -connect 127.0.0.1:465 >/dev/null 2>&1
        journalctl --sync
        journalctl -q -o cat -t postfix/master --since "@$since" | grep -q throttling && exit
      done; exit 1`);
    const { code, stdout, stderr } = await apply();
    assert.equal(code, 0, stdout + stderr);
    assert.match(stdout, /start dovecot: it does not run/);
    assert.match(stdout, /changed: .*, \d+ checks passed$/m);
  });

  it('verify reports a mailbox that does not open after a successful login, with the reason from the journal', async () => {
    await host.write(PLANTED, UNWRITABLE[release]);
    await reload();
    const { code, findings, stdout } = await verify(...PROBE);
    await host.run(`rm ${PLANTED}`);
    await reload();
    assert.equal(code, 5, stdout);
    assert.deepEqual(failures(findings), ['993 mailbox', '995 maildrop']);
    assert.ok(findings.some(({ port, check, status }) => port === 993 && check === 'login' && status === 'pass'));
    const mailbox = findings.find(({ check }) => check === 'mailbox');
    assert.match(mailbox?.text ?? '', /^STATUS INBOX \(MESSAGES\) fails: "NO \[SERVERBUG\]|^SELECT INBOX fails: "NO /);
    assert.match(mailbox?.journal?.join('\n') ?? '', /^imap\(alice\): Error: .*\/srv\/vmail/m);
    assert.match(
      findings.find(({ check }) => check === 'maildrop')?.journal?.join('\n') ?? '',
      /^pop3\(alice\): Error: /m,
    );
  });

  it('apply is undone when the new configuration rejects every session after the login', async () => {
    // What strict writes makes it unusable: a reload brings the planted file along where 587 is open, and takes it away else.
    await host.write('/root/planted.conf', NO_INBOX);
    await host.write(PLANTED, '!include_try /run/planted.conf\n');
    await host.write('/etc/systemd/system/dovecot.service.d/planted.conf', RELOAD);
    await host.run('systemctl daemon-reload');
    const { code, stdout, stderr } = await apply('--profile', 'strict');
    await host.run(`rm -r ${PLANTED} /etc/systemd/system/dovecot.service.d; systemctl daemon-reload`);
    assert.equal(code, 5, stdout + stderr);
    // The host itself finds it, before the checks from outside do.
    assert.match(
      stdout,
      /was put back as it was \(at sessions\): with the running daemons a session \(imap\) of alice fails: /,
    );
    assert.match(stdout, /inbox=yes namespace missing/);
    assert.deepEqual(failures((await verify(...PROBE)).findings), []);
  });

  it('verify without a user reports that the index of the aliases is missing', async () => {
    await host.run('mv /etc/aliases.db /root/; postfix reload; sleep 1');
    const { code, findings, stdout } = await verify();
    await host.run('mv /root/aliases.db /etc/; postfix reload; sleep 1');
    assert.equal(code, 5, stdout);
    assert.deepEqual(failures(findings), ['25 delivery']);
    const delivery = findings.find(({ check }) => check === 'delivery');
    assert.match(delivery?.text ?? '', /^cannot take mail for root@\S+: "451 4\.3\.0 /);
    assert.match(delivery?.journal?.join('\n') ?? '', /hash:\/etc\/aliases|\/etc\/aliases\.db/);
  });

  it('verify says why an smtpd died, even while Postfix starts no other', async () => {
    await host.run(
      'cp -p /etc/postfix/main.cf /root/; postconf smtpd_sasl_path=private/nobody; postfix reload; sleep 1',
    );
    // smtpd asks for the mechanisms inside TLS, and dies. For a minute the master starts no other.
    await host.exec(
      '(sleep 1; echo EHLO x; sleep 2) | timeout 5 openssl s_client -quiet -starttls smtp -connect 127.0.0.1:25',
    );
    await host.run("journalctl -q -b -t postfix/master -o cat | grep 'smtpd: bad command startup -- throttling'");
    const { code, findings, stdout } = await verify();
    await host.run('cp -p /root/main.cf /etc/postfix/; systemctl restart postfix@- || systemctl restart postfix');
    assert.equal(code, 5, stdout);
    const of25 = findings.find(({ port, status }) => port === 25 && status === 'fail');
    const seen = JSON.stringify(of25);
    assert.match(
      of25?.text ?? '',
      /^smtpd died: no SASL authentication mechanisms \(said nothing more for 8 s\)$/,
      seen,
    );
  });
}
