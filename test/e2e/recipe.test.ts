/** The recipe, in its own order, carried out on a stock Debian 12 mail host and tested as the recipe tests it. */

import assert from 'node:assert/strict';
import { X509Certificate } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { lab } from '../lab/lab.ts';
import type { LabHost, State } from '../lab/lab.ts';
import { hardenMail, issuedBy, startInTerminal, to, trusting } from './cli.ts';
import { activity, assertTidy, daemons, mark, writtenSince } from './host.ts';
import type { Activity } from './host.ts';
import { openssl, swaks } from './opinions.ts';
import { IMAP, POP3, POP3_LIST, SMTP, talkInClear, talkInTls } from './talk.ts';
import type { Peer } from './talk.ts';

const ALICE = { name: 'alice', password: 'wonder land' };
const PLAIN = Buffer.from(`\0${ALICE.name}\0${ALICE.password}`).toString('base64');
const FILES = [
  '/etc/dovecot/conf.d/10-auth.conf',
  '/etc/dovecot/conf.d/10-master.conf',
  '/etc/dovecot/conf.d/10-ssl.conf',
  '/etc/postfix/main.cf',
  '/etc/postfix/master.cf',
];
const HOOK = '/etc/letsencrypt/renewal-hooks/deploy/harden-mail';

/** Ports, how to say goodbye there, and how openssl is told to ask for TLS. */
const CERTIFIED: readonly (readonly [number, string, ...string[]])[] = [
  [25, 'QUIT', '-starttls', 'smtp'],
  [465, 'QUIT'],
  [110, 'QUIT', '-starttls', 'pop3'],
  [143, 'a LOGOUT', '-starttls', 'imap'],
  [993, 'a LOGOUT'],
  [995, 'QUIT'],
];

