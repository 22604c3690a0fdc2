/** A certificate that the admin brings, on a real host: refused with its cause, or served on every port without certbot. */

import assert from 'node:assert/strict';
import { createHash, X509Certificate } from 'node:crypto';
import { lab } from '../../src/lab/lab.ts';
import type { LabHost } from '../../src/lab/lab.ts';
import { assertFailure, hardenMail, hardenMailAsking, scratch, to } from '../support/cli.ts';
import { activity, assertTidy, mark, writtenSince } from '../support/host.ts';
import { assertShown, MAIL_PORTS } from '../support/talk.ts';

const [CERT, KEY] = ['/etc/ssl/mail/fullchain.pem', '/etc/ssl/mail/privkey.pem'];

/** Shell of an authority of the admin's own: a root, and one that issues, as most have it. */
const AUTHORITY = `set -e
  umask 022
  mkdir -p /root/ca /etc/ssl/mail
  cd /root/ca
  ec='-newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes'
  [ -e root.pem ] || {
    openssl req -x509 $ec -days 3650 -subj '/CN=e2e root' -keyout root.key -out root.pem
    openssl req -x509 $ec -days 3650 -subj "/O=Let's Encrypt/CN=e2e issuer" -CA root.pem -CAkey root.key -keyout issuer.key -out issuer.pem
  } 2>/dev/null
  issue() { # NAME DAYS
    openssl req -x509 $ec -days "$2" -subj '/CN=mail' -addext "subjectAltName=DNS:$1" -addext basicConstraints=critical,CA:FALSE $more \\
      -CA issuer.pem -CAkey issuer.key -keyout leaf.key -out leaf.pem 2>/dev/null
    cat leaf.pem issuer.pem >${CERT}
    (umask 077; cat leaf.key >${KEY}; chmod 600 ${KEY})
  }
`;

