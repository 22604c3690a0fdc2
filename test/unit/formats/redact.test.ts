import assert from 'node:assert/strict';
import { HardenMailError } from '../../../src/model/errors.ts';
import { syntaxError } from '../../../src/formats/syntax-error.ts';
import { failure } from '../../../src/run/endings.ts';
import { compose } from '../../../src/plan/compose.ts';
import { diffOf } from '../../../src/plan/diff.ts';
import { redact } from '../../../src/formats/redact.ts';
import { host } from '../../support/plan/host.ts';

const SECRET = 'h0nte$/ldap:#r"2';

describe('formats: secrets in errors', () => {
  it('an error about a file shows the line with its secrets masked', () => {
    const source = `connect = host=db password="${'x'.repeat(120)}hunter2`;
    const { message, excerpt } = syntaxError({ file: 'f', line: 3, column: 170, source, expected: 'a quote' });
    assert.equal(message, 'f:3:170: expected a quote');
    assert.match(excerpt ?? '', /^3 \| connect = host=db password=\*{8}\n {2}\| +\^$/);
  });

  it('the words of a daemon are shown with their secrets masked', () => {
    const error = new HardenMailError('COMMIT_REFUSED', 'main.cf: unused parameter: lookup_password=hunter2', 'x');
    assert.equal(failure(error).message, 'main.cf: unused parameter: lookup_password=********');
  });
});

describe('plan: redact', () => {
  for (const text of [
    `smtp_sasl_password = ${SECRET}`,
    `  password=${SECRET}`,
    `#doveadm_password = ${SECRET}`,
    `  # imapc_password = ${SECRET} # not a comment`,
    `ldap_auth_dn_password = ${SECRET}`,
    `ssl_key_password = "${SECRET}"`,
    `auth_policy_hash_nonce = ${SECRET}`,
    `auth_policy_server_api_header = Authorization: Basic ${SECRET}`,
    `doveadm_api_key = ${SECRET}`,
    `dnpass = ${SECRET}`,
    `ldapusers_bind_pw = ${SECRET}`,
    `oauth2_client_secret=${SECRET}`,
    `passdb/sql/password = ${SECRET}`,
    `"password" = ${SECRET}`,
    `connect = host=db dbname=mail user=mail password=${SECRET}`,
    `connect = host=db password='x ${SECRET}' user=mail`,
    `connect = host=db password="x ${SECRET.replace('"', '')}"`,
    `connect = host=db password="x ${SECRET}`,
    `  args = uid=vmail pass=${SECRET} home=/srv/%u`,
    `smtp_sasl_password_maps = static:user:${SECRET}`,
    `smtp_sasl_password_maps = inline:{ mx.example.test=user:${SECRET} }`,
    `virtual_mailbox_maps = pgsql:/etc/a.cf, inline:{ a=${SECRET} }`,
    `uri = ldap://admin:${SECRET.replaceAll('/', '')}@ldap.example.test/`,
    `some_password =\n    ${SECRET}`,
    `some_password = first,\n# a comment\n\n   ${SECRET}\n\t${SECRET}`,
    `some_password = first \\\n${SECRET} \\\n  ${SECRET}`,
    `passdb {\n  password = first \\\n${SECRET}\n}`,
    `ssl_key_password = <<END\n${SECRET}\nmore ${SECRET}\nEND`,
  ]) {
    it(`redact masks ${JSON.stringify(text)}`, () => {
      const masked = redact(`a = 1\n${text}\nb = 2\n`);
      assert.ok(!masked.includes(SECRET) && !masked.includes('h0nte'), masked);
      assert.match(masked, /\*{8}/);
      assert.equal(masked.split('\n').length, `a = 1\n${text}\nb = 2\n`.split('\n').length);
      assert.ok(masked.startsWith('a = 1\n') && masked.endsWith('\nb = 2\n'), masked);
    });
  }

  for (const [text, shown] of [
    ['# the login of the relay is mail, Gr4nt3d-03-kqWz83', '# the login of the relay is mail, ********'],
    ['# it was Gr4nt3d-03-kqWz83 before', '# it was ******** before'],
    ['  ; password: hunter', '  ; password: ********'],
    ['# the password for relay.example.test was "hunter".', '# the password for relay.example.test was "********".'],
    ['# token of the old API (9f86d081-884c-7d65)', '# token of the old API (********)'],
    ['mail_max_userip_connections = 50 # Gr4nt3d-03-kqWz83', 'mail_max_userip_connections = 50 # ********'],
    ['# secrets: JBSWY3DPEHPK3PXP', '# secrets: ********'],
  ] as const) {
    it(`redact masks a word of a comment that looks like a secret: ${JSON.stringify(text)}`, () =>
      assert.equal(redact(`a = 1\n${text}\n`), `a = 1\n${shown}\n`));
  }

  for (const text of [
    '# the password is not sent in clear',
    '# the secret is read from /etc/dovecot/Secret1.conf.ext, not from 10-auth.conf',
    '# password_query of example.test asks mx1.example.test:5432 with SHA512-CRYPT, TLSv1.2 and OAuth2',
    '# changed 2024-05-01 by alice@example.test for ticket OPS-1234',
    'smtp_sasl_password_maps = hash:/etc/postfix/sasl_passwd',
    'default_password_scheme = SHA512-CRYPT',
    'auth_verbose_passwords = no',
    'ssl_key_password = </etc/dovecot/key.pass',
    "password_query = SELECT password FROM users WHERE name = '%u'",
    'passdb {\n  driver = passwd-file\n  args = nopassword=y username_format=%u /etc/users\n}',
    'smtpd_sasl_path = private/auth',
    'smtpd_tls_key_file = /etc/ssl/private/key.pem',
    'ssl_key = </etc/ssl/private/key.pem',
    'alias_maps = hash:/etc/aliases',
    '# a password is not given here',
    'local_recipient_maps = static:all',
    'disable_plaintext_auth = yes',
  ]) {
    it(`redact keeps ${JSON.stringify(text)}`, () => assert.equal(redact(text), text));
  }
});