describe('the recipe, on a stock Debian 12 mail host', () => {
  let host: LabHost;
  let root: string;
  let authority: string[];
  let stock: State;
  let peer: (port: number) => Peer;

  before(async () => {
    host = await lab.host({ release: 'bookworm', mail: true, users: [ALICE] });
    const acme = await lab.acme();
    [root, authority, stock] = await Promise.all([acme.root(), issuedBy(acme), host.state()]);
    peer = (port) => ({ address: host.address, port, name: host.name, root });
  });
  after(() => host.stop());

  describe('looking only', () => {
    it('a dry run shows the diff of every file and writes nothing', async () => {
      await mark(host);
      const { code, stdout, stderr } = await hardenMail(['apply', '--dry-run', ...to(host), ...authority]);
      assert.equal(code, 0, stderr);
      for (const path of FILES) assert.ok(stdout.includes(`--- ${path}\n+++ ${path}\n@@ `), `${path} in:\n${stdout}`);
      assert.ok(stdout.includes(`--- /dev/null\n+++ ${HOOK}\n@@ `), stdout);
      assert.match(stdout, /^\+smtpd_sasl_type = dovecot$/m);
      assert.match(stdout, new RegExp(`^\\+ssl_cert = </etc/letsencrypt/live/${host.name}/fullchain.pem$`, 'm'));
      assert.match(stdout, new RegExp(`would request a certificate for ${host.name} `));
      assert.match(
        stdout,
        /Plan: 1 certificate, 6 files, \d+ settings; reload postfix, dovecot\. Nothing was written\.\n$/,
      );
      assert.deepEqual(await writtenSince(host), []);
      assert.deepEqual(await host.state(), stock);
    });

    it('--detailed-exitcode tells by 2 that there is something to do', async () => {
      const flags = ['apply', '--dry-run', '--detailed-exitcode', '--no-diff', ...to(host), ...authority];
      const { code, stdout } = await hardenMail(flags);
      assert.equal(code, 2);
      assert.doesNotMatch(stdout, /^@@/m);
    });

    it('a question that is answered with no leaves everything as it is', async () => {
      const terminal = startInTerminal(['apply', ...to(host), ...authority]);
      await terminal.said(/Apply to \S+\? \[y\/N\]/);
      terminal.type('n\r');
      const { code, stdout } = await terminal.done;
      assert.equal(code, 0);
      assert.match(stdout, /^\+smtpd_sasl_type = dovecot$/m, 'the diff comes before the question');
      assert.match(stdout, /declined: nothing was written\n$/);
      assert.deepEqual(await host.state(), stock);
      assert.equal((await host.exec('ls /var/lib/harden-mail')).code, 2, 'no transaction');
    });

    it('the stock host offers none of it yet', async () => {
      const smtp = await talkInClear(peer(25));
      await smtp.until(SMTP);
      const offers = await smtp.ask('EHLO client.example', SMTP);
      smtp.end();
      assert.ok(!offers.some((line) => line.startsWith('250-AUTH')), offers.join('\n'));
      await assert.rejects(talkInClear(peer(465)), { code: 'ECONNREFUSED' });
    });
  });

  describe('apply', () => {
    let done: Activity;

    before(async () => {
      const since = await activity(host);
      const { code, stdout, stderr } = await hardenMail(['apply', '--yes', ...to(host), ...authority]);
      assert.equal(code, 0, stdout + stderr);
      assert.match(stdout, /changed: \d+ settings in 6 files \(transaction [^)]+\), \d+ checks passed\n$/);
      done = await activity(host, since);
    });

    it('has the daemons reload, not restart', () => {
      assert.deepEqual(done.reloads.toSorted(), ['dovecot', 'postfix']);
      assert.equal(done.restarts, 0);
    });

    it('the daemons’ own checks have nothing to say', async () => {
      for (const check of [
        'postfix check',
        'postconf -n >/dev/null',
        'postconf -M >/dev/null',
        'doveconf -n >/dev/null',
      ])
        assert.deepEqual(await host.exec(check), { code: 0, stdout: '', stderr: '' }, check);
    });

    it('owners, modes and links are as before, and there is nothing new beside them', async () => {
      const now = await host.state();
      const shape = (state: State) =>
        Object.entries(state)
          .filter(([path]) => !path.startsWith('/etc/letsencrypt/'))
          .map(([path, { type, mode, owner, link }]) => `${path} ${type} ${mode} ${owner} ${link}`)
          .sort();
      assert.deepEqual(shape(now), shape(stock));
      const changed = Object.keys(stock).filter((path) => now[path]?.sha256 !== stock[path]?.sha256);
      assert.deepEqual(changed.sort(), FILES);
      assert.deepEqual({ mode: now[HOOK]?.mode, owner: now[HOOK]?.owner }, { mode: '755', owner: 'root:root' });
    });

    it('nothing is left behind: no staged file, no unit, no lock', () => assertTidy(host));
  });

  describe('SASL: telnet localhost 25, ehlo localhost', () => {
    it('offers AUTH PLAIN LOGIN in both spellings, once inside TLS', async () => {
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

    it('openssl and swaks see the same', async () => {
      const seen = await openssl(peer(25), ['EHLO client.example', 'QUIT'], '-starttls', 'smtp');
      assert.equal(seen.code, 0, seen.text);
      assert.match(seen.text, /^250-AUTH PLAIN LOGIN\r?$/m);
      assert.match(seen.text, /^250-AUTH=PLAIN LOGIN\r?$/m);
      const clear = await swaks(peer(25), 'alice@x.example', '--quit-after', 'EHLO');
      assert.equal(clear.code, 0, clear.text);
      assert.match(clear.text, /^<-\s+250-STARTTLS$/m);
      assert.doesNotMatch(clear.text, /250[- ]AUTH/);
    });

    it('a login before TLS is refused', async () => {
      const smtp = await talkInClear(peer(25));
      await smtp.until(SMTP);
      await smtp.ask('EHLO client.example', SMTP);
      assert.match((await smtp.ask(`AUTH PLAIN ${PLAIN}`, SMTP)).at(-1) ?? '', /^5\d\d /);
      smtp.end();
    });

    it('the socket through which Postfix asks is for Postfix alone', async () => {
      assert.equal(
        await host.run('stat -c "%a %U:%G %F" /var/spool/postfix/private/auth'),
        '660 postfix:postfix socket\n',
      );
    });

    it('who has logged in may send anywhere, who has not may not', async () => {
      const elsewhere = ['someone@elsewhere.example', '--tls', '--quit-after', 'RCPT'] as const;
      const stranger = await swaks(peer(25), ...elsewhere);
      assert.equal(stranger.code, 24, stranger.text);
      // Debian's own smtpd_relay_restrictions, which stay, answer first, and defer.
      assert.match(stranger.text, /454 4\.7\.1 .*Relay access denied/);
      const login = ['--auth', 'PLAIN', '--auth-user', ALICE.name, '--auth-password', ALICE.password];
      const user = await swaks(peer(25), ...elsewhere, ...login);
      assert.equal(user.code, 0, user.text);
    });
  });

  describe('SMTP over TLS, SMTPs, POP3s and IMAPs: the certificate', () => {
    for (const [port, bye, ...starttls] of CERTIFIED)
      it(`${port} serves the one on disk, for the host's name, and openssl trusts it`, async () => {
        const disk = new X509Certificate(await host.read(`/etc/letsencrypt/live/${host.name}/fullchain.pem`));
        const { code, text } = await openssl(peer(port), [bye], ...starttls);
        assert.equal(code, 0, text);
        assert.match(text, /^Verification: OK$/m);
        assert.match(text, new RegExp(`^Verified peername: ${host.name}$`, 'm'));
        const [served = ''] = /-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/.exec(text) ?? [];
        assert.equal(new X509Certificate(served).fingerprint256, disk.fingerprint256);
      });
  });

  describe('SMTPs: netstat | grep 465, openssl s_client -connect localhost:465', () => {
    it('listens for everybody, by one entry of master.cf', async () => {
      assert.match(await host.run("ss -Hltn 'sport = :465'"), /^LISTEN\s.*\s0\.0\.0\.0:465\s/m);
      assert.equal(await host.run('postconf -M submissions/inet smtps/inet | wc -l'), '1\n');
    });

    it('speaks TLS at once and offers a login', async () => {
      const smtp = await talkInTls(peer(465));
      await smtp.until(SMTP);
      const offers = await smtp.ask('EHLO client.example', SMTP);
      assert.ok(offers.includes('250-AUTH PLAIN LOGIN'), offers.join('\n'));
      assert.ok(!offers.some((line) => line.endsWith('STARTTLS')), offers.join('\n'));
      smtp.end();
      const seen = await openssl(peer(465), ['EHLO client.example', 'QUIT']);
      assert.match(seen.text, /^250-AUTH PLAIN LOGIN\r?$/m);
    });

    it('nobody gets any further without a login, not even to a local address', async () => {
      for (const recipient of ['someone@elsewhere.example', `alice@${host.name}`]) {
        const { code, text } = await swaks(peer(465), recipient, '--tls-on-connect', '--quit-after', 'RCPT');
        assert.equal(code, 24, text);
        assert.match(text, /554 5\.7\.1 /);
      }
      const wrong = ['--auth', 'PLAIN', '--auth-user', ALICE.name, '--auth-password', 'wrong'];
      const { code, text } = await swaks(peer(465), `alice@${host.name}`, '--tls-on-connect', ...wrong);
      assert.equal(code, 28, text);
      assert.match(text, /535 5\.7\.8 /);
    });
  });

  describe('no login in clear', () => {
    it('143 says LOGINDISABLED and refuses one', async () => {
      const imap = await talkInClear(peer(143));
      await imap.until(IMAP);
      const [capability = ''] = await imap.ask('a CAPABILITY', IMAP);
      assert.match(capability, / LOGINDISABLED\b/);
      assert.match(capability, / STARTTLS\b/);
      const answer = await imap.ask(`a LOGIN ${ALICE.name} "${ALICE.password}"`, IMAP);
      assert.match(answer.at(-1) ?? '', /^a NO \[PRIVACYREQUIRED\]/);
      imap.end();
    });

    it('110 has no USER and refuses one', async () => {
      const pop3 = await talkInClear(peer(110));
      await pop3.until(POP3);
      const capabilities = await pop3.ask('CAPA', POP3_LIST);
      assert.ok(capabilities.includes('STLS'), capabilities.join('\n'));
      assert.ok(!capabilities.some((line) => /^(USER|SASL .*(PLAIN|LOGIN))/.test(line)), capabilities.join('\n'));
      assert.match((await pop3.ask(`USER ${ALICE.name}`, POP3)).at(-1) ?? '', /^-ERR \[AUTH\]/);
      pop3.end();
    });
  });

  describe('a mail', () => {
    const token = `token-${process.pid}-${Date.now()}`;

    it('alice sends one to herself through 465', async () => {
      const { code, text } = await swaks(
        peer(465),
        `alice@${host.name}`,
        ...['--from', `alice@${host.name}`, '--tls-on-connect', '--header', `Subject: ${token}`],
        ...['--auth', 'LOGIN', '--auth-user', ALICE.name, '--auth-password', ALICE.password],
      );
      assert.equal(code, 0, text);
    });

    it('and reads it over 993', async () => {
      const imap = await talkInTls(peer(993));
      await imap.until(IMAP);
      assert.match(
        (await imap.ask(`a LOGIN ${ALICE.name} "wrong"`, IMAP)).at(-1) ?? '',
        /^a NO \[AUTHENTICATIONFAILED\]/,
      );
      assert.match((await imap.ask(`a LOGIN ${ALICE.name} "${ALICE.password}"`, IMAP)).at(-1) ?? '', /^a OK /);
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

    it('and over 995', async () => {
      const pop3 = await talkInTls(peer(995));
      await pop3.until(POP3);
      assert.match((await pop3.ask(`USER ${ALICE.name}`, POP3)).at(-1) ?? '', /^\+OK/);
      assert.match((await pop3.ask(`PASS ${ALICE.password}`, POP3)).at(-1) ?? '', /^\+OK/);
      const mail = await pop3.ask('RETR 1', POP3_LIST);
      assert.ok(mail.includes(`Subject: ${token}`), mail.join('\n'));
      pop3.end();
    });
  });

  describe('afterwards', () => {
    it('verify finds all of it in order, and logs alice in on each port', async () => {
      const ca = await trusting(await lab.acme());
      const env = { HARDEN_MAIL_PROBE_PASSWORD: ALICE.password };
      const { code, stdout, stderr } = await hardenMail(['verify', ...to(host), ...ca, '--probe-user', 'alice'], env);
      assert.equal(code, 0, stdout + stderr);
      for (const port of [25, 465, 993, 995])
        assert.match(stdout, new RegExp(`^  ✔ +${port} login +logs alice in$`, 'm'));
      assert.doesNotMatch(stdout, /[✖·]|seen through SSH/);
      assert.match(stdout, /ok: \d+ checks passed\n$/);
      assert.ok(!(stdout + stderr).includes(ALICE.password));
    });

    it('a second run has nothing to do: no file is touched, nothing is reloaded', async () => {
      const [state, running, since] = await Promise.all([host.state(), daemons(host), activity(host)]);
      await mark(host);
      const { code, stdout, stderr } = await hardenMail(['apply', '--yes', ...to(host), ...authority]);
      assert.equal(code, 0, stdout + stderr);
      assert.match(stdout, /^\S+ {2}ok: nothing to do, \d+ checks passed\n$/);
      assert.deepEqual(await host.state(), state);
      assert.deepEqual(await daemons(host), running);
      const { reloads, restarts } = await activity(host, since);
      assert.deepEqual({ reloads, restarts }, { reloads: [], restarts: 0 });
      assert.deepEqual(await writtenSince(host, '/etc', '/usr', '/var/lib/harden-mail', '/root'), []);
      await assertTidy(host);
    });
  });
});
