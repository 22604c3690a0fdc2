/** Several mail domains on one host: who asks for a name (SNI) is shown its certificate, on every port, after a renewal too. */

import assert from 'node:assert/strict';
import { X509Certificate } from 'node:crypto';
import { lab } from '../../src/lab/lab.ts';
import type { LabHost } from '../../src/lab/lab.ts';
import type { ReleaseName } from '../../src/lab/images.ts';
import { credentials, hardenMail, scratch, to } from '../support/cli.ts';
import type { Outcome } from '../support/cli.ts';
import { activity, assertTidy } from '../support/host.ts';
import { assertShown, MAIL_PORTS } from '../support/talk.ts';

const OWN = { cert: '/etc/ssl/mail/own.pem', key: '/etc/ssl/mail/own.key' };
/** The admin's own, before this tool and after it. */
const LEGACY = 'legacy.example';

/** Others by hand: HARDEN_MAIL_SNI_RELEASE=trixie. */
const release = (process.env['HARDEN_MAIL_SNI_RELEASE'] ?? 'bookworm') as ReleaseName;

describe(`several domains on one host (${release})`, () => {
  let host: LabHost;
  let flags: string[];
  let acmeServer: string;
  let root: string;
  let without: Awaited<ReturnType<LabHost['state']>>;
  const name = (word: string) => `${word}.${host.name}`;
  const entries = () => [{ names: [name('other'), name('imap.other')] }, { names: [name('own')], ...OWN }];

  const issue = (common: string, file: string) => `
    mkdir -p /etc/ssl/mail /root/ca; cd /root/ca; umask 077
    ec='-newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes'
    [ -e root.pem ] || openssl req -x509 $ec -days 3650 -subj '/CN=e2e root' -keyout root.key -out root.pem
    openssl req -new $ec -subj /CN=mail -keyout /etc/ssl/mail/${file}.key -out leaf.csr
    printf 'subjectAltName=DNS:%s\\nbasicConstraints=critical,CA:FALSE\\n' ${common} >leaf.ext
    openssl x509 -req -in leaf.csr -CA root.pem -CAkey root.key -CAcreateserial -days 90 -extfile leaf.ext -out /etc/ssl/mail/${file}.pem
    chmod 644 /etc/ssl/mail/${file}.pem`;

  before(async () => {
    host = await lab.host({ release, mail: true });
    const acme = await lab.acme();
    for (const word of ['other', 'imap.other']) await acme.setA(name(word), host.address);
    await host.run(`${issue(LEGACY, 'legacy')}\n${issue(name('own'), 'own')}`);
    const is24 = (await host.run('dovecot --version')).startsWith('2.4');
    const [cert, key] = is24 ? ['ssl_server_cert_file = ', 'ssl_server_key_file = '] : ['ssl_cert = <', 'ssl_key = <'];
    await host.run(`cat >>/etc/dovecot/conf.d/10-ssl.conf <<'END'
local_name ${LEGACY} {
  ${cert}/etc/ssl/mail/legacy.pem
  ${key}/etc/ssl/mail/legacy.key
}
END
      postconf -e 'tls_server_sni_maps = inline:{{${LEGACY} = /etc/ssl/mail/legacy.key, /etc/ssl/mail/legacy.pem}}'`);
    root = `${await acme.root()}\n${(await host.read('/root/ca/root.pem')).toString()}`;
    acmeServer = acme.directory;
    flags = ['--ca', scratch('roots.pem', root)];
  });
  after(() => host.stop());

  /** With an inventory that has these additional names. */
  function run(command: string, sni: readonly object[], ...more: string[]): Promise<Outcome> {
    const inventory = {
      hosts: { [host.name]: { hostname: host.address, user: 'root', acmeServer, ...(sni.length > 0 && { sni }) } },
    };
    const file = scratch('inventory.json', JSON.stringify(inventory));
    return hardenMail([command, '--inventory', file, ...credentials(host), ...flags, ...more]);
  }

  async function apply(sni: readonly object[], says: RegExp): Promise<string> {
    const { code, stdout, stderr } = await run('apply', sni, '--yes', '--no-diff');
    assert.equal(code, 0, stdout + stderr);
    assert.match(stdout, says);
    return stdout;
  }

  const onDisk = async (path: string) => new X509Certificate(await host.read(path)).serialNumber;
  const lineage = (of: string) => `/etc/letsencrypt/live/${of}/fullchain.pem`;

  const shows = async (asked: string, path: string) =>
    assertShown(await onDisk(path), MAIL_PORTS, { address: host.address, name: asked, root });

  async function assertAllShown(): Promise<void> {
    await shows(host.name, lineage(host.name));
    await shows(name('other'), lineage(name('other')));
    await shows(name('imap.other'), lineage(name('other')));
    await shows(name('own'), OWN.cert);
    await shows(LEGACY, '/etc/ssl/mail/legacy.pem');
  }

  it('apply for one domain keeps the certificate that the administrator has set for another', async () => {
    await apply([], /changed: /);
    await shows(host.name, lineage(host.name));
    await shows(LEGACY, '/etc/ssl/mail/legacy.pem');
    without = await host.state();
  });

  it('a dry run shows the certificate to request and the settings to write, and writes nothing', async () => {
    const { code, stdout, stderr } = await run('apply', entries(), '--dry-run', '--diff=full');
    assert.equal(code, 0, stdout + stderr);
    assert.match(
      stdout,
      /~ certbot +would request a certificate for other\.\S+, imap\.other\.\S+ \(http-01, standalone\)$/m,
    );
    assert.match(stdout, /^\+other\.\S+ \/etc\/letsencrypt\/live\/other\.\S+\/privkey\.pem, \S+\/fullchain\.pem$/m);
    assert.match(stdout, /^\+ *local_name own\.\S+ \{$/m);
    assert.deepEqual(await host.state(), without);
  });

  it('every port serves each name its own certificate, and verify checks each name on each port', async () => {
    await apply(entries(), /changed: /);
    await assertAllShown();
    // From outside alone nobody knows what is on disk: there it is said that it was not compared.
    for (const [status, ...way] of [['pass'], ['hint', '--no-ssh']] as const) {
      const wanted = MAIL_PORTS.flatMap((port) =>
        ['other', 'imap.other', 'own'].map((word) => `${port} ${name(word)} ${status}`),
      );
      const { stdout } = await run('verify', entries(), '--json', ...way);
      const { hosts } = JSON.parse(stdout) as {
        hosts: { findings: { port: number; check: string; name?: string; status: string }[] }[];
      };
      const sni = hosts[0]!.findings.filter(({ check }) => check === 'sni');
      const told = sni.map((one) => `${one.port} ${one.name} ${one.status}`);
      assert.deepEqual(told.toSorted(), wanted.toSorted(), way.join());
    }
    await assertTidy(host);
  });

  it('a second apply has nothing to do, and an apply without the inventory does not remove the names', async () => {
    const since = await activity(host);
    await apply(entries(), /ok: nothing to do, \d+ checks passed\n$/);
    const { code, stdout } = await hardenMail(['apply', '--yes', ...to(host), ...flags]);
    assert.match(stdout, /ok: nothing to do, \d+ checks passed\n$/);
    assert.equal(code, 0);
    assert.deepEqual((await activity(host, since)).reloads, []);
  });

  it('every port serves a renewed certificate for its names, and the other certificates stay', async () => {
    const before = await onDisk(lineage(name('other')));
    await host.run(`certbot renew --no-random-sleep-on-renew --force-renewal --cert-name ${name('other')}`);
    assert.notEqual(await onDisk(lineage(name('other'))), before);
    await assertAllShown();
    const log = await host.run('journalctl -q -o cat -t harden-mail');
    assert.match(log, new RegExp(`^certificate ${name('other')} was renewed: reloading Postfix and Dovecot$`, 'm'));
    const { code, stdout, stderr } = await run('check', entries());
    assert.equal(code, 0, stdout + stderr);
  });

  it('every port serves a replaced certificate of the administrator without another run', async () => {
    await host.run(issue(name('own'), 'own'));
    await shows(name('own'), OWN.cert);
  });

  it('verify fails only on the name whose replaced certificate is not loaded, and apply has it loaded', async () => {
    await host.run(`systemctl stop harden-mail-certificate.path; sleep 1.1; ${issue(name('own'), 'own')}`);
    const { code, stdout } = await run('verify', entries());
    assert.equal(code, 5, stdout);
    assert.match(stdout, / 993 sni +own\.\S+: serves .* not the one on disk, .*: the daemon has not loaded it/);
    assert.doesNotMatch(stdout, /✖ +\d+ sni +(imap\.)?other\./);
    await apply(entries(), /own\.pem is newer than the configuration it runs with/);
    await assertAllShown();
  });

  it('apply refuses a certificate that does not have the requested name, and writes nothing', async () => {
    const before = await host.state();
    const { code, stdout } = await run('apply', [{ names: [name('elsewhere')], ...OWN }], '--yes');
    assert.equal(code, 1, stdout);
    assert.match(stdout, /own\.pem is not for elsewhere\.\S+ but for DNS:own\./);
    assert.deepEqual(await host.state(), before);
  });

  it('apply removes its own settings, and none of the administrator’s, when the names leave the inventory', async () => {
    await apply([], /changed: /);
    assert.deepEqual(served(await host.state()), served(without));
    await shows(LEGACY, '/etc/ssl/mail/legacy.pem');
    await shows(host.name, lineage(host.name));
    await assertTidy(host);
    await apply([], /ok: nothing to do/);
  });
});

/** What the daemons and the hook are: certbot keeps its certificates until somebody deletes them. */
function served(state: Awaited<ReturnType<LabHost['state']>>): string[] {
  return Object.entries(state)
    .filter(
      ([path, { type }]) => type !== 'd' && (!path.startsWith('/etc/letsencrypt/') || path.includes('/renewal-hooks/')),
    )
    .map(([path, { mode, owner, sha256 }]) => `${path} ${mode} ${owner} ${sha256}`)
    .sort();
}
