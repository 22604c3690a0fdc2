/** The tests of the recipe, and what they stand for, carried out against the daemons from outside. */

import assert from 'node:assert/strict';
import { X509Certificate } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { LabHost } from '../../../src/lab/lab.ts';
import { openssl, swaks } from '../opinions.ts';
import { IMAP, POP3, POP3_LIST, SMTP, talkInClear, talkInTls } from '../talk.ts';
import type { Peer } from '../talk.ts';

export interface Hardened {
  readonly host: LabHost;
  /** The root that its certificate leads to, PEM. */
  readonly root: string;
}

/** Ports, how to say goodbye there, and how openssl is told to ask for TLS. */
const CERTIFIED: readonly (readonly [number, string, ...string[]])[] = [
  [25, 'QUIT', '-starttls', 'smtp'],
  [465, 'QUIT'],
  [110, 'QUIT', '-starttls', 'pop3'],
  [143, 'a LOGOUT', '-starttls', 'imap'],
  [993, 'a LOGOUT'],
  [995, 'QUIT'],
];

/** Defines the tests. `hardened` is asked when they run; `user` is one of the host's. */
export function recipesOwnTests(
  user: { readonly name: string; readonly password: string },
  hardened: () => Hardened,
): void {
  const PLAIN = Buffer.from(`\0${user.name}\0${user.password}`).toString('base64');
  let host: LabHost;
  let peer: (port: number) => Peer;
  before(() => {
    const { root } = hardened();
    ({ host } = hardened());
    peer = (port) => ({ address: host.address, port, name: host.name, root });
  });

  describe('its test “telnet localhost 25, ehlo localhost” (SASL)', () => {
    it('port 25 offers AUTH PLAIN LOGIN in both spellings, and only inside TLS', async () => {
      const smtp = await talkInClear(peer(25));
      await smtp.until(SMTP);
      const before = await smtp.ask('EHLO client.example', SMTP);
      assert.ok(
        before.some((line) => /^250[- ]STARTTLS$/.test(line)),
        before.join('\n'),
      );
      assert.deepEqual(
        before.filter((line) => line.includes('AUTH')),
        [],
      );
      assert.match((await smtp.ask('STARTTLS', SMTP)).at(-1) ?? '', /^220 /);
      await smtp.secure();
      const after = await smtp.ask('EHLO client.example', SMTP);
      assert.ok(after.includes('250-AUTH PLAIN LOGIN'), after.join('\n'));
      assert.ok(after.includes('250-AUTH=PLAIN LOGIN'), after.join('\n'));
      smtp.end();
    });

    it('openssl and swaks see the same offers on port 25', async () => {
      const seen = await openssl(peer(25), ['EHLO client.example', 'QUIT'], '-starttls', 'smtp');
      assert.equal(seen.code, 0, seen.text);
      assert.match(seen.text, /^250-AUTH PLAIN LOGIN\r?$/m);
      assert.match(seen.text, /^250-AUTH=PLAIN LOGIN\r?$/m);
      const clear = await swaks(peer(25), 'someone@x.example', '--quit-after', 'EHLO');
      assert.equal(clear.code, 0, clear.text);
      assert.match(clear.text, /^<-\s+250-STARTTLS$/m);
      assert.doesNotMatch(clear.text, /250[- ]AUTH/);
    });

    it('port 25 refuses a login before TLS', async () => {
      const smtp = await talkInClear(peer(25));
      await smtp.until(SMTP);
      await smtp.ask('EHLO client.example', SMTP);
      assert.match((await smtp.ask(`AUTH PLAIN ${PLAIN}`, SMTP)).at(-1) ?? '', /^5\d\d /);
      smtp.end();
    });

    it('only Postfix may use the socket through which Postfix asks Dovecot about logins', async () => {
      assert.equal(
        await host.run('stat -c "%a %U:%G %F" /var/spool/postfix/private/auth'),
        '660 postfix:postfix socket\n',
      );
    });

    it('a user who has logged in may send to another domain, and a stranger may not', async () => {
      const elsewhere = ['someone@elsewhere.example', '--tls', '--quit-after', 'RCPT'] as const;
      const stranger = await swaks(peer(25), ...elsewhere);
      assert.equal(stranger.code, 24, stranger.text);
      // Debian's own smtpd_relay_restrictions, which stay, answer first from Postfix 3.6 on, and defer; before, ours refuse.
      assert.match(stranger.text, /(454 4|554 5)\.7\.1 .*Relay access denied/);
      const login = ['--auth', 'PLAIN', '--auth-user', user.name, '--auth-password', user.password];
      const known = await swaks(peer(25), ...elsewhere, ...login);
      assert.equal(known.code, 0, known.text);
    });
  });

  describe('the certificate of SMTP over TLS, SMTPs, POP3s and IMAPs', () => {
    for (const [port, bye, ...starttls] of CERTIFIED)
      it(`port ${port} serves the certificate on disk for the name of the host, and openssl trusts it`, async () => {
        const disk = new X509Certificate(await host.read(`/etc/letsencrypt/live/${host.name}/fullchain.pem`));
        const { code, text } = await openssl(peer(port), [bye], ...starttls);
        assert.equal(code, 0, text);
        assert.match(text, /^Verification: OK$/m);
        assert.match(text, new RegExp(`^Verified peername: ${host.name}$`, 'm'));
        const [served = ''] = /-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/.exec(text) ?? [];
        assert.equal(new X509Certificate(served).fingerprint256, disk.fingerprint256);
      });
  });

  describe('its tests “netstat | grep 465” and “openssl s_client -connect localhost:465” (SMTPs)', () => {
    it('port 465 listens on all addresses, by one entry of master.cf', async () => {
      assert.match(await host.run("ss -Hltn 'sport = :465'"), /^LISTEN\s.*\s0\.0\.0\.0:465\s/m);
      assert.equal(await host.run('postconf -M submissions/inet smtps/inet | wc -l'), '1\n');
    });

    it('port 465 speaks TLS from the start and offers a login', async () => {
      const smtp = await talkInTls(peer(465));
      await smtp.until(SMTP);
      const offers = await smtp.ask('EHLO client.example', SMTP);
      assert.ok(offers.includes('250-AUTH PLAIN LOGIN'), offers.join('\n'));
      assert.ok(!offers.some((line) => line.endsWith('STARTTLS')), offers.join('\n'));
      smtp.end();
      const seen = await openssl(peer(465), ['EHLO client.example', 'QUIT']);
      assert.match(seen.text, /^250-AUTH PLAIN LOGIN\r?$/m);
    });

    it('port 465 refuses every recipient without a login, even a local one', async () => {
      for (const recipient of ['someone@elsewhere.example', `${user.name}@${host.name}`]) {
        const { code, text } = await swaks(peer(465), recipient, '--tls-on-connect', '--quit-after', 'RCPT');
        assert.equal(code, 24, text);
        assert.match(text, /554 5\.7\.1 /);
      }
    });
  });

  describe('logins in clear', () => {
    it('port 143 says LOGINDISABLED and refuses a login in clear', async () => {
      const imap = await talkInClear(peer(143));
      await imap.until(IMAP);
      const [capability = ''] = await imap.ask('a CAPABILITY', IMAP);
      assert.match(capability, / LOGINDISABLED\b/);
      assert.match(capability, / STARTTLS\b/);
      const answer = await imap.ask(`a LOGIN ${user.name} "${user.password}"`, IMAP);
      assert.match(answer.at(-1) ?? '', /^a NO \[PRIVACYREQUIRED\]/);
      imap.end();
    });

    it('port 110 does not offer USER and refuses a login in clear', async () => {
      const pop3 = await talkInClear(peer(110));
      await pop3.until(POP3);
      const capabilities = await pop3.ask('CAPA', POP3_LIST);
      assert.ok(capabilities.includes('STLS'), capabilities.join('\n'));
      assert.ok(!capabilities.some((line) => /^(USER|SASL .*(PLAIN|LOGIN))/.test(line)), capabilities.join('\n'));
      assert.match((await pop3.ask(`USER ${user.name}`, POP3)).at(-1) ?? '', /^-ERR \[AUTH\]/);
      pop3.end();
    });
  });

  describe('the mail of a user', () => {
    const token = `token-${process.pid}-${Date.now()}`;

    it('a user sends a mail to herself through 465', async () => {
      const { code, text } = await swaks(
        peer(465),
        `${user.name}@${host.name}`,
        ...['--from', `${user.name}@${host.name}`, '--tls-on-connect', '--header', `Subject: ${token}`],
        ...['--auth', 'LOGIN', '--auth-user', user.name, '--auth-password', user.password],
      );
      assert.equal(code, 0, text);
    });

    it('the user reads the mail over 993', async () => {
      const imap = await talkInTls(peer(993));
      await imap.until(IMAP);
      assert.match((await imap.ask(`a LOGIN ${user.name} "${user.password}"`, IMAP)).at(-1) ?? '', /^a OK /);
      for (const deadline = Date.now() + 15_000; ; await sleep(200)) {
        const inbox = await imap.ask('a SELECT INBOX', IMAP);
        if (inbox.includes('* 1 EXISTS')) break;
        assert.ok(Date.now() < deadline, `the mail does not arrive:\n${await host.run('journalctl -n 20; mailq')}`);
      }
      const mail = await imap.ask('a FETCH 1 BODY[]', IMAP);
      assert.ok(mail.includes(`Subject: ${token}`), mail.join('\n'));
      assert.ok(
        mail.some((line) => / with ESMTPSA /.test(line)),
        `sent inside TLS after a login:\n${mail.join('\n')}`,
      );
      imap.end();
    });

    it('the user reads the mail over 995', async () => {
      const pop3 = await talkInTls(peer(995));
      await pop3.until(POP3);
      assert.match((await pop3.ask(`USER ${user.name}`, POP3)).at(-1) ?? '', /^\+OK/);
      assert.match((await pop3.ask(`PASS ${user.password}`, POP3)).at(-1) ?? '', /^\+OK/);
      const mail = await pop3.ask('RETR 1', POP3_LIST);
      assert.ok(mail.includes(`Subject: ${token}`), mail.join('\n'));
      pop3.end();
    });

    // Last of all: Dovecot makes who has failed wait longer with each login.
    it('ports 465 and 993 refuse a wrong password', async () => {
      const wrong = ['--tls-on-connect', '--auth', 'PLAIN', '--auth-user', user.name, '--auth-password', 'wrong'];
      const imap = await talkInTls(peer(993));
      await imap.until(IMAP);
      const [smtp, answer] = await Promise.all([
        swaks(peer(465), `${user.name}@${host.name}`, ...wrong),
        imap.ask(`a LOGIN ${user.name} "wrong"`, IMAP),
      ]);
      assert.equal(smtp.code, 28, smtp.text);
      assert.match(smtp.text, /535 5\.7\.8 /);
      assert.match(answer.at(-1) ?? '', /^a NO \[AUTHENTICATIONFAILED\]/);
      imap.end();
    });
  });
}
