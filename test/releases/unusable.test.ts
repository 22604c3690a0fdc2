import assert from 'node:assert/strict';
import { assertFailure, hardenMail, issuedBy, to } from '../support/cli.ts';
import { assertTidy } from '../support/host.ts';
import { usersKeepTheirSessions } from '../support/stories/unusable.ts';
import { transact } from '../support/transact.ts';
import { lab } from '../../src/lab/lab.ts';

usersKeepTheirSessions('trixie');

const LOCAL = '/etc/dovecot/local.conf';

/** carol's entry has no description. */
const DIRECTORY = `
DEBIAN_FRONTEND=noninteractive apt-get -qq update
DEBIAN_FRONTEND=noninteractive apt-get -qq install slapd dovecot-ldap >/dev/null
systemctl stop slapd
cat >/etc/ldap/slapd.conf <<C
include /etc/ldap/schema/core.schema
include /etc/ldap/schema/cosine.schema
include /etc/ldap/schema/nis.schema
include /etc/ldap/schema/inetorgperson.schema
database ldif
suffix "dc=test"
directory /var/lib/ldap-test
C
mkdir -p /var/lib/ldap-test /srv/mail
chown 5000:5000 /srv/mail
{ printf 'dn: dc=test\\nobjectClass: dcObject\\nobjectClass: organization\\no: test\\ndc: test\\n\\n'
for u in carol dave; do
  printf 'dn: uid=%s,dc=test\\nobjectClass: inetOrgPerson\\nobjectClass: posixAccount\\ncn: x\\nsn: x\\n' $u
  printf 'uid: %s\\nuidNumber: 5000\\ngidNumber: 5000\\nhomeDirectory: /srv/mail/%s\\nuserPassword: secret\\n' $u $u
  [ $u = carol ] || echo 'description: d'
  echo
done; } >/root/users.ldif
slapadd -f /etc/ldap/slapd.conf -l /root/users.ldif
systemd-run -q --unit directory slapd -d 0 -f /etc/ldap/slapd.conf -h ldap://127.0.0.1/
systemctl restart dovecot
sleep 1
for u in carol dave; do python3 -c "import imaplib; c = imaplib.IMAP4('127.0.0.1'); c.login('$u', 'secret'); c.select()"; done`;

const ldap = (field: string): string => `ldap_uris = ldap://127.0.0.1
ldap_base = dc=test
passdb ldap {
  ldap_filter = (uid=%{user})
  ldap_bind = yes
}
userdb ldap {
  ldap_filter = (uid=%{user})
  fields {
    home = %{ldap:homeDirectory}
    uid = %{ldap:uidNumber}
    gid = %{ldap:gidNumber}
    mail_driver = maildir
    mail_path = ~/Maildir
    mail_inbox_path =
${field}  }
}
`;

describe('users of Dovecot 2.4 in an LDAP directory', () => {
  it('a change that uses a field which one user lacks is refused with that user and the daemon’s reason', async () => {
    const host = await lab.host({ release: 'trixie', mail: true, also: ['slapd', 'dovecot-ldap'] });
    try {
      await host.write(LOCAL, ldap(''));
      await host.run(DIRECTORY);
      const receipt = await transact(host, {
        files: { [LOCAL]: ldap('    mail_index_path = ~/%{ldap:description}\n') },
        activations: [{ unit: 'dovecot', how: 'reload' }],
      });
      assert.equal(receipt.state, 'refused', JSON.stringify(receipt));
      assert.match(receipt.reason, /a session \(imap\) of carol fails: .*No such attribute 'description'/);
      assert.doesNotMatch(receipt.reason, /dave/);
      await assertTidy(host);
      // Where the staged files cannot be tried, it goes live and is undone.
      await host.write('/usr/sbin/unshare', '#!/bin/sh\nexit 1\n', '0755');
      const live = await transact(host, {
        files: { [LOCAL]: ldap('    mail_index_path = ~/%{ldap:description}\n') },
        activations: [{ unit: 'dovecot', how: 'reload' }],
      });
      assert.equal(live.state, 'rolled-back', JSON.stringify(live));
      assert.match(live.reason, /a session \(imap\) of carol fails: .*No such attribute 'description'/);
      assert.doesNotMatch(live.reason, /of dave/);
      await assertTidy(host);
    } finally {
      await host.stop();
    }
  });
});

describe('files of Dovecot 2.3 that apply converts', () => {
  it('apply refuses converted files with which users get no session, and keeps the old files', async () => {
    const host = await lab.host({ release: 'trixie', mail: true, users: [{ name: 'alice', password: 'secret' }] });
    try {
      const old = `mail_location = mbox:~/mail:INBOX=/var/mail/%u
first_valid_uid = 60000
mail_privileged_group = mail
passdb {
  driver = pam
}
userdb {
  driver = passwd
}
ssl_cert = </etc/dovecot/private/dovecot.pem
ssl_key = </etc/dovecot/private/dovecot.key
`;
      await host.run('install -o alice -g mail -m 660 /dev/null /var/mail/alice');
      await host.write('/etc/dovecot/dovecot.conf', old);
      await host.exec('systemctl restart dovecot');
      const flags = ['apply', '--yes', '--no-diff', ...to(host), ...(await issuedBy(await lab.acme()))];
      const outcome = await hardenMail(flags);
      assertFailure(outcome, {
        exit: 1,
        says: /refused the changes \(at sessions\): with the new files a session \(mailbox\) of alice fails: .*UID 1000 not permitted/,
        todo: /Nothing was written/,
      });
      assert.equal((await host.read('/etc/dovecot/dovecot.conf')).toString(), old);
      await assertTidy(host);
    } finally {
      await host.stop();
    }
  });
});
