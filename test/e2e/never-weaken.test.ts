/** A host whose admin knows what they want: all of it stays, byte for byte, and the recipe still holds. */

import assert from 'node:assert/strict';
import { lab } from '../../src/lab/lab.ts';
import type { LabHost } from '../../src/lab/lab.ts';
import { hardenMail, issuedBy, to, trusting } from '../support/cli.ts';
import { activity, assertTidy, attributes } from '../support/host.ts';
import { openssl } from '../support/opinions.ts';
import { SMTP, talkInTls } from '../support/talk.ts';
import type { Peer } from '../support/talk.ts';

const MAIN = '/srv/config/postfix-main.cf';
const MASTER = '/etc/postfix/master.cf';
const AUTH = '/etc/dovecot/conf.d/10-auth.conf';
const LOCAL = '/etc/dovecot/conf.d/99-local.conf';

/** Appended to the stock main.cf, in the admin's own style. */
const OWN_MAIN = `
# ── ours ──
smtpd_recipient_restrictions =
    # known good first
    permit_mynetworks
    reject_unknown_recipient_domain,
    reject_rbl_client zen.rbl.test,
\t  reject_rhsbl_sender dbl.rbl.test,
    check_policy_service unix:private/policy
smtpd_sasl_security_options = noanonymous, noactive
smtp_tls_security_level=dane
smtp_dns_support_level   =   dnssec
smtpd_tls_mandatory_protocols = TLSv1.3
smtpd_tls_session_cache_database = btree:/var/lib/postfix/our_scache
`;

const OWN_SERVICE = `
# since 2015
465\tinet  n       -       y       -       50       smtpd
\t-o syslog_name=postfix/mua
\t-o smtpd_tls_wrappermode=yes -o smtpd_sasl_auth_enable=yes
\t-o { smtpd_client_restrictions = reject_rbl_client zen.rbl.test, permit_sasl_authenticated, reject }
    # ours too
  -o content_filter=
  -o smtpd_reject_unlisted_recipient=yes
policy unix - n n - 0 spawn user=nobody argv=/usr/local/bin/policy
`;

/** A policy service without an opinion. */
const POLICY = `#!/bin/sh
while read -r line; do [ -n "$line" ] || printf 'action=dunno\\n\\n'; done
`;

const OWN_DOVECOT = `# what differs here
ssl_min_protocol = TLSv1.3
auth_mechanisms = plain external

service auth {
  unix_listener /var/spool/postfix/private/auth {
    mode = 0600
    user = postfix
  }
}
protocol imap {
  mail_max_userip_connections = 77
}
`;

/** The only lines of theirs that may go: the stock certificate, and the list of mechanisms, which gets a member. */
const REPLACED: Readonly<Record<string, readonly string[]>> = {
  [MAIN]: [
    'smtpd_tls_cert_file=/etc/ssl/certs/ssl-cert-snakeoil.pem',
    'smtpd_tls_key_file=/etc/ssl/private/ssl-cert-snakeoil.key',
  ],
  [MASTER]: [],
  [AUTH]: [],
  [LOCAL]: ['auth_mechanisms = plain external'],
};

const POSTCONF: Readonly<Record<string, string>> = {
  smtpd_recipient_restrictions:
    'permit_mynetworks reject_unknown_recipient_domain, ' +
    'reject_rbl_client zen.rbl.test, reject_rhsbl_sender dbl.rbl.test, check_policy_service unix:private/policy',
  smtpd_sasl_security_options: 'noanonymous, noactive',
  smtp_tls_security_level: 'dane',
  smtp_dns_support_level: 'dnssec',
  smtpd_tls_mandatory_protocols: 'TLSv1.3',
  smtpd_tls_session_cache_database: 'btree:/var/lib/postfix/our_scache',
  // the recipe's, beside them
  smtpd_sasl_type: 'dovecot',
  smtpd_tls_security_level: 'may',
  smtpd_tls_auth_only: 'yes',
};

const ON_465 = [
  '465        inet  n       -       y       -       50      smtpd',
  '-o syslog_name=postfix/mua',
  '-o smtpd_tls_wrappermode=yes',
  '-o smtpd_sasl_auth_enable=yes',
  '-o {smtpd_client_restrictions=reject_rbl_client zen.rbl.test, permit_sasl_authenticated, reject}',
  '-o content_filter=',
  '-o smtpd_reject_unlisted_recipient=yes',
  // the recipe's, beside them; the list of theirs refuses strangers already, and the checks of main.cf go on to hold here
  '-o smtpd_tls_security_level=encrypt',
  '-o milter_macro_daemon_name=ORIGINATING',
];

