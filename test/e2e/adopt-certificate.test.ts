/** A certificate that the admin chose stays: each daemon keeps its own, certbot is not asked, and renewals are loaded. */

import assert from 'node:assert/strict';
import { X509Certificate } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { lab } from '../../src/lab/lab.ts';
import type { LabHost, State } from '../../src/lab/lab.ts';
import type { ReleaseName } from '../../src/lab/images.ts';
import { hardenMail, issuedBy, scratch, start, to } from '../support/cli.ts';
import { activity, assertTidy } from '../support/host.ts';
import { openssl } from '../support/opinions.ts';
import { assertShown, MAIL_PORTS } from '../support/talk.ts';

/** Shell of a private authority, and of a tool that lays its certificates as acme.sh does. */
const AUTHORITY = `set -e
  umask 022
  mkdir -p /root/ca /etc/ssl/mail
  cd /root/ca
  ec='-newkey ec -pkeyopt ec_paramgen_curve:P-256'
  [ -e root.pem ] || openssl req -x509 $ec -nodes -days 3650 -subj '/CN=e2e root' -keyout root.key -out root.pem 2>/dev/null
  issue() { # KIND NAMES...: leaf.key and leaf.pem
    new=$ec
    [ "$1" = ec ] || new="-newkey rsa:2048"
    shift
    names=$(printf ',DNS:%s' "$@")
    openssl req -x509 $new -nodes -days 90 -subj "/CN=$1" -addext "subjectAltName=\${names#,}" \\
      -addext basicConstraints=critical,CA:FALSE -CA root.pem -CAkey root.key -keyout leaf.key -out leaf.pem 2>/dev/null
  }
  install_key() { (umask 077; cat leaf.key >"$1.key.new"); mv "$1.key.new" "$1.key"; }
  install_chain() { cat leaf.pem root.pem >"$1.pem.new"; mv "$1.pem.new" "$1.pem"; }
  install() { install_key "$1"; install_chain "$1"; }
`;

const ACME = '/etc/ssl/mail/acme';
const OTHER = '/etc/ssl/mail/other';
const WATCH = 'harden-mail-certificate';

