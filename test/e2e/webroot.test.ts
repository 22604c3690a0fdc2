/** A certificate where a web server has port 80: through it, without stopping it. Then its further life: names, key, end. */

import assert from 'node:assert/strict';
import { X509Certificate } from 'node:crypto';
import { lab } from '../../src/lab/lab.ts';
import type { LabHost } from '../../src/lab/lab.ts';
import { assertFailure, hardenMail, issuedBy, to } from '../support/cli.ts';
import { assertTidy } from '../support/host.ts';

describe('a certificate through the web server on port 80', () => {
  let host: LabHost;
  let mail: string;
  let flags: string[];

  before(async function () {
    this.timeout(600_000);
    host = await lab.host({ release: 'bookworm', mail: true, also: ['nginx-light', 'apache2'] });
    mail = `mail.${host.name}`;
    const acme = await lab.acme();
    await acme.setA(mail, host.address);
    flags = ['apply', '--yes', '--no-diff', ...to(host), ...(await issuedBy(acme))];
    await host.run(`apt-get -q update && apt-get -q -y install nginx-light
      mkdir -p /srv/mail/www
      cat >/etc/nginx/sites-enabled/mail <<END
server { listen 80; listen [::]:80; server_name ${mail}; root "/srv/mail/www"; } # its own folder
END
      systemctl reload nginx`);
  });
  after(() => host.stop());

  const certificate = async () =>
    new X509Certificate(await host.read(`/etc/letsencrypt/live/${host.name}/fullchain.pem`));
  const names = async () => (await certificate()).subjectAltName?.split(', ').sort().join(' ');
  const renewal = () => host.run(`cat /etc/letsencrypt/renewal/${host.name}.conf`);
  const assertNothingLeft = async () =>
    assert.equal(await host.run("find /var/www /srv -path '*/.well-known*'"), '', 'in the folders of the web server');

  async function assertApplied(...more: string[]): Promise<string> {
    const { code, stdout, stderr } = await hardenMail([...flags, ...more]);
    assert.equal(code, 0, stdout + stderr);
    await assertTidy(host);
    return stdout;
  }

  it('apply finds the folder of nginx without stopping nginx, and renewals use the same folder', async () => {
    const pid = () => host.run('systemctl show -p MainPID nginx');
    const before = await pid();
    const stdout = await assertApplied();
    assert.match(stdout, new RegExp(`would request a certificate for ${host.name} \\(http-01, webroot\\)`));
    assert.equal(await pid(), before);
    assert.match(await renewal(), /^authenticator = webroot$/m);
    await assertNothingLeft();
    const { serialNumber } = await certificate();
    await host.run('certbot renew --no-random-sleep-on-renew --force-renewal');
    assert.notEqual((await certificate()).serialNumber, serialNumber);
  });

  it('a web folder of another user, a link to the folder of the mail name, does not become the folder of its renewals', async () => {
    await host.run(`useradd -m mallory; chmod 755 /home/mallory; su mallory -c 'ln -s /srv/mail/www ~/www'
      printf 'server { listen 80; server_name mallory.example; root /home/mallory/www; }\\n' >/etc/nginx/sites-enabled/mallory
      systemctl reload nginx`);
    await assertApplied('--domains', mail);
    assert.match(await renewal(), new RegExp(`^${mail} = /srv/mail/www$`, 'm'));
    assert.doesNotMatch(await renewal(), /mallory/);
    await host.run(
      `certbot delete -n --cert-name ${host.name}; rm /etc/nginx/sites-enabled/mallory; systemctl reload nginx`,
    );
    await assertApplied();
  });

  it('apply --domains adds a name that nginx serves from another folder to the same certificate', async () => {
    const stdout = await assertApplied('--domains', mail);
    assert.match(stdout, new RegExp(`would request a certificate for ${host.name}, ${mail} \\(http-01, webroot\\)`));
    assert.equal(await names(), `DNS:${mail} DNS:${host.name}`);
    assert.match(await renewal(), new RegExp(`^${mail} = /srv/mail/www$`, 'm'));
    assert.match(await assertApplied('--domains', mail), /ok: nothing to do/);
    assert.match(await assertApplied(), /ok: nothing to do/, 'a name that nobody asks for any more stays');
  });

  it('apply --key-type rsa reissues the certificate with another key type and all names', async () => {
    await assertApplied('--key-type', 'rsa');
    assert.equal((await certificate()).publicKey.asymmetricKeyType, 'rsa');
    assert.equal(await names(), `DNS:${mail} DNS:${host.name}`);
    assert.match(await assertApplied('--key-type', 'rsa'), /ok: nothing to do/);
  });

  it('apply reports a name that resolves to another address before it requests a certificate', async () => {
    const acme = await lab.acme();
    await acme.setA(`gone.${host.name}`, '198.18.0.250');
    const before = await host.state();
    assertFailure(await hardenMail([...flags, '--domains', `gone.${host.name}`]), {
      exit: 1,
      says: new RegExp(`gone\\.${host.name} resolves to 198\\.18\\.0\\.250, which is not `),
      todo: /Nothing was written/,
    });
    assert.deepEqual(await host.state(), before);
  });

  it('apply fails when the web server serves the name from no folder, also from the folder of --webroot', async () => {
    await host.run(`certbot delete -n --cert-name ${host.name}
      sed -i 's,root /var/www/html;,return 404;,' /etc/nginx/sites-enabled/default
      systemctl reload nginx`);
    try {
      for (const more of [[], ['--webroot', '/var/www/html']]) {
        assertFailure(await hardenMail([...flags, ...more]), {
          exit: 1,
          says: new RegExp(
            `answers on port 80, but it serves ${host.name} from none of the folders .*${more[1] ?? '/srv/mail/www'}`,
          ),
          todo: /--webroot .*Mail works as before/,
        });
        await assertTidy(host);
        await assertNothingLeft();
        assert.equal((await host.exec('ls -A /etc/letsencrypt/live /etc/letsencrypt/renewal | grep mx')).stdout, '');
      }
    } finally {
      await host.run(`sed -i 's,return 404;,root /var/www/html;,' /etc/nginx/sites-enabled/default
        systemctl reload nginx`);
    }
  });

  it('apply obtains a deleted certificate again through Apache', async () => {
    await host.run(`systemctl disable -q --now nginx
      DEBIAN_FRONTEND=noninteractive apt-get -q -y install apache2 2>&1
      printf '<VirtualHost *:80>\\n ServerName ${mail}\\n documentroot "/srv/mail/www"\\n <Directory /srv/mail/www>\\n  Require all granted\\n </Directory>\\n</VirtualHost>\\n' \\
        >/etc/apache2/sites-enabled/mail.conf
      systemctl restart apache2`);
    await assertApplied('--domains', mail);
    assert.equal(await names(), `DNS:${mail} DNS:${host.name}`);
    const ways = await renewal();
    assert.match(ways, new RegExp(`^${host.name} = /var/www/html$`, 'm'));
    assert.match(ways, new RegExp(`^${mail} = /srv/mail/www$`, 'm'));
    await assertNothingLeft();
    assert.match(await assertApplied('--domains', mail), /ok: nothing to do/);
  });

  it('apply obtains a certificate again that certbot has revoked and deleted', async () => {
    const { serialNumber } = await certificate();
    const { directory } = await lab.acme();
    await host.run(`certbot revoke -n --server ${directory} --cert-name ${host.name}`);
    await assertApplied();
    assert.notEqual((await certificate()).serialNumber, serialNumber);
  });

  it('certbot answers on port 80 itself when --pre-hook and --post-hook stop and start the web server, at renewals too', async () => {
    await host.run(`certbot delete -n --cert-name ${host.name}`);
    const hooks = ['--pre-hook', 'systemctl stop apache2', '--post-hook', 'systemctl start apache2'];
    const stdout = await assertApplied(...hooks);
    assert.match(stdout, new RegExp(`would request a certificate for ${host.name} \\(http-01, standalone\\)`));
    assert.equal(await host.run('systemctl is-active apache2'), 'active\n');
    const { serialNumber } = await certificate();
    await host.run('certbot renew --no-random-sleep-on-renew --force-renewal');
    assert.notEqual((await certificate()).serialNumber, serialNumber);
    assert.equal(await host.run('systemctl is-active apache2'), 'active\n');
    const again = await assertApplied();
    assert.match(again, /ok: nothing to do/);
    assert.doesNotMatch(again, /its own server on port 80/);
  });

  it('apply --webroot obtains a certificate through an unknown program on port 80', async () => {
    await host.run(`certbot delete -n --cert-name ${host.name}
      systemctl stop apache2
      systemd-run -q --unit e2e-http python3 -m http.server 80 -d /srv/mail/www
      until ss -Hltn 'sport = :80' | grep -q .; do sleep 0.05; done`);
    try {
      const { code, stdout } = await hardenMail(flags);
      assert.equal(code, 1);
      assert.match(stdout, /port 80 on \S+ is held by python3, .*\n {2}→ Give --webroot the folder/);
      await assertApplied('--webroot', '/srv/mail/www');
      await assertNothingLeft();
    } finally {
      await host.run('systemctl stop e2e-http');
    }
  });
});
