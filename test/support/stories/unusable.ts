/** A change of Dovecot's files that its parser accepts and no session survives: it is refused, or put back, with user and reason. */

import assert from 'node:assert/strict';
import { lab } from '../../../src/lab/lab.ts';
import type { LabHost } from '../../../src/lab/lab.ts';
import { assertTidy, mark, writtenSince } from '../host.ts';
import { transact } from '../transact.ts';

interface Unusable {
  readonly what: string;
  readonly text: string;
  readonly says: RegExp;
}

const UNUSABLE: Readonly<Record<'bookworm' | 'trixie', readonly Unusable[]>> = {
  bookworm: [
    {
      what: 'a plugin that does not exist',
      text: 'mail_plugins = no_such\n',
      says: /a session \(imap\) of alice fails: .*Plugin 'no_such' not found/,
    },
    {
      what: 'a plugin for deliveries that does not exist',
      text: 'protocol lmtp {\n  mail_plugins = no_such\n}\n',
      says: /a delivery by LMTP to alice fails: .*Plugin 'no_such' not found/,
    },
    {
      what: 'user names that the database does not have',
      text: 'auth_username_format = %u@example.test\n',
      says: /a session \(imap\) of alice fails: .*Unknown user/,
    },
  ],
  trixie: [
    {
      what: 'an alias_for that names the prefix, as in Dovecot 2.3,',
      text: 'namespace old {\n  prefix = INBOX.\n  separator = .\n  alias_for = INBOX.\n  hidden = yes\n}\n',
      says: /a session \(imap\) of alice fails: .*Invalid namespace alias_for: INBOX\./,
    },
    {
      what: 'a folder for attachments that Dovecot has no way to write',
      text: 'mail_driver = sdbox\nmail_path = ~/sdbox\nmail_inbox_path =\nmail_ext_attachment_path = /var/attachments\n',
      says: /a session \(imap\) of alice fails: .*mail_ext_attachment/,
    },
    {
      what: 'a mail_path for LMTP beside a top-level mail_inbox_path, on which LMTP panics,',
      text: 'protocol lmtp {\n  mail_driver = maildir\n  mail_path = ~/Maildir\n}\n',
      says: /a delivery by LMTP to alice fails: .*Panic: /,
    },
  ],
};

const LOGIN = `import imaplib; c = imaplib.IMAP4("127.0.0.1"); c.login("alice", "down the rabbit hole"); c.select(); c.logout()`;
/** Prints the greeting of port 25, should there be one within 3 s. */
const KNOCK = "timeout 3 bash -c 'exec 3<>/dev/tcp/127.0.0.1/25; head -n 1 <&3'";
/** Knocks until an smtpd has died of it. */
const DIES = `since=$(date +%s); for i in $(seq 10); do
  ${KNOCK}; journalctl --sync; journalctl -q -o cat -u postfix@- -u postfix --since "@$since" | grep -q throttling && exit
done; exit 1`;
const LOCAL = '/etc/dovecot/local.conf';
const STATIC = {
  bookworm: `mail_location = maildir:~/Maildir
passdb {
  driver = passwd-file
  args = /etc/dovecot/users
}
userdb {
  driver = static
  args = uid=vmail gid=vmail home=/srv/vmail/%d/%n
}
`,
  trixie: `mail_driver = maildir
mail_path = ~/Maildir
mail_inbox_path =
passdb passwd-file {
  passwd_file_path = /etc/dovecot/users
}
userdb static {
  fields {
    uid = vmail
    gid = vmail
    home = /srv/vmail/%{user | domain}/%{user | username}
  }
}
`,
};
const NO_PLUGIN = 'mail_plugins = no_such\n';
const activations = [{ unit: 'dovecot', how: 'reload' }] as const;

