import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { parseCapture } from '../../../src/rehearse/capture.ts';

const BYTES = 'myhostname = mx.example.test\n';

function output(sections: Readonly<Record<string, string>>): Buffer {
  const all = { ...sections, end: '' };
  return Buffer.from(Object.entries(all).map(([name, text]) => `@${name} ${text.length}\n${text}\n`).join('')); // oxfmt-ignore
}

const WHOLE = {
  hostname: 'mx.example.test',
  users: 'vmail:5000:5000:/var/vmail:/usr/sbin/nologin',
  groups: 'mail:8:dovecot,postfix',
  packages: 'postfix 3.7.11-0+deb12u1',
  pristine: '/etc/dovecot/dovecot.conf',
  others: 'binary /etc/sasldb2',
  saslauthd: '/usr/sbin/saslauthd -a pam ',
  running: 'dovecot\nmaster',
  skeleton: 'd 2775 root:mail /var/mail',
  pem: 'file /etc/ssl/a.pem\nlink ../b.pem\nmode 640 root:ssl-cert\nkey\nunknown',
  stat: `${BYTES.length} 644 root:root /etc/postfix/main.cf`,
  digests: `${createHash('sha256').update(BYTES).digest('hex')}  /etc/postfix/main.cf`,
  bytes: BYTES,
};

describe('rehearse: what is captured', () => {
  it('the sections become files, accounts, packages, folders, and the public parts of certificates', () => {
    const found = parseCapture(output(WHOLE));
    assert.deepEqual(found?.files, [
      { path: '/etc/postfix/main.cf', mode: '644', owner: 'root:root', bytes: BYTES, pristine: false },
    ]);
    assert.deepEqual(found?.groups, [{ name: 'mail', gid: '8', members: ['dovecot', 'postfix'] }]);
    assert.deepEqual(found?.folders, [{ path: '/var/mail', mode: '2775', owner: 'root:mail' }]);
    assert.deepEqual([found?.running, found?.saslauthd], [['dovecot', 'master'], ['/usr/sbin/saslauthd -a pam ']]);
    assert.deepEqual(found?.others, [{ kind: 'binary', path: '/etc/sasldb2' }]);
    assert.deepEqual(found?.pems, [
      { path: '/etc/ssl/a.pem', mode: '640', owner: 'root:ssl-cert', link: '../b.pem', certificates: [], keys: [null] },
    ]);
  });

  it('an output that breaks off, or a file that changed while it was read, is refused', () => {
    assert.equal(parseCapture(output(WHOLE).subarray(0, -12)), null);
    assert.equal(parseCapture(output({ ...WHOLE, bytes: BYTES.replace('mx', 'my') })), null);
  });

  it('the script never prints a private key, a password of /etc/passwd, or /etc/shadow', () => {
    const script = readFileSync(new URL('../../../src/rehearse/capture.sh', import.meta.url), 'utf8');
    assert.match(script, /\{ print \$1 ":" \$3 ":" \$4 ":" \$6 ":" \$7 \}' \/etc\/passwd/);
    assert.match(script, /\*\/shadow \| .*forbidden/);
    assert.match(script, /BEGIN CERTIFICATE-----\/ && .*|ours \{ block/);
  });
});