describe('a certificate of the administrator (--cert, --key)', () => {
  let host: LabHost;
  let flags: string[];
  const shell = (lines: string) => host.run(`${AUTHORITY}\n${lines}`);

  before(async () => {
    host = await lab.host({ release: 'bookworm', mail: true, also: ['dnsmasq-base'] });
    await shell(`issue ${host.name} 90`);
    const root = scratch('root.pem', (await host.read('/root/ca/root.pem')).toString());
    flags = [...to(host), '--cert', CERT, '--key', KEY, '--ca', root];
  });
  after(() => host.stop());

  const UNFIT: readonly (readonly [string, string, RegExp])[] = [
    ['a key that every user can read', `chmod 644 ${KEY}`, /key \/etc\/ssl\/mail\/privkey\.pem can be read by every/],
    ['a key with a password', `openssl pkey -aes256 -passout pass:x -in leaf.key -out ${KEY}`, /or has a password$/],
    ['the key of another certificate', `cp issuer.key ${KEY}; chmod 600 ${KEY}`, /belongs to certificate 2 of/],
    ['a chain in the wrong order', `cat issuer.pem leaf.pem >${CERT}`, /the host's own certificate must come first$/],
    [
      'a chain with an unrelated certificate',
      `cat leaf.pem root.pem >${CERT}`,
      /certificate 2 of \S+ \(e2e root\) did not issue/,
    ],
    ['a certificate for another name', 'issue www.example.test 90', /is not for mx\S+ but for DNS:www\.example\.test$/],
    [
      'a certificate that has expired',
      `openssl x509 -in leaf.pem -signkey leaf.key -days -1 -out ${CERT} 2>/dev/null`,
      /fullchain\.pem expired on \d{4}-\d\d-\d\d \(mail\)$/,
    ],
    ['a missing certificate', `rm ${CERT}`, /the file \/etc\/ssl\/mail\/fullchain\.pem does not exist on the host$/],
  ];
  for (const [what, spoil, says] of UNFIT)
    it(`apply refuses ${what} and writes nothing`, async () => {
      await shell(`issue ${host.name} 90; ${spoil}`);
      await mark(host);
      assertFailure(await hardenMail(['apply', '--yes', ...flags]), {
        exit: 1,
        says,
        todo: /Nothing was written\. \S/,
      });
      assert.deepEqual(await writtenSince(host, '/etc'), []);
      await assertTidy(host);
    });

  it('apply --debug has every port serve a valid certificate without certbot, and does not print the key', async () => {
    await shell(`issue ${host.name} 90`);
    const { code, stdout, stderr } = await hardenMail(['apply', '--yes', '--debug', ...flags]);
    assert.equal(code, 0, stdout + stderr);
    assert.match(
      stdout,
      /certbot +the certificate is your own, \/etc\/ssl\/mail\/fullchain\.pem; the daemons would load its renewals$/m,
    );
    assert.equal(
      (await host.exec('ls -A /etc/letsencrypt/live /etc/letsencrypt/renewal-hooks/deploy 2>/dev/null')).stdout,
      '',
    );
    const body = (await host.read(KEY)).toString().split('\n')[1] ?? 'none';
    assert.ok(!(stdout + stderr).includes(body));
  });

  it('a second apply has nothing to do', async () => {
    const since = await activity(host);
    const { code, stdout } = await hardenMail(['apply', '--yes', ...flags]);
    assert.match(stdout, /ok: nothing to do, \d+ checks passed\n$/);
    assert.equal(code, 0);
    assert.deepEqual((await activity(host, since)).reloads, []);
  });

  const serial = async () => new X509Certificate(await host.read(CERT)).serialNumber;

  it('every port serves a replaced certificate without another run', async () => {
    const before = await serial();
    await shell(`issue ${host.name} 90`);
    assert.notEqual(await serial(), before);
    const root = (await host.read('/root/ca/root.pem')).toString();
    await assertShown(await serial(), MAIL_PORTS, { address: host.address, name: host.name, root });
    assert.equal((await hardenMail(['check', ...flags])).code, 0);
  });

  it('check finds a replaced certificate whose watch is stopped, and apply loads it and starts the watch again', async () => {
    const before = await serial();
    await host.run('systemctl stop harden-mail-certificate.path; sleep 1.1'); // a file's date is a second's
    await shell(`issue ${host.name} 90`);
    assert.notEqual(await serial(), before);
    assert.equal((await hardenMail(['check', ...flags])).code, 2);
    const { code, stdout, stderr } = await hardenMail(['apply', '--yes', ...flags]);
    assert.equal(code, 0, stdout + stderr);
    assert.match(
      stdout,
      /reload postfix: \/etc\/ssl\/mail\/fullchain\.pem is newer than the configuration it runs with/,
    );
    assert.match(stdout, /start harden-mail-certificate\.path: it does not run/);
    assert.equal(await host.run('systemctl is-active harden-mail-certificate.path'), 'active\n');
    assert.equal((await hardenMail(['check', ...flags])).code, 0);
  });

  describe('with DNS records of a real name server (dnsmasq)', () => {
    // Names under .test are nobody's, and not asked for.
    const domain = 'mail.e2e.example.org';
    const hex = (text: string) => Buffer.from(text).toString('hex');
    const caa = (issuer: string) => `--dns-rr=e2e.example.org,257,${`0005${hex('issue')}${hex(issuer)}`}`;
    const tlsa = (digest: string) => `--dns-rr=_25._tcp.${domain},52,030101${digest}`;
    let digest: string;

    before(async () => {
      await shell(`issue ${domain} 90; apt-get -q update; apt-get -q -y install dnsmasq-base`);
      const { code, stdout, stderr } = await hardenMail(['apply', '--yes', '--no-diff', '--domain', domain, ...flags]);
      assert.equal(code, 0, stdout + stderr);
      const { publicKey } = new X509Certificate(await host.read(CERT));
      digest = createHash('sha256')
        .update(publicKey.export({ type: 'spki', format: 'der' }))
        .digest('hex');
    });

    /** What verify says of DNS while it has these records, and its exit code. */
    async function told(...records: string[]): Promise<string[]> {
      const serve = `dnsmasq -k --conf-file=/dev/null --no-resolv --no-hosts --bind-interfaces --listen-address=${host.address} --local=/org/`;
      await host.run(`systemd-run -q --unit e2e-dns ${serve} ${records.join(' ')}
        until ss -Hltn 'sport = :53' | grep -q ${host.address}; do sleep 0.05; done`);
      try {
        const { code, stdout, stderr } = await hardenMailAsking(host.address, [
          'verify',
          '-v',
          '--domain',
          domain,
          ...flags,
        ]);
        const found = stdout.split('\n').filter((line) => / (tlsa|caa) /.test(line));
        assert.ok(code === 0 || found.length > 0, stdout + stderr);
        return [String(code), ...found.map((line) => line.trim().replace(/ +/g, ' '))];
      } finally {
        await host.run('systemctl stop e2e-dns');
      }
    }

    it('verify passes TLSA and CAA records that match', async () =>
      assert.deepEqual(await told(tlsa(digest), caa('letsencrypt.org')), [
        '0',
        `✔ 25 tlsa _25._tcp.${domain} has a TLSA record of the certificate on disk`,
        '✔ 25 caa the CAA records of e2e.example.org let letsencrypt.org issue',
      ]));

    it('verify fails on a TLSA record of another key, prints the right record, and warns about a CAA record of another authority', async () => {
      const [code, ...found] = await told(tlsa('00'.repeat(32)), caa('pki.goog'));
      assert.equal(code, '5');
      assert.equal(found.length, 2);
      assert.match(found[0] ?? '', /^✖ 25 tlsa no TLSA record of /);
      assert.ok(found[0]?.endsWith(`publish: _25._tcp.${domain}. IN TLSA 3 1 1 ${digest}`), found[0]);
      assert.match(found[1] ?? '', /^! 25 caa .* let pki\.goog issue and not letsencrypt\.org, /);
    });

    it('verify reports nothing when there are no records', async () => assert.deepEqual(await told(), ['0']));
  });

  describe('with a revocation list of its issuer (CRL)', () => {
    const verify = () => hardenMail(['verify', '-v', ...flags]);

    /** Publishes the issuer's list, with this certificate on it or not. */
    const publish = (revoked: boolean) =>
      shell(`mkdir -p /srv/crl
        line="R\t350101000000Z\t261120101500Z\t$(openssl x509 -noout -serial -in leaf.pem | sed 's/.*=//')\tunknown\t/CN=mail\n"
        ${revoked ? 'printf "$line"' : 'printf ""'} >index.txt
        printf '[ca]\ndefault_ca=d\n[d]\ndatabase=index.txt\ndefault_md=sha256\n' >ca.cnf
        openssl ca -config ca.cnf -gencrl -crldays 7 -keyfile issuer.key -cert issuer.pem -out list.pem 2>/dev/null
        openssl crl -in list.pem -outform DER -out /srv/crl/list.crl`);

    before(async () => {
      await shell(
        `more="-addext crlDistributionPoints=URI:http://${host.address}:8080/list.crl"; issue ${host.name} 90`,
      );
      await publish(false);
      await host.run(`systemd-run -q --unit e2e-crl python3 -m http.server 8080 -d /srv/crl
        until ss -Hltn 'sport = :8080' | grep -q .; do sleep 0.05; done`);
      const { code, stdout, stderr } = await hardenMail(['apply', '--yes', '--no-diff', ...flags]);
      assert.equal(code, 0, stdout + stderr);
    });

    it('verify passes a certificate that is not on the list', async () => {
      const { code, stdout } = await verify();
      assert.match(stdout, /✔ +25 revocation +is not on its issuer's list/);
      assert.equal(code, 0);
    });

    it('verify fails on a certificate that is on the list', async () => {
      await publish(true);
      const { code, stdout } = await verify();
      assert.match(stdout, /✖ +25 revocation +was revoked on 2026-11-20, /);
      assert.equal(code, 5);
    });

    it('verify gives a hint and does not fail when the list cannot be fetched', async () => {
      await host.run('systemctl stop e2e-crl');
      const { code, stdout } = await verify();
      assert.match(stdout, /· +25 revocation +whether it is revoked is not known \(http:\S+: .*ECONNREFUSED/);
      assert.equal(code, 0);
    });
  });

  it('--cert without --key is an error before any host is contacted', async () => {
    const { code, stderr } = await hardenMail(['apply', '--yes', '--host', '192.0.2.1', '--cert', CERT]);
    assert.equal(code, 3);
    assert.match(stderr, /has a cert but no key/);
  });
});
