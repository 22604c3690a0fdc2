/** Hosts with Postfix and without Dovecot, on one release: they get TLS, and keep to what they serve. */

import assert from 'node:assert/strict';
import { lab } from '../../../src/lab/lab.ts';
import type { LabHost } from '../../../src/lab/lab.ts';
import { hardenMail, issuedBy, to } from '../cli.ts';
import { assertTidy } from '../host.ts';
import { SMTP, talkInTls } from '../talk.ts';

const ALICE = { name: 'alice', password: 'down the rabbit hole' };
const LOGIN = `AUTH PLAIN ${Buffer.from(`\0${ALICE.name}\0${ALICE.password}`).toString('base64')}`;

interface Postfix {
  readonly what: string;
  readonly also?: readonly string[];
  /** Runs on the host once Dovecot is gone. */
  readonly setup: string;
  /** Arguments of the first run. */
  readonly flags: readonly string[];
  /** What the plan says of IMAP or POP3. */
  readonly says: RegExp;
  /** Do users log in? */
  readonly logins: boolean;
}

const RESTART = 'systemctl restart $(systemctl is-active -q postfix@- && echo postfix@- || echo postfix)';

const HOSTS: readonly Postfix[] = [
  {
    what: 'a relay for other servers',
    setup: `postconf mydestination= relay_domains=inner.test relay_transport='smtp:[127.0.0.1]:2525'; ${RESTART}`,
    flags: [],
    says: /^ {2}· IMAP is not served here, and stays so: Dovecot is not installed, and Postfix passes its mail on \(\/etc\/postfix\/main\.cf:\d+: relay_domains = inner\.test\)/m,
    logins: false,
  },
  {
    what: 'users whose passwords Cyrus SASL checks',
    also: ['sasl2-bin', 'libsasl2-modules'],
    setup: `apt-get -qq update; DEBIAN_FRONTEND=noninteractive apt-get -qq install sasl2-bin libsasl2-modules >/dev/null
      printf 'pwcheck_method: saslauthd\\nmech_list: PLAIN LOGIN\\n' >/etc/postfix/sasl/smtpd.conf
      adduser --quiet postfix sasl
      install -d -o root -g sasl -m 710 /var/spool/postfix/var/run/saslauthd
      rm -rf /run/saslauthd; ln -s /var/spool/postfix/var/run/saslauthd /run/saslauthd
      systemd-run -q --unit passwords saslauthd -d -a pam -m /var/spool/postfix/var/run/saslauthd
      postconf smtpd_sasl_auth_enable=yes smtpd_sasl_type=cyrus cyrus_sasl_config_path=/etc/postfix/sasl; ${RESTART}`,
    flags: [],
    says: /^ {2}· POP3 is not served here, and stays so: Dovecot is not installed, and Cyrus SASL checks passwords/m,
    logins: true,
  },
  {
    what: 'a stock Postfix, by --no-serve',
    setup: ':',
    flags: ['--no-serve', 'imap,pop3'],
    says: /^ {2}· IMAP is not served here, and stays so: --no-serve imap$/m,
    logins: false,
  },
];

export function postfixAlone(release: 'bookworm' | 'trixie'): void {
  for (const { what, also, setup, flags, says, logins } of HOSTS)
    describe(`Postfix alone on ${release}: ${what}`, () => {
      let host: LabHost;
      let given: string[];
      let root: string;
      before(async () => {
        host = await lab.host({ release, mail: true, users: [ALICE], ...(also && { also }) });
        await host.run(`DEBIAN_FRONTEND=noninteractive apt-get -q -y purge 'dovecot-*'; rm -rf /etc/dovecot /run/dovecot
          ${setup}`);
        const acme = await lab.acme();
        root = await acme.root();
        given = [...to(host), ...(await issuedBy(acme))];
      });
      after(() => host.stop());

      const listening = async (): Promise<number[]> => {
        const ports = await host.run("ss -Hltn | sed 's/.*:\\([0-9]*\\) .*/\\1/' | sort -nu");
        return [25, 110, 143, 465, 587, 993, 995].filter((port) => ports.split('\n').includes(`${port}`));
      };
      const served = logins ? [25, 465] : [25];
      async function assertAlone(): Promise<void> {
        assert.equal(
          await host.run(
            "dpkg-query -W -f '${db:Status-Status} ${Package}\\n' 'dovecot-*' 2>/dev/null | grep -v ^not-installed || true",
          ),
          '',
        );
        assert.equal((await host.exec('ls /etc/dovecot')).code, 2);
        await assertTidy(host);
      }
      /** Offers AUTH inside TLS, or does not. */
      async function login(port: number, expected: RegExp): Promise<void> {
        const talk = await talkInTls({ address: host.address, port, name: host.name, root });
        await talk.until(SMTP);
        const offer = await talk.ask('EHLO client.example', SMTP);
        assert.equal(
          offer.some((line) => /^250.AUTH /.test(line)),
          logins,
          offer.join(),
        );
        assert.match((await talk.ask(LOGIN, SMTP)).at(-1) ?? '', expected);
        talk.end();
      }

      it('apply gives it a certificate, installs no Dovecot and opens no port without users', async () => {
        assert.deepEqual(await listening(), [25]);
        const { code, stdout, stderr } = await hardenMail(['apply', '--yes', '--no-diff', ...given, ...flags]);
        assert.equal(code, 0, stdout + stderr);
        assert.match(stdout, says);
        assert.match(stdout, /changed: .*, \d+ checks passed$/m);
        assert.deepEqual(await listening(), served);
        await assertAlone();
      });

      it('users log in exactly if they could before', async () => {
        if (logins) await login(465, /^235 /);
        const plain = await host.run(
          '{ sleep 1; echo EHLO x; sleep 1; } | timeout 5 openssl s_client -quiet -starttls smtp -connect 127.0.0.1:25 2>/dev/null || true',
        );
        assert.equal(/^250.AUTH /m.test(plain), logins, plain);
      });

      it('a later run keeps to it without being told, and check and verify have nothing against it', async () => {
        const again = await hardenMail(['apply', '--yes', ...given]);
        assert.equal(again.code, 0, again.stdout + again.stderr);
        assert.match(again.stdout, /ok: nothing to do, \d+ checks passed\n$/);
        for (const command of ['check', 'verify']) {
          const { code, stdout, stderr } = await hardenMail([command, ...to(host), ...given.slice(-2)]);
          assert.equal(code, 0, `${command}: ${stdout}${stderr}`);
        }
        await assertAlone();
      });

      it('strict, its audit and rollback keep to it too', async () => {
        const strict = await hardenMail(['apply', '--yes', '--no-diff', '--profile', 'strict', ...given]);
        assert.equal(strict.code, 0, strict.stdout + strict.stderr);
        assert.deepEqual(await listening(), logins ? [25, 465, 587] : [25]);
        await assertAlone();
        const audit = await hardenMail(['verify', '-v', '--audit', ...to(host), ...given.slice(-2)]);
        assert.equal(audit.code, 0, audit.stdout + audit.stderr);
        assert.match(audit.stdout, /closed, and not served here: Dovecot is not installed/);
        const back = await hardenMail(['rollback', '--yes', '--no-diff', ...to(host), ...given.slice(-2)]);
        assert.equal(back.code, 0, back.stdout + back.stderr);
        assert.deepEqual(await listening(), served);
        await assertAlone();
      });
    });
}