describe('plan: diff', () => {
  const change = (before: string | null, after: string): Parameters<typeof diffOf>[0] => ({
    path: '/etc/postfix/main.cf',
    target: '/srv/main.cf',
    before,
    after,
    sha256: '',
    mode: '0644',
    owner: 'root:root',
  });

  it('a file of which too much differs is shown as replaced, and a host cannot cause comparisons without end', () => {
    const lines = (sign: string, end: string): string =>
      Array.from({ length: 1500 }, (_, n) => `${sign}${n}`).join('\n') + end;
    const many = change(lines('a', ''), lines('b', '\n'));
    const all = diffOf(many).split('\n');
    assert.equal(all[2], '@@ -1,1500 +1,1500 @@');
    assert.deepEqual(all.slice(1502, 1505), ['-a1499', '\\ No newline at end of file', '+b0']);
    const effort = { left: 2000 ** 2 + 1 };
    const small = change(`1\n${lines('a', '\n')}`, `one\n${lines('a', '\n')}`);
    assert.equal(diffOf(small).split('\n').length, 9);
    assert.equal(diffOf(many, effort), all.join('\n'));
    assert.equal(diffOf(small, effort).split('\n')[2], '@@ -1,1501 +1,1501 @@');
  });

  it('diffOf returns a unified diff with three lines of context', () => {
    assert.equal(
      diffOf(change('1\n2\n3\n4\n5\n6\n7\n8\n', '1\n2\n3\n4\nfive\n6\n7\n8\n')),
      '--- /etc/postfix/main.cf\n+++ /etc/postfix/main.cf\n@@ -2,7 +2,7 @@\n 2\n 3\n 4\n-5\n+five\n 6\n 7\n 8\n',
    );
  });

  it('the diff of a new file starts from /dev/null', () => {
    assert.equal(diffOf(change(null, 'a\n')), '--- /dev/null\n+++ /etc/postfix/main.cf\n@@ -0,0 +1,1 @@\n+a\n');
  });

  it('the diff marks a missing line end', () => {
    assert.match(diffOf(change('a', 'a\nb\n')), /-a\n\\ No newline at end of file\n\+a\n\+b\n$/);
  });

  it('the diff shows text as UTF-8 even beside other bytes', () => {
    assert.match(diffOf(change('# caf\xc3\xa9 \xff\n', '# caf\xc3\xa9 \xff\na\n')), /^ # café \ufffd$/m);
  });

  it('the diff masks the continuation of a secret whose first line is outside the context', () => {
    const tail = Array.from({ length: 9 }, (_, i) => `    secret${i}\n`).join('');
    const before = `some_password =\n${tail}`;
    const diff = diffOf(change(before, `${before}smtpd_tls_auth_only = yes\n`));
    assert.doesNotMatch(diff, /secret\d/);
    assert.match(diff, /^ {5}\*{8}$/m);
  });

  it('the diff separates changed lines from masked lines', () => {
    const diff = diffOf(change('password = old\na = 1\n', 'password = old\na = 2\nb = 3\n'));
    assert.deepEqual(diff.split('\n').slice(3), [' password = ********', '-a = 1', '+a = 2', '+b = 3', '']);
  });

  it('the diff masks every secret beside an edit', () => {
    const files = {
      '/etc/postfix/main.cf': 'relay_password = hunter2\nsmtpd_tls_security_level = none\n',
      '/etc/postfix/master.cf': 'smtp inet n - y - - smtpd\n  -o smtp_sasl_password_maps=static:me:hunter2\n',
      '/etc/dovecot/dovecot.conf': 'ssl = no\ndoveadm_password = hunter2\npassdb {\n  args = password=hunter2\n}\n',
    };
    const { snapshot, policy } = host(files);
    const { changes } = compose(snapshot, policy);
    const diffs = changes.map((change) => diffOf(change)).join('\n');
    assert.equal(changes.length, 4);
    assert.doesNotMatch(diffs, /hunter2/);
    assert.equal(diffs.match(/\*{8}/g)?.length, 4);
  });
});
