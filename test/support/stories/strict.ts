/** The profile strict on one host: what it refuses, what it still takes, and the ways to it and back. */

import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import { rootCertificates } from 'node:tls';
import { lab } from '../../../src/lab/lab.ts';
import type { LabHost, State } from '../../../src/lab/lab.ts';
import type { ReleaseName } from '../../../src/lab/images.ts';
import { runProgram } from '../../../src/lab/programs.ts';
import { mbsync, mutt } from '../mail-clients.ts';
import { hardenMail, issuedBy, scratch, to, trusting, type Outcome } from '../cli.ts';
import { activity, assertContent, assertTidy, mark, writtenSince } from '../host.ts';
import { openssl, swaks } from '../opinions.ts';
import { IMAP, SMTP, talkInClear, talkInTls, type Peer, type Talk } from '../talk.ts';

const ALICE = { name: 'alice', password: 'wonder land' };
const LOGIN = ['--auth', 'PLAIN', '--auth-user', ALICE.name, '--auth-password', ALICE.password];
const PLAIN = Buffer.from(`\0${ALICE.name}\0${ALICE.password}`).toString('base64');

/** Ports where TLS is required, and how openssl and one of the protocol say so. */
const REQUIRED: readonly (readonly [number, string, ...string[]])[] = [
  [465, 'QUIT'],
  [587, 'QUIT', '-starttls', 'smtp'],
  [993, 'a LOGOUT'],
  [995, 'QUIT'],
  [143, 'a LOGOUT', '-starttls', 'imap'],
  [110, 'QUIT', '-starttls', 'pop3'],
];
/** A root that has issued nothing here. */
const stranded = rootCertificates[0] ?? '';

const SMTP_25 = [25, 'QUIT', '-starttls', 'smtp'] as const;

/** Suites of TLS 1.2: with forward secrecy and AEAD, and what lacks one or the other. */
const STRONG = ['ECDHE-RSA-AES128-GCM-SHA256', 'ECDHE-RSA-CHACHA20-POLY1305'];
const NO_FORWARD_SECRECY = ['AES128-GCM-SHA256', 'AES128-SHA'];
const OTHERS = ['ECDHE-RSA-AES128-SHA', 'DHE-RSA-AES128-GCM-SHA256'];

