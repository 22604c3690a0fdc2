/** A host that is broken before a run, on one release: what is said, what is not written, and what is repaired. */

import assert from 'node:assert/strict';
import { lab } from '../../../src/lab/lab.ts';
import type { Acme, LabHost } from '../../../src/lab/lab.ts';
import { assertFailure, hardenMail, issuedBy, scratch, to, withOption } from '../cli.ts';
import { assertTidy, mark, writtenSince } from '../host.ts';
import { SMTP, talkInClear } from '../talk.ts';

interface Refused {
  readonly what: string;
  readonly spoil: string;
  readonly mend: string;
  readonly says: RegExp;
  readonly todo: RegExp;
}

const UNKNOWN: Refused = {
  what: 'a setting that Dovecot does not know',
  spoil: "echo 'no_such_setting = yes' >/etc/dovecot/local.conf",
  mend: 'rm /etc/dovecot/local.conf',
  says: /Dovecot refuses its files as they are: \/etc\/dovecot\/local\.conf:1: .*Unknown setting: no_such_setting/,
  todo: /Nothing was written\. Fix line 1 of \/etc\/dovecot\/local\.conf; once `doveconf -n -x` has no error left, run again/,
};
const NO_NUMBER: Refused = {
  what: 'a value that is not a number, which postconf accepts and Postfix itself refuses,',
  spoil: "cp -a /etc/postfix/main.cf /root/main.cf; echo 'message_size_limit = many' >>/etc/postfix/main.cf",
  mend: 'mv /root/main.cf /etc/postfix/main.cf',
  says: /Postfix refuses its files as they are: \/etc\/postfix\/main\.cf:\d+: bad numerical configuration: message_size_limit = many/,
  todo: /Nothing was written\. Fix line \d+ of \/etc\/postfix\/main\.cf/,
};

/** Faults that the parsers accept. The last entry of master.cf is cut by its blanks. */
const FAULTS = `rm /etc/aliases.db
cp -a /etc/postfix/master.cf /root/master.cf
cat >>/etc/postfix/master.cf <<'END'
127.0.0.1:10025 inet n - y - - smtpd
  -o content_filter=
submission inet n - y - - smtpd
  -o smtpd_tls_wrappermode=yes
10026 inet n - y - - smtpd
  -o smtpd_client_restrictions=permit_mynetworks, reject
  -o syslog_name=postfix/cut
END
postconf smtpd_tls_security_level=encrypt
postconf -P smtp/inet/smtpd_tls_security_level=may
postfix reload`;

const FOUND: readonly RegExp[] = [
  /\/etc\/postfix\/main\.cf:\d+: alias_maps: hash:\/etc\/aliases has no \/etc\/aliases\.db: /,
  /\/etc\/postfix\/master\.cf:\d+: 127\.0\.0\.1:10025\/inet takes mail only inside TLS because \/etc\/postfix\/main\.cf says so/,
  /\/etc\/postfix\/master\.cf:\d+: submission\/inet waits for TLS at once/,
  /\/etc\/postfix\/master\.cf:\d+: the blank in -o smtpd_client_restrictions=permit_mynetworks, reject of 10026\/inet ends the value/,
];