const DOVECONF: readonly (readonly [string, string])[] = [
  ['ssl_min_protocol', 'TLSv1.3'],
  ['auth_mechanisms', 'plain external login'],
  ['-f protocol=imap mail_max_userip_connections', '77'],
  ['-f protocol=pop3 mail_max_userip_connections', '10'],
  ['ssl', 'required'],
  ['disable_plaintext_auth', 'yes'],
];

describe('a host with the administrator’s own settings', () => {
  let host: LabHost;
  let flags: string[];
  let peer: (port: number) => Peer;
  let stdout: string;
  const original = new Map<string, string>();
  let metadata: string;

  const read = async (path: string) => (await host.read(path)).toString('latin1');
  const describeFiles = async () =>
    (await host.run(
      `stat -c '%n %a %U:%G %N' /etc/dovecot/conf.d ${MAIN} /etc/postfix/main.cf ${MASTER} ${AUTH} ${LOCAL}`,
    )) + (await attributes(host, AUTH));

  before(async () => {
    host = await lab.host({ release: 'bookworm', mail: true });
    const main = (await read('/etc/postfix/main.cf')).replace(/^smtp_tls_security_level=may\n/m, '');
    await host.write(MAIN, main + OWN_MAIN, '0640');
    await host.write(MASTER, (await read(MASTER)) + OWN_SERVICE);
    await host.write(LOCAL, OWN_DOVECOT);
    await host.write('/usr/local/bin/policy', POLICY, '0755');
    await host.run(`set -e
      ln -sf ../../srv/config/postfix-main.cf /etc/postfix/main.cf; chgrp adm ${MAIN}
      mv /etc/dovecot/conf.d /srv/config/dovecot; ln -s /srv/config/dovecot /etc/dovecot/conf.d
      chmod 0604 ${AUTH}; chown mail:dovecot ${AUTH}
      systemctl reload postfix@- dovecot`);
    await attributes(host, AUTH, { note: 'ours', user: 'daemon' });
    for (const path of Object.keys(REPLACED)) original.set(path, await read(path));
    metadata = await describeFiles();

    const acme = await lab.acme();
    const root = await acme.root();
    peer = (port) => ({ address: host.address, port, name: host.name, root });
    flags = ['--yes', ...to(host), ...(await issuedBy(acme))];
    const outcome = await hardenMail(['apply', ...flags]);
    assert.equal(outcome.code, 0, outcome.stdout + outcome.stderr);
    stdout = outcome.stdout;
  });
  after(() => host.stop());

  for (const [path, replaced] of Object.entries(REPLACED))
    it(`apply keeps the administrator’s lines of ${path} in their order, except the ones that it replaces`, async () => {
      const now = (await read(path)).split('\n');
      let at = 0;
      const gone = (original.get(path) ?? '').split('\n').filter((line) => {
        const found = now.indexOf(line, at);
        if (found >= 0) at = found + 1;
        return found < 0;
      });
      assert.deepEqual(gone, replaced);
    });

  it('apply keeps links, owners, modes, attributes and access lists', async () => {
    assert.match(metadata, /'\/etc\/postfix\/main\.cf' -> '\.\.\/\.\.\/srv\/config\/postfix-main\.cf'/);
    assert.match(metadata, /'\/etc\/dovecot\/conf\.d' -> '\/srv\/config\/dovecot'/);
    assert.match(metadata, /10-auth\.conf 644 mail:dovecot .*\n.*\n(.*\n)*system\.posix_acl_access .*\nuser\.note /);
    assert.equal(await describeFiles(), metadata);
  });

  it('Postfix reads the administrator’s settings, and those of the recipe beside them', async () => {
    const shown = await host.run(`postconf ${Object.keys(POSTCONF).join(' ')}`);
    assert.deepEqual(
      shown.trimEnd().split('\n'),
      Object.entries(POSTCONF).map(([name, value]) => `${name} = ${value}`),
    );
  });

  it('the administrator’s entry for port 465 stays the only one and keeps its own options', async () => {
    const entries = await host.run('postconf -Mf 465/inet submissions/inet smtps/inet');
    assert.deepEqual(entries.trimEnd().split(/\n\s*/), ON_465);
  });

  it('Dovecot reads the administrator’s settings, also where they override the stock files', async () => {
    for (const [setting, value] of DOVECONF)
      assert.equal(await host.run(`doveconf -h ${setting}`), `${value}\n`, setting);
    assert.equal(await host.run('stat -c "%a %U:%G" /var/spool/postfix/private/auth'), '600 postfix:root\n');
  });

  it('TLS 1.2 stays refused where the administrator requires TLS 1.3', async () => {
    for (const port of [465, 993, 995]) {
      const bye = port === 993 ? 'a LOGOUT' : 'QUIT';
      assert.equal((await openssl(peer(port), [bye])).code, 0, `${port} speaks TLS 1.3`);
      const old = await openssl(peer(port), [bye], '-tls1_2');
      assert.match(old.text, /^New, \(NONE\), Cipher is \(NONE\)$/m, `${port}: ${old.text}`);
    }
  });

  it('apply says which settings it leaves unchanged', () => {
    for (const kept of ['smtp_tls_security_level: dane stays', 'smtpd_tls_mandatory_protocols: TLSv1.3 stays'])
      assert.ok(stdout.includes(`  · ${kept}`), stdout);
  });

  it('a second apply has nothing to do', async () => {
    const since = await activity(host);
    const outcome = await hardenMail(['apply', ...flags]);
    assert.equal(outcome.code, 0, outcome.stdout + outcome.stderr);
    assert.match(outcome.stdout, /ok: nothing to do, \d+ checks passed\n$/);
    assert.deepEqual((await activity(host, since)).reloads, []);
    await assertTidy(host);
  });
});