for (const release of ['bookworm', 'trixie'] satisfies ReleaseName[])
  describe(`a certificate that a host serves already (${release})`, () => {
    let host: LabHost;
    let flags: string[];
    let root: string;
    let peer: { address: string; name: string; root: string };
    const shell = (lines: string) => host.run(`${AUTHORITY}\n${lines}`);
    const serial = async (path: string) => new X509Certificate(await host.read(path)).serialNumber;

    const [certificate, key] =
      release === 'trixie' ? ['ssl_server_cert_file = ', 'ssl_server_key_file = '] : ['ssl_cert = <', 'ssl_key = <'];
    const dovecot = (
      file: string,
    ) => `sed -i '/^ *ssl_\\(server_\\)\\?\\(cert\\|key\\)/d' /etc/dovecot/conf.d/10-ssl.conf
      printf '%s\\n' '${certificate}${file}.pem' '${key}${file}.key' >>/etc/dovecot/conf.d/10-ssl.conf`;
    const postfix = (file: string) => `postconf -e smtpd_tls_cert_file=${file}.pem smtpd_tls_key_file=${file}.key`;
    const RELOAD = 'systemctl reload dovecot; postfix reload 2>/dev/null';

    before(async () => {
      host = await lab.host({ release, mail: true });
      await shell(`mkdir /root/stock; cp -a /etc/postfix /etc/dovecot /etc/letsencrypt /root/stock/`);
      root = (await host.read('/root/ca/root.pem')).toString();
      flags = [...to(host), '--ca', scratch('root.pem', root)];
      peer = { address: host.address, name: host.name, root };
    });
    after(() => host.stop());

    /** A host as it was before this tool came, with these lines carried out. */
    const begin = (lines: string) =>
      shell(`systemctl stop ${WATCH}.path 2>/dev/null || true
        rm -rf /etc/postfix /etc/dovecot /etc/letsencrypt /var/lib/harden-mail /var/log/letsencrypt /etc/ssl/mail /run/${WATCH} /etc/systemd/system/${WATCH}.* /etc/systemd/system/multi-user.target.d
        cp -a /root/stock/* /etc/; mkdir -p /etc/ssl/mail; systemctl daemon-reload
        ${lines}
        ${RELOAD}`);

    async function apply(says: RegExp, ...more: string[]): Promise<string> {
      const { code, stdout, stderr } = await hardenMail(['apply', '--yes', '--no-diff', ...flags, ...more]);
      assert.equal(code, 0, stdout + stderr);
      assert.match(stdout, says);
      assert.doesNotMatch(stdout, /would request/);
      return stdout;
    }

    async function assertNothingToDo(): Promise<void> {
      const since = await activity(host);
      const journal = () => host.run('ls /var/lib/harden-mail/tx');
      const before = await journal();
      await apply(/ok: nothing to do, \d+ checks passed\n$/);
      const { code, stdout } = await hardenMail(['check', ...flags]);
      assert.equal(code, 0, stdout);
      assert.equal(await journal(), before, 'no transaction');
      assert.deepEqual((await activity(host, since)).reloads, []);
    }

    /** Whoever looks by either name is shown this file. */
    const assertServed = async (file: string, ports: readonly number[] = MAIL_PORTS, name = host.name) =>
      assertShown(await serial(`${file}.pem`), ports, { ...peer, name });

    const certbotWasAsked = async () =>
      (await host.exec('ls -d /etc/letsencrypt/*/ /var/log/letsencrypt/*')).stdout.trim();

    describe('from another tool than certbot, with additional names, set for both daemons', () => {
      let found: State;

      before(async () => {
        await begin(`issue ec ${host.name} smtp.${host.name}; install ${ACME}; ${postfix(ACME)}\n${dovecot(ACME)}`);
        await assertServed(ACME, [25, 143, 993, 995]);
        found = await host.state();
      });

      it('the undo of an unconfirmed apply leaves every file as before and removes the certificate watch', async () => {
        const running = start(['apply', '--yes', '--no-diff', ...flags, '--confirm-timeout', '3']);
        await running.said(/: confirm$/m);
        running.signal('SIGSTOP');
        assert.equal(await host.run(`systemctl is-active ${WATCH}.path`), 'active\n');
        running.signal('SIGKILL');
        await running.done;
        await host.run('cd /var/lib/harden-mail/tx/2*; until grep -q rolled-back state; do sleep 0.1; done');
        assert.deepEqual(shape(await host.state()), shape(found));
        assert.equal(await host.run(`systemctl list-units --all --plain --no-legend '${WATCH}*'`), '');
        await assertServed(ACME, [25, 143, 993, 995]);
      });

      it('apply keeps the certificate, names it with file and line, does not run certbot, and every port serves it', async () => {
        const stdout = await apply(/changed: /);
        const line = `${ACME}\\.pem \\(${host.name}, smtp\\.${host.name}; valid until \\d{4}-\\d\\d-\\d\\d\\) stays; --replace certificate`;
        assert.match(stdout, new RegExp(`/etc/postfix/main\\.cf:\\d+: smtpd_tls_cert_file: ${line}`));
        assert.match(
          stdout,
          new RegExp(`/etc/dovecot/conf\\.d/10-ssl\\.conf:\\d+: ssl_(server_)?cert(_file)?: ${line}`),
        );
        await assertServed(ACME);
        await assertServed(ACME, MAIL_PORTS, `smtp.${host.name}`);
        assert.equal(await certbotWasAsked(), '');
        await assertTidy(host);
      });

      it('a second apply has nothing to do', assertNothingToDo);

      it('the certificate watch reloads the daemons after a replacement, and only when key and certificate match', async () => {
        const since = await activity(host);
        await shell(`issue ec ${host.name} smtp.${host.name}; install_key ${ACME}; cp leaf.pem next.pem
          until [ "$(systemctl is-active ${WATCH}.service)" = activating ]; do sleep 0.1; done`);
        // The daemons go on with the pair that they have, and the watch waits for the other half.
        await shell(`sleep 5; cp next.pem leaf.pem; install_chain ${ACME}`);
        await assertServed(ACME);
        assert.deepEqual((await activity(host, since)).reloads.toSorted(), ['dovecot', 'postfix']);
        await assertNothingToDo();
      });

      it('the certificate watch reloads the daemons once when the chain arrives while it compares key and certificate', async () => {
        await idle();
        const since = await activity(host);
        // In place of openssl, a script that lays the new chain first, once, when the watch asks for the key.
        await shell(`issue ec ${host.name} smtp.${host.name}; cat leaf.pem root.pem >/root/chain.pem
          mv /usr/bin/openssl /usr/bin/openssl.real
          printf '%s\\n' '#!/bin/sh' '[ ! -e /root/chain.pem ] || mv /root/chain.pem ${ACME}.pem' 'exec /usr/bin/openssl.real "$@"' >/usr/bin/openssl
          chmod 755 /usr/bin/openssl; install_key ${ACME}
          until [ ! -e /root/chain.pem ]; do sleep 0.1; done`);
        await idle();
        await host.run('mv /usr/bin/openssl.real /usr/bin/openssl');
        await assertServed(ACME);
        assert.deepEqual((await activity(host, since)).reloads.toSorted(), ['dovecot', 'postfix']);
      });

      it('the certificate watch does not reload the daemons when the bytes of the certificate are the same', async () => {
        const since = await activity(host);
        const runs = () => host.run(`systemctl show -p InvocationID --value ${WATCH}.service`);
        await idle();
        const before = await runs();
        await host.run(`touch ${ACME}.pem; cp -a ${ACME}.pem ${ACME}.copy; mv ${ACME}.copy ${ACME}.pem`);
        for (const deadline = Date.now() + 20_000; (await runs()) === before; await sleep(100))
          assert.ok(Date.now() < deadline, 'the watch was not called');
        await idle();
        assert.deepEqual((await activity(host, since)).reloads, []);
      });

      it('the certificate watch has the daemons load a replacement after a reboot too', async () => {
        await host.reboot();
        await shell(`issue ec ${host.name}; install ${ACME}`);
        await assertServed(ACME);
        await shell(`issue ec ${host.name} smtp.${host.name}; install ${ACME}`);
        await assertServed(ACME);
      });

      it('a rollback leaves every file as before apply and removes the certificate watch', async () => {
        const { code, stdout } = await hardenMail(['rollback', '--yes', '--no-diff', ...flags]);
        assert.equal(code, 0, stdout);
        assert.deepEqual(shape(await host.state()), shape(found));
        assert.equal(await host.run(`systemctl list-units --all --plain --no-legend '${WATCH}*'`), '');
        await assertServed(ACME, [25, 143, 993, 995]);
      });
    });

    async function idle(): Promise<void> {
      await host.run(`until [ "$(systemctl is-active ${WATCH}.service || true)" != activating ]; do sleep 0.1; done`);
    }

    if (release === 'trixie') return;

    it('apply gives Dovecot the certificate of Postfix when Dovecot has only the snakeoil certificate', async () => {
      await begin(`issue ec ${host.name}; install ${ACME}; ${postfix(ACME)}`);
      const stdout = await apply(/changed: /);
      assert.match(stdout, /Dovecot serves no certificate that clients accept: it gets the one that Postfix serves/);
      await assertServed(ACME);
      await assertNothingToDo();
    });

    it('apply keeps two certificates when Dovecot serves another one, which does not name the host', async () => {
      await begin(`issue ec ${host.name}; install ${ACME}; ${postfix(ACME)}
        issue rsa imap.${host.name}; install ${OTHER}\n${dovecot(OTHER)}`);
      await apply(/10-ssl\.conf:\d+: ssl_cert: \/etc\/ssl\/mail\/other\.pem .* stays; --replace certificate/);
      await assertServed(ACME, [25, 465]);
      await assertServed(OTHER, [110, 143, 993, 995], `imap.${host.name}`);
      assert.equal(await certbotWasAsked(), '');
      await assertNothingToDo();
    });

    it('apply takes the mail domain from the certificate, and the plan says so, when the certificate does not name the host', async () => {
      await begin(`issue ec mail.${host.name} imap.${host.name}; install ${ACME}; ${postfix(ACME)}\n${dovecot(ACME)}`);
      await apply(new RegExp(`the mail domain is mail\\.${host.name}, a name of the certificate that stays`));
      await assertServed(ACME, MAIL_PORTS, `mail.${host.name}`);
      await assertNothingToDo();
    });

    it('the certificate watch reloads the daemons when a symbolic link on the path leads to another folder', async () => {
      await begin(`mkdir -p /etc/ssl/mail/v1 /etc/ssl/mail/v2; ln -s v1 /etc/ssl/mail/current
        ln -s current/acme.pem ${ACME}.pem; ln -s current/acme.key ${ACME}.key
        issue ec ${host.name}; install /etc/ssl/mail/v1/acme; ${postfix(ACME)}\n${dovecot(ACME)}`);
      await apply(/changed: /);
      await assertServed(ACME);
      await shell(`issue ec ${host.name}; install /etc/ssl/mail/v2/acme; ln -sfn v2 /etc/ssl/mail/current`);
      await assertServed(ACME);
    });

    it('Postfix serves the ECDSA and the RSA pair of smtpd_tls_chain_files before and after apply', async () => {
      await begin(`issue ec ${host.name}; install ${ACME}; issue rsa ${host.name}; install ${OTHER}
        printf 'smtpd_tls_chain_files =\\n  ${ACME}.key,\\n  ${ACME}.pem\\n  ${OTHER}.key ${OTHER}.pem\\n' >>/etc/postfix/main.cf`);
      const before = await host.read('/etc/postfix/main.cf');
      const served = async () => {
        await assertServed(ACME, [25]);
        for (const [algorithm, type] of [
          ['ECDSA+SHA256', 'id-ecPublicKey'],
          ['RSA-PSS+SHA256', 'rsaEncryption'],
        ] as const) {
          const options = ['-starttls', 'smtp', '-sigalgs', algorithm, '-tls1_3'];
          const { text } = await openssl({ ...peer, port: 25 }, ['EHLO client.example', 'QUIT'], ...options);
          assert.match(text, /Verify return code: 0 \(ok\)/, text);
          assert.match(
            text,
            new RegExp(`Peer signature type: ${type === 'rsaEncryption' ? 'RSA-PSS' : 'ECDSA'}`),
            text,
          );
        }
      };
      await served();
      await apply(/changed: /);
      await served();
      const chains = (text: Buffer) => /^smtpd_tls_chain_files(.*\n[ \t]+.*)+/m.exec(text.toString())?.[0];
      assert.equal(chains(await host.read('/etc/postfix/main.cf')), chains(before));
      await assertNothingToDo();
      // The same with the admin's word for one of the pairs: the other is kept beside it.
      const own = ['--cert', `${ACME}.pem`, '--key', `${ACME}.key`];
      const { code, stdout } = await hardenMail(['check', ...flags, ...own]);
      assert.equal(code, 2, stdout); // what it would change is Dovecot's alone
      assert.doesNotMatch(stdout, /smtpd_tls_chain_files/);
      await served();
    });

    it('the certificate watch rebuilds the indexed map of Postfix that holds copies of the keys (tls_server_sni_maps)', async () => {
      await begin(`issue ec ${host.name} shop.${host.name}; install ${ACME}; ${postfix(ACME)}\n${dovecot(ACME)}
        echo 'shop.${host.name} ${ACME}.key, ${ACME}.pem' >/etc/postfix/sni; chmod 600 /etc/postfix/sni
        postmap -F hash:/etc/postfix/sni; postconf -e tls_server_sni_maps=hash:/etc/postfix/sni`);
      await apply(/main\.cf:\d+: tls_server_sni_maps: hash:\/etc\/postfix\/sni holds copies of keys/);
      await assertServed(ACME, [25, 465], `shop.${host.name}`);
      await shell(`issue ec ${host.name} shop.${host.name}; install ${ACME}`);
      await assertServed(ACME, [25, 465], `shop.${host.name}`);
      assert.equal((await host.run('stat -c "%a %U" /etc/postfix/sni.db; ls /etc/postfix/sni*')).trim(), '600 root\n/etc/postfix/sni\n/etc/postfix/sni.db'); // oxfmt-ignore
      await assertNothingToDo();
    });

    it('apply --domain with a missing name replaces the certificate with one of certbot that has every served name too', async () => {
      const acme = await lab.acme();
      const names = ['new', 'smtp'].map((word) => `${word}.${host.name}`);
      for (const name of names) await acme.setA(name, host.address);
      await begin(`issue ec ${host.name} smtp.${host.name}; install ${ACME}; ${postfix(ACME)}\n${dovecot(ACME)}`);
      const more = ['--domain', `new.${host.name}`, ...(await issuedBy(acme))];
      await acme.setA(`smtp.${host.name}`, '198.18.0.250');
      const refused = await hardenMail(['apply', '--yes', '--no-diff', ...to(host), ...more]);
      assert.match(
        refused.stdout,
        /failed: smtp\.\S+ resolves to 198\.18\.0\.250.*\n {2}→ It is a name of a certificate that is served/,
      );
      await acme.setA(`smtp.${host.name}`, host.address);
      const { code, stdout, stderr } = await hardenMail(['apply', '--yes', '--no-diff', ...to(host), ...more]);
      assert.equal(code, 0, stdout + stderr);
      assert.match(
        stdout,
        /main\.cf:\d+: smtpd_tls_cert_file: \/etc\/ssl\/mail\/acme\.pem .* is replaced by certbot's: it is not for new\./,
      );
      const live = `/etc/letsencrypt/live/new.${host.name}/fullchain`;
      for (const name of [host.name, ...names])
        await assertShown(await serial(`${live}.pem`), MAIL_PORTS, { ...peer, name, root: await acme.root() });
    });

    it('apply replaces the snakeoil certificate with one of certbot', async () => {
      await begin(':');
      const more = await issuedBy(await lab.acme());
      const { code, stdout, stderr } = await hardenMail(['apply', '--yes', '--no-diff', ...to(host), ...more]);
      assert.equal(code, 0, stdout + stderr);
      const live = `/etc/letsencrypt/live/${host.name}/fullchain.pem`;
      await assertShown(await serial(live), MAIL_PORTS, { ...peer, root: await (await lab.acme()).root() });
      assert.equal(await host.run(`systemctl list-units --all --plain --no-legend '${WATCH}*'`), '');
    });
  });

/** Every file, but not when it was written. */
function shape(state: State): string[] {
  return Object.entries(state)
    .filter(([path]) => !path.startsWith('/etc/ssl/mail'))
    .map(([path, { type, mode, owner, link, sha256 }]) => `${path} ${type} ${mode} ${owner} ${link} ${sha256}`)
    .sort();
}