export function strictProfile(release: ReleaseName): void {
  describe(`the profile strict, on a stock Debian ${release} mail host`, () => {
    let host: LabHost;
    let peer: (port: number) => Peer;
    let apply: (...more: string[]) => Promise<Outcome>;
    let trusted: string[];
    let rootFile: string;
    let first: State;
    let standard: State;

    before(async function () {
      this.timeout(900_000); // its image is built, once
      host = await lab.host({ release, mail: true, users: [ALICE] });
      const acme = await lab.acme();
      const [root, authority] = await Promise.all([acme.root(), issuedBy(acme)]);
      trusted = await trusting(acme);
      rootFile = scratch('strict-root.pem', root);
      peer = (port) => ({ address: host.address, port, name: host.name, root });
      // RSA, for the peers that know nothing else.
      apply = (...more) => hardenMail(['apply', '--yes', ...to(host), ...authority, '--key-type', 'rsa', ...more]);
    });
    after(() => host.stop());

    it('apply --profile strict succeeds and says what it leaves to the administrator', async () => {
      const { code, stdout, stderr } = await apply('--profile', 'strict');
      assert.equal(code, 0, stdout + stderr);
      assert.match(stdout, /changed: \d+ settings in \d+ files \(transaction [^)]+\), \d+ checks passed$/m);
      assert.match(stdout, /smtpd_sender_login_maps/, 'what is left to the admin is told');
      first = await configuration(host);
      await assertContent(host);
      await assertTidy(host);
    });

    describe('logins', () => {
      it('port 25 offers no login before TLS or inside it, and refuses one', async () => {
        const smtp = await talkInClear(peer(25));
        assert.deepEqual(await auths(smtp), []);
        await startTls(smtp);
        assert.deepEqual(await auths(smtp, false), []);
        assert.match((await smtp.ask(`AUTH PLAIN ${PLAIN}`, SMTP)).at(-1) ?? '', /^5\d\d /);
        smtp.end();
      });

      it('port 587 accepts nothing before STARTTLS, and a login after it', async () => {
        const smtp = await talkInClear(peer(587));
        assert.deepEqual(await auths(smtp), []);
        assert.match((await smtp.ask('MAIL FROM:<alice@client.example>', SMTP)).at(-1) ?? '', /^530 .*STARTTLS/);
        assert.match((await smtp.ask(`AUTH PLAIN ${PLAIN}`, SMTP)).at(-1) ?? '', /^5\d\d /);
        await startTls(smtp);
        assert.deepEqual(await auths(smtp, false), ['250-AUTH PLAIN LOGIN']);
        assert.match((await smtp.ask(`AUTH PLAIN ${PLAIN}`, SMTP)).at(-1) ?? '', /^235 /);
        smtp.end();
      });

      it('port 465 accepts a login inside TLS', async () => {
        const smtp = await talkInTls(peer(465));
        assert.deepEqual(await auths(smtp), ['250-AUTH PLAIN LOGIN']);
        assert.match((await smtp.ask(`AUTH PLAIN ${PLAIN}`, SMTP)).at(-1) ?? '', /^235 /);
        smtp.end();
      });

      it('port 587 refuses every recipient without a login', async () => {
        for (const recipient of ['someone@elsewhere.example', `${ALICE.name}@${host.name}`]) {
          const { code, text } = await swaks(peer(587), recipient, '--tls', '--quit-after', 'RCPT');
          assert.equal(code, 24, text);
          assert.match(text, /554 5\.7\.1 /);
        }
      });
    });

    describe('TLS', () => {
      for (const [port, bye, ...starttls] of [SMTP_25, ...REQUIRED])
        it(`port ${port} speaks TLS 1.3 and 1.2, and refuses TLS 1.1 and 1.0`, async () => {
          for (const version of ['-tls1_3', '-tls1_2']) {
            const { code, text } = await openssl(peer(port), [bye], ...starttls, version);
            assert.equal(code, 0, text);
          }
          for (const version of ['-tls1_1', '-tls1']) {
            const old = ['-cipher', 'ALL:@SECLEVEL=0', version];
            const { code, text } = await openssl(peer(port), [bye], ...starttls, ...old);
            assert.notEqual(code, 0, text);
            assert.match(
              text,
              /alert (protocol version|handshake failure)|unexpected eof|wrong version|no peer certificate/i,
            );
          }
        });

      for (const [port, bye, ...starttls] of REQUIRED)
        it(`port ${port} accepts suites with forward secrecy and AEAD, and no others`, async () => {
          for (const cipher of STRONG) {
            const { code, text } = await openssl(peer(port), [bye], ...starttls, '-tls1_2', '-cipher', cipher);
            assert.equal(code, 0, text);
            assert.match(text, new RegExp(`Cipher is ${cipher}$`, 'm'));
          }
          for (const cipher of [...NO_FORWARD_SECRECY, ...OTHERS]) {
            const { code, text } = await openssl(peer(port), [bye], ...starttls, '-tls1_2', '-cipher', cipher);
            assert.notEqual(code, 0, text);
          }
        });

      for (const [port, , ...starttls] of [SMTP_25, ...REQUIRED])
        it(`port ${port} refuses a new handshake within a session`, async () => {
          const to = ['-connect', `${host.address}:${port}`, '-no_tls1_3', ...starttls];
          const { code, stdout, stderr } = await runProgram('openssl', ['s_client', ...to], { input: 'R\n' });
          assert.match(`${stdout.toString()}${stderr.toString()}`, /RENEGOTIATING/);
          assert.notEqual(code, 0);
        });

      it('port 25 chooses the best common suite, and accepts neither DHE nor anonymous suites', async () => {
        const [port, bye, ...starttls] = SMTP_25;
        const list = 'AES128-SHA:AES128-GCM-SHA256:ECDHE-RSA-AES128-SHA:ECDHE-RSA-AES256-GCM-SHA384';
        const { text } = await openssl(peer(port), [bye], ...starttls, '-tls1_2', '-cipher', list);
        assert.match(text, /Cipher is ECDHE-RSA-AES256-GCM-SHA384$/m);
        for (const cipher of ['DHE-RSA-AES128-GCM-SHA256', 'aNULL:@SECLEVEL=0']) {
          const refused = await openssl(peer(port), [bye], ...starttls, '-tls1_2', '-cipher', cipher);
          assert.notEqual(refused.code, 0, refused.text);
        }
      });
    });

    describe('mail from other servers', () => {
      for (const cipher of NO_FORWARD_SECRECY)
        it(`port 25 accepts mail inside TLS from a server that knows only TLS 1.2 with ${cipher}`, async () => {
          const token = unique();
          const tls = ['--tls', '--tls-protocol', 'tlsv1_2', '--tls-cipher', cipher];
          const { code, text } = await swaks(peer(25), `${ALICE.name}@${host.name}`, ...tls, ...subject(token));
          assert.equal(code, 0, text);
          const mail = await arrived(host, token);
          assert.match(mail, new RegExp(`^\\s+\\(using TLSv1\\.2 with cipher ${cipher}\\b`, 'm'), mail);
        });

      it('port 25 accepts mail in clear from a server without TLS', async () => {
        const token = unique();
        const { code, text } = await swaks(peer(25), `${ALICE.name}@${host.name}`, ...subject(token));
        assert.equal(code, 0, text);
        assert.match(await arrived(host, token), / with ESMTP id /);
      });

      it('port 25 refuses VRFY, and refuses MAIL without HELO', async () => {
        const smtp = await talkInClear(peer(25));
        await smtp.until(SMTP);
        assert.match((await smtp.ask('MAIL FROM:<a@client.example>', SMTP)).at(-1) ?? '', /^503 /);
        await smtp.ask('EHLO client.example', SMTP);
        assert.match((await smtp.ask(`VRFY ${ALICE.name}`, SMTP)).at(-1) ?? '', /^502 /);
        smtp.end();
      });

      it('port 25 delivers no second mail that is smuggled in behind a bare line feed', async () => {
        const [token, smuggled] = [unique(), unique()];
        const smtp = await talkInClear(peer(25));
        await smtp.until(SMTP);
        await smtp.ask('EHLO client.example', SMTP);
        await smtp.ask('MAIL FROM:<a@client.example>', SMTP);
        await smtp.ask(`RCPT TO:<${ALICE.name}@${host.name}>`, SMTP);
        assert.match((await smtp.ask('DATA', SMTP)).at(-1) ?? '', /^354 /);
        smtp.say(`Subject: ${token}\r\n\r\none\n.\nMAIL FROM:<b@client.example>\r\nRCPT TO:<${ALICE.name}@${host.name}>\r\nDATA\r\nSubject: ${smuggled}\r\n\r\ntwo`); // oxfmt-ignore
        const answers = await smtp.ask('.', SMTP);
        smtp.end();
        if (/^250 /.test(answers.at(-1) ?? ''))
          assert.match(await arrived(host, token), new RegExp(`Subject: ${smuggled}`));
        else assert.match(answers.at(-1) ?? '', /^5\d\d /);
        assert.equal(
          await host.run(`grep -rlF 'From: b@client.example' /home/alice /var/mail 2>/dev/null || true`),
          '',
        );
      });
    });

    describe('users', () => {
      for (const [port, ...tls] of [
        [587, '--tls'],
        [465, '--tls-on-connect'],
      ] as const)
        it(`alice sends through ${port}, and curl finds the mail over 993 and 995`, async () => {
          const token = unique();
          const from = ['--from', `${ALICE.name}@${host.name}`];
          const { code, text } = await swaks(peer(port), `${ALICE.name}@${host.name}`, ...from, ...tls, ...LOGIN, ...subject(token)); // oxfmt-ignore
          assert.equal(code, 0, text);
          await arrived(host, token);
          const found = await curl(`imaps://${host.name}/INBOX?SUBJECT%20${token}`, host, rootFile);
          assert.match(found, /^\* SEARCH \d+/m);
          const mail = await curl(`pop3s://${host.name}/`, host, rootFile);
          assert.match(mail, /^1 \d+/m);
        });

      for (const [through, by] of [
        [587, 143],
        [465, 993],
      ] as const)
        it(`alice sends through ${through} with mutt and fetches from ${by} with mbsync`, async () => {
          const token = unique();
          const sent = await mutt(peer(through), ALICE, `${ALICE.name}@${host.name}`, token);
          assert.equal(sent.code, 0, sent.text);
          await arrived(host, token);
          const { code, text } = await mbsync(peer(by), ALICE);
          assert.equal(code, 0, text);
          const mail = text.split(/^Return-Path: /m).find((one) => one.includes(`\nSubject: ${token}\n`)) ?? '';
          assert.match(mail, /with ESMTPSA id [^]*\n\nhello\n/, text);
        });

      it('mutt and mbsync refuse a host whose certificate they do not trust', async () => {
        const stranger = (port: number): Peer => ({ ...peer(port), root: stranded });
        const sent = await mutt(stranger(465), ALICE, `${ALICE.name}@${host.name}`, unique());
        assert.match(sent.text, /certificate/i);
        assert.notEqual(sent.code, 0, sent.text);
        const fetched = await mbsync(stranger(993), ALICE);
        assert.match(fetched.text, /certificate/i);
        assert.notEqual(fetched.code, 0, fetched.text);
      });

      it('port 993 refuses a wrong password after a delay', async () => {
        const imap = await talkInTls(peer(993));
        await imap.until(IMAP);
        const began = performance.now();
        assert.match((await imap.ask(`a LOGIN ${ALICE.name} "wrong"`, IMAP)).at(-1) ?? '', /^a NO /);
        assert.ok(performance.now() - began > 4000, `${performance.now() - began} ms`);
        imap.end();
      });
    });

    describe('after apply', () => {
      it('verify recognizes the profile, and logs alice in on the ports for users', async () => {
        const env = { HARDEN_MAIL_PROBE_PASSWORD: ALICE.password };
        const { code, stdout, stderr } = await hardenMail(
          ['verify', '-v', ...to(host), ...trusted, '--probe-user', 'alice'],
          env,
        );
        assert.equal(code, 0, stdout + stderr);
        assert.match(stdout, /25 +auth +offers no login inside TLS either/);
        for (const port of [465, 993, 995]) assert.match(stdout, new RegExp(`${port} +login +logs alice in`));
        assert.doesNotMatch(stdout, /[✖]/);
      });

      it('a second apply has nothing to do, with --profile strict and without it', async () => {
        const since = await activity(host);
        await mark(host);
        for (const more of [['--profile', 'strict'], []]) {
          const { code, stdout, stderr } = await apply(...more);
          assert.equal(code, 0, stdout + stderr);
          assert.match(stdout, /^\S+ {2}ok: nothing to do, \d+ checks passed\n$/m);
        }
        const { code, stdout } = await hardenMail(['check', ...to(host), ...trusted, '--key-type', 'rsa']);
        assert.equal(code, 0, stdout);
        const { reloads, restarts } = await activity(host, since);
        assert.deepEqual({ reloads, restarts }, { reloads: [], restarts: 0 });
        assert.deepEqual(await writtenSince(host, '/etc', '/usr', '/var/lib/harden-mail'), []);
      });
    });

    describe('changed to standard and back', () => {
      it('apply --profile standard removes the settings that strict added', async () => {
        const { code, stdout, stderr } = await apply('--profile', 'standard');
        assert.equal(code, 0, stdout + stderr);
        await assertContent(host);
        await assertTidy(host);
        standard = await configuration(host);
        assert.equal((await host.exec('ls /var/lib/harden-mail/profile.json')).code, 2);
        assert.equal(
          await host.run('postconf -n | grep -cE "helo_required|exclude_ciphers.*(SHA1|PSK)|rate_limit" || true'),
          '0\n',
        );
        await assert.rejects(talkInClear(peer(587)), { code: 'ECONNREFUSED' });
        const smtp = await talkInClear(peer(25));
        assert.deepEqual(await auths(smtp), []);
        await startTls(smtp);
        assert.deepEqual(await auths(smtp, false), ['250-AUTH PLAIN LOGIN', '250-AUTH=PLAIN LOGIN']);
        smtp.end();
      });

      it('a setting of the administrator stays under both profiles', async () => {
        await host.run(
          `printf '# mine\\nsmtpd_tls_loglevel = 2\\n' >>/etc/postfix/main.cf && systemctl reload postfix`,
        );
        for (const profile of ['strict', 'standard']) {
          const { code, stdout, stderr } = await apply('--profile', profile);
          assert.equal(code, 0, stdout + stderr);
          assert.equal(await host.run('postconf -h smtpd_tls_loglevel'), '2\n', profile);
        }
        assert.match(
          (await host.read('/etc/postfix/main.cf')).toString('latin1'),
          /\n# mine\nsmtpd_tls_loglevel = 2\n$/,
        );
        await host.run(`sed -i '/^# mine$/,$d' /etc/postfix/main.cf && systemctl reload postfix`);
        assert.deepEqual(await configuration(host), standard);
      });

      it('apply --profile strict makes the same files as the first time', async () => {
        const { code, stdout, stderr } = await apply('--profile', 'strict');
        assert.equal(code, 0, stdout + stderr);
        assert.deepEqual(await configuration(host), first);
      });

      it('a rollback of the change to standard restores strict and its record', async () => {
        const { code, stdout, stderr } = await apply('--profile', 'standard');
        assert.equal(code, 0, stdout + stderr);
        assert.deepEqual(await configuration(host), standard);
        const undone = await hardenMail(['rollback', '--yes', ...to(host), ...trusted]);
        assert.equal(undone.code, 0, undone.stdout + undone.stderr);
        assert.deepEqual(await configuration(host), first);
        const again = await apply();
        assert.match(again.stdout, /ok: nothing to do/);
      });

      it('--require-tls-inbound and --no-pop3 take effect, stay without the options, and are undone by the opposite options', async () => {
        const { code, stdout, stderr } = await apply('--require-tls-inbound', '--no-pop3');
        assert.equal(code, 0, stdout + stderr);
        const clear = await swaks(peer(25), `${ALICE.name}@${host.name}`, '--quit-after', 'RCPT');
        assert.match(clear.text, /530 5\.7\.0 .*STARTTLS/);
        const tls = await swaks(peer(25), `${ALICE.name}@${host.name}`, '--tls', '--quit-after', 'RCPT');
        assert.equal(tls.code, 0, tls.text);
        for (const port of [110, 995]) await assert.rejects(talkInClear(peer(port)), { code: 'ECONNREFUSED' });
        const again = await apply();
        assert.match(again.stdout, /ok: nothing to do/, again.stdout);
        const back = await apply('--no-require-tls-inbound', '--pop3');
        assert.equal(back.code, 0, back.stdout + back.stderr);
        assert.deepEqual(await configuration(host), first);
        (await talkInClear(peer(995))).end();
      });
    });
  });
}