describe('a port 465 that apply adds to a host with rules on 587', () => {
  const ALICE = { name: 'alice', password: 'down the rabbit hole' };
  let host: LabHost;
  let root: string;
  let stdout: string;

  before(async () => {
    host = await lab.host({ release: 'bookworm', mail: true, users: [ALICE] });
    const acme = await lab.acme();
    root = await acme.root();
    await host.run(`cat >>/etc/postfix/master.cf <<'END'
submission inet n - y - - smtpd
  -o smtpd_tls_security_level=encrypt -o smtpd_sasl_auth_enable=yes
  -o { smtpd_sender_restrictions = reject_sender_login_mismatch, permit_sasl_authenticated, reject }
  -o { smtpd_sender_login_maps = inline:{ {alice@${host.name} = alice}, {boss@${host.name} = boss} } }
END
      systemctl reload postfix@-`);
    const outcome = await hardenMail(['apply', '--yes', ...to(host), ...(await issuedBy(acme))]);
    assert.equal(outcome.code, 0, outcome.stdout + outcome.stderr);
    stdout = outcome.stdout;
  });
  after(() => host.stop());

  for (const [sender, answer] of [
    ['alice', /^250 /],
    ['boss', /^553 .*not owned by user alice/],
  ] as const)
    it(`port 465 answers alice, who sends as ${sender}, by the rules of 587`, async () => {
      const talk = await talkInTls({ address: host.address, port: 465, name: host.name, root });
      await talk.until(SMTP);
      await talk.ask('EHLO client.example', SMTP);
      const login = Buffer.from(`\0${ALICE.name}\0${ALICE.password}`).toString('base64');
      assert.match((await talk.ask(`AUTH PLAIN ${login}`, SMTP)).at(-1) ?? '', /^235 /);
      await talk.ask(`MAIL FROM:<${sender}@${host.name}>`, SMTP);
      assert.match((await talk.ask(`RCPT TO:<postmaster@${host.name}>`, SMTP)).at(-1) ?? '', answer);
      talk.end();
    });

  it('apply says which rules 465 takes over, and that it adds no login on 25, where the rules do not hold', () => {
    assert.match(stdout, /· submissions\/inet: takes over from submission\/inet .*: smtpd_sender_restrictions, smtpd_sender_login_maps/m); // oxfmt-ignore
    assert.match(
      stdout,
      /! login-on-25 is left out, .* without smtpd_sender_restrictions: reject_sender_login_mismatch on submission\/inet/,
    );
  });

  it('a second apply has nothing to do', async () => {
    const { stdout: again } = await hardenMail(['apply', '--yes', ...to(host), ...(await trusting(await lab.acme()))]);
    assert.match(again, /ok: nothing to do, \d+ checks passed\n$/);
    await assertTidy(host);
  });
});