/** Defines the tests. `warns` makes the release's parsers warn, which is no reason to stop. */
export function brokenAsFound(
  release: 'bookworm' | 'trixie',
  warns: { readonly say: string; readonly unsay: string },
): void {
  describe(`a Debian ${release} host whose files are broken before the run`, () => {
    let host: LabHost;
    let acme: Acme;
    let flags: string[];
    before(async () => {
      host = await lab.host({ release, mail: true, users: [{ name: 'alice', password: 'tops3cret' }] });
      acme = await lab.acme();
      flags = [...to(host), ...(await issuedBy(acme))];
    });
    after(() => host.stop());

    const plan = async (...more: string[]): Promise<string> => planWith(flags, ...more);
    const planWith = async (given: readonly string[], ...more: string[]): Promise<string> => {
      const { code, stdout, stderr } = await hardenMail(['apply', '--dry-run', '--no-diff', ...given, ...more]);
      assert.equal(code, 0, stdout + stderr);
      return stdout;
    };
    const doctor = async (): Promise<{ code: number; stdout: string }> => hardenMail(['doctor', ...to(host)]);

    for (const { what, spoil, mend, says, todo } of [UNKNOWN, NO_NUMBER])
      it(`${what} stops apply and check before anything is written, and doctor and map still work`, async () => {
        await host.run(`set -e\n${spoil}`);
        try {
          await mark(host);
          assertFailure(await hardenMail(['apply', '--yes', ...flags]), { exit: 1, says, todo });
          assertFailure(await hardenMail(['check', ...to(host)]), { exit: 1, says, todo });
          assert.deepEqual(await writtenSince(host, '/etc', '/root'), []);
          assert.equal((await host.exec('ls /var/lib/harden-mail')).code, 2);
          await assertTidy(host);
          const { code, stdout } = await doctor();
          assert.equal(code, 1, stdout);
          assert.match(stdout, new RegExp(`✖ config .*${says.source}`));
          assert.equal((await hardenMail(['map', ...to(host)])).code, 0);
        } finally {
          await host.run(mend);
        }
      });

    it('warnings of the parsers do not stop a plan', async () => {
      await host.run(`set -e\n${warns.say}`);
      try {
        assert.match(await host.run('{ postconf -n; doveconf -n; } 2>&1 >/dev/null'), /warning/i);
        assert.doesNotMatch(await plan(), /refuses its files/);
      } finally {
        await host.run(warns.unsay);
      }
    });

    it('the plan warns before certbot runs when the name of the host also has an address of another host', async () => {
      await acme.setAAAA(host.name, '2001:db8::9');
      try {
        assert.match(await plan(), /! .*leads here and elsewhere too \(AAAA 2001:db8::9; this host has /);
      } finally {
        await acme.setAAAA(host.name);
      }
    });

    it('the plan warns about a self-signed certificate unless --ca trusts it', async () => {
      const made = await host.run(
        `openssl req -x509 -newkey rsa:2048 -nodes -days 30 -subj "/CN=${host.name}" -addext "subjectAltName=DNS:${host.name}" \
          -keyout /etc/ssl/private/own.key -out /etc/ssl/own.pem 2>/dev/null; chmod 600 /etc/ssl/private/own.key; cat /etc/ssl/own.pem`,
      );
      const own = ['--cert', '/etc/ssl/own.pem', '--key', '/etc/ssl/private/own.key'];
      assert.match(await plan(...own), /! .*\/etc\/ssl\/own\.pem is self-signed: /);
      const trusting = withOption(flags, '--ca', scratch('own.pem', made));
      assert.doesNotMatch(await planWith(trusting, ...own), /is self-signed/);
    });

    it('the plan and doctor name faults that the parsers accept and the daemons fail on', async () => {
      await host.run(`set -e\n${FAULTS}`);
      const [planned, { stdout: examined }] = [await plan(), await doctor()];
      for (const said of FOUND) {
        assert.match(planned, said);
        assert.match(examined, new RegExp(`! broken .*${said.source}`));
      }
      assert.match(planned, / {2}! .*alias_maps.*Next: `newaliases`/);
      assert.match(planned, / {2}· .*the blank in .*This plan repairs it/);
      // That it is so: sessions.
      assert.match((await rcpt(`alice@${host.name}`)).at(-1) ?? '', /^451 /);
      await assert.rejects(greeted(10026));
    });

    it('apply repairs a missing certificate and a value that a blank cuts short, because it changes these settings anyway', async () => {
      await host.run('rm /etc/dovecot/private/dovecot.pem');
      assert.notEqual((await host.exec('doveconf -n -x >/dev/null')).code, 0);
      // The restart lifts the pause that Postfix gives an smtpd which has just died.
      await host.run(`postconf smtpd_tls_security_level=may; newaliases; sed -i /wrappermode/d /etc/postfix/master.cf
        systemctl restart $(systemctl is-active -q postfix@- && echo postfix@- || echo postfix)`);
      const { code, stdout, stderr } = await hardenMail(['apply', '--yes', ...flags]);
      assert.equal(code, 0, stdout + stderr);
      assert.match(stdout, /^\+ {2}-o \{ smtpd_client_restrictions = permit_mynetworks, reject \}$/m);
      assert.match((await greeted(10026)).at(-1) ?? '', /^220 /);
      assert.match((await rcpt(`alice@${host.name}`)).at(-1) ?? '', /^250 /);
      assert.match(await plan(), /nothing to do|unchanged/i);
    });

    async function greeted(port: number): Promise<string[]> {
      const talk = await talkInClear({ address: host.address, port, name: host.name, root: '' });
      try {
        return await talk.until(SMTP);
      } finally {
        talk.end();
      }
    }

    async function rcpt(recipient: string): Promise<string[]> {
      const talk = await talkInClear({ address: host.address, port: 25, name: host.name, root: '' });
      await talk.until(SMTP);
      await talk.ask('EHLO client.example', SMTP);
      await talk.ask('MAIL FROM:<a@sender.example>', SMTP);
      const answer = await talk.ask(`RCPT TO:<${recipient}>`, SMTP);
      talk.end();
      return answer;
    }
  });
}