/** The daemons' files and the record, by content. */
async function configuration(host: LabHost): Promise<State> {
  const all = Object.entries(await host.state()).filter(([path]) => /^\/etc\/(postfix|dovecot)\//.test(path));
  const files = all.map(([path, { sha256, mode, owner, type, link }]) => [path, { sha256, mode, owner, type, link }]);
  const record = await host.run('cat /var/lib/harden-mail/profile.json 2>/dev/null || true');
  return { ...Object.fromEntries(files), record } as State;
}

async function startTls(smtp: Talk): Promise<void> {
  assert.match((await smtp.ask('STARTTLS', SMTP)).at(-1) ?? '', /^220 /);
  await smtp.secure();
}

/** The lines that offer a login, after the greeting where there is one to come. */
async function auths(smtp: Talk, greets = true): Promise<string[]> {
  if (greets) await smtp.until(SMTP);
  const lines = await smtp.ask('EHLO client.example', SMTP);
  return lines.filter((line) => line.includes('AUTH')).map((line) => line.replace(/^250 /, '250-'));
}

let count = 0;
const unique = (): string => `token-${process.pid}-${Date.now()}-${++count}`;
const subject = (token: string): string[] => ['--header', `Subject: ${token}`];

/** The mail, once it is in alice's box. */
async function arrived(host: LabHost, token: string): Promise<string> {
  for (const deadline = Date.now() + 20_000; ; await sleep(200)) {
    const [file] = (await host.run(`grep -rlF '${token}' /var/mail /home/alice 2>/dev/null || true`)).split('\n');
    if (file)
      return (
        (await host.read(file))
          .toString('latin1')
          .split(/^From /m)
          .find((mail) => mail.includes(token)) ?? ''
      );
    assert.ok(Date.now() < deadline, `the mail does not arrive:\n${await host.run('journalctl -n 30; mailq')}`);
  }
}

async function curl(url: string, host: LabHost, root: string): Promise<string> {
  const { port, protocol } = new URL(url);
  const at = port || (protocol === 'imaps:' ? '993' : '995');
  const { code, stdout, stderr } = await runProgram('curl', [
    ...['--silent', '--show-error', '--cacert', root, '--resolve', `${host.name}:${at}:${host.address}`],
    ...['--user', `${ALICE.name}:${ALICE.password}`, url],
  ]);
  assert.equal(code, 0, `${stdout.toString()}${stderr.toString()}`);
  return stdout.toString();
}