export function usersKeepTheirSessions(release: 'bookworm' | 'trixie'): void {
  describe(`a change of Dovecot's files on ${release}`, () => {
    let host: LabHost;
    before(async () => {
      host = await lab.host({
        release,
        mail: true,
        also: ['dovecot-lmtpd'],
        users: [{ name: 'alice', password: 'down the rabbit hole' }],
      });
      await host.run(`apt-get -qq update; DEBIAN_FRONTEND=noninteractive apt-get -qq install dovecot-lmtpd >/dev/null
        mkdir -p /etc/dovecot; echo '# by hand' >${LOCAL}; systemctl restart dovecot; sleep 0.5; python3 -c '${LOGIN}'`);
    });
    after(() => host.stop());

    /** No Dovecot but the host's own, no file of a transaction, and alice reads her mail. */
    async function assertAsBefore(): Promise<void> {
      await assertTidy(host);
      assert.equal(await host.run('ls /run/harden-mail 2>/dev/null || true'), '');
      assert.equal((await host.run('pgrep -fc "[d]ovecot -F -c" || true')).trim(), '0');
      assert.equal((await host.read(LOCAL)).toString(), '# by hand\n');
      await host.run(`python3 -c '${LOGIN}'`);
    }

    it('a change that takes nothing from users stays, and its checks write into no mailbox', async () => {
      await mark(host);
      const receipt = await transact(host, { files: { [LOCAL]: 'mail_max_userip_connections = 20\n' }, activations });
      assert.deepEqual([receipt.state, receipt.notes], ['committed', []], JSON.stringify(receipt));
      assert.deepEqual(await writtenSince(host, '/home', '/var/mail', '/var/lib/dovecot'), []);
      const back = await transact(host, { files: { [LOCAL]: '# by hand\n' }, activations });
      assert.equal(back.state, 'committed');
      await assertAsBefore();
    });

    for (const { what, text, says } of UNUSABLE[release]) {
      it(`a change with ${what} is refused before it goes live`, async () => {
        const receipt = await transact(host, { files: { [LOCAL]: text }, activations });
        assert.equal(receipt.state, 'refused', JSON.stringify(receipt));
        assert.equal(receipt.step, 'sessions');
        assert.match(receipt.reason, says);
        await assertAsBefore();
      });
    }

    it('an unusable change is put back when only the running daemons can be checked', async () => {
      await host.write('/usr/sbin/unshare', '#!/bin/sh\nexit 1\n', '0755');
      const [unusable] = UNUSABLE[release];
      const receipt = await transact(host, { files: { [LOCAL]: unusable!.text }, activations });
      await host.run('rm /usr/sbin/unshare');
      assert.equal(receipt.state, 'rolled-back', JSON.stringify(receipt));
      assert.match(receipt.reason, /^with the running daemons a session \(imap\) of alice fails: /);
      assert.match(receipt.notes!.join('\n'), /not proved with users on /);
      await assertAsBefore();
    });

    it('a transaction that is killed while it checks sessions leaves no Dovecot and no folder behind', async () => {
      const killed = host.run(`for i in $(seq 2000); do
        if pgrep -f '[d]ovecot -F -c' >/dev/null; then kill -9 $(pgrep -f '[t]x.sh run '); exit; fi; sleep 0.005
      done; exit 1`);
      await transact(host, { files: { [LOCAL]: '# other\n' }, activations }).catch(() => {});
      await killed;
      await assertAsBefore();
    });

    it('a change that is confirmed is put back, with the daemon’s error, when a daemon dies of it before', async () => {
      const main = (await host.read('/etc/postfix/main.cf')).toString('latin1');
      const dying = 'smtpd_sasl_auth_enable = yes\nsmtpd_sasl_type = dovecot\nsmtpd_sasl_path = private/none\n';
      const receipt = await transact(host, {
        files: { '/etc/postfix/main.cf': main + dying },
        activations: [{ unit: 'postfix', how: 'reload' }],
        live: async () => void (await host.run(DIES)),
      });
      assert.equal(receipt.state, 'rolled-back', JSON.stringify(receipt));
      assert.match(receipt.reason, /^the daemons say since the change: fatal: no SASL authentication mechanisms/);
      assert.match(await host.run(`${KNOCK} || true`), /^220 /, 'master holds no smtpd back');
      await assertAsBefore();
    });

    it('a change restarts Postfix when master would otherwise hold back an smtpd for a minute', async () => {
      await host.run(`postconf -e smtpd_sasl_auth_enable=yes smtpd_sasl_type=dovecot smtpd_sasl_path=private/none; postfix reload
        ${DIES}`);
      const main = (await host.read('/etc/postfix/main.cf')).toString('latin1');
      const receipt = await transact(host, {
        files: { '/etc/postfix/main.cf': main.replace(/^smtpd_sasl_auth_enable.*$/m, 'smtpd_sasl_auth_enable = no') },
        activations: [{ unit: 'postfix', how: 'reload' }],
        async live() {
          assert.match(await host.run(`${KNOCK} || true`), /^220 /);
        },
      });
      assert.equal(receipt.state, 'committed', JSON.stringify(receipt));
    });
  });

  describe(`users of a static database on ${release} without any login so far`, () => {
    let host: LabHost;
    before(async () => {
      host = await lab.host({ release, mail: true });
      await host.write('/etc/dovecot/users', 'carol@example.test:{PLAIN}secret\n');
      await host.write(LOCAL, STATIC[release]);
      await host.run(`groupadd -g 900 vmail; useradd -u 900 -g vmail vmail
        install -d -o vmail -g vmail /srv/vmail /srv/vmail/example.test /srv/vmail/example.test/carol
        systemctl restart dovecot; sleep 0.5`);
    });
    after(() => host.stop());

    it('are known by their mail folders, so a change that takes the session of one is refused', async () => {
      const old = STATIC[release];
      const receipt = await transact(host, { files: { [LOCAL]: `${old}${NO_PLUGIN}` }, activations });
      assert.equal(receipt.state, 'refused', JSON.stringify(receipt));
      assert.match(receipt.reason, /a session \(imap\) of carol@example\.test fails: /);
      const kept = await transact(host, { files: { [LOCAL]: `${old}# other\n` }, activations });
      assert.deepEqual([kept.state, kept.notes], ['committed', []], JSON.stringify(kept));
    });
  });
}
