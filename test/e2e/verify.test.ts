/**
 * verify against real daemons: a Debian 12 mail host as it comes, hardened by hand, and broken in known ways; with
 * openssl and swaks as the second opinion. Nothing here is set by the code under test.
 */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { X509Certificate } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { connect as dial } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { isDeepStrictEqual, promisify } from 'node:util';
import { connect } from '../../src/connect/connect.ts';
import type { Finding } from '../../src/model/index.ts';
import type { Remote } from '../../src/remote/remote.ts';
import { PORTS } from '../../src/verify/mail-ports.ts';
import type { Dial, VerifyTarget } from '../../src/verify/verify.ts';
import { verify } from '../../src/verify/verify.ts';
import type { LabHost } from '../../src/lab/lab.ts';
import { lab } from '../../src/lab/lab.ts';
import type { Certificates } from '../support/certificates.ts';
import { DOMAIN, makeCertificates } from '../support/certificates.ts';

const run = promisify(execFile);
const user = { name: 'user', password: 'S3cret words' };
const CHAIN = '/etc/ssl/certs/test-chain.pem';
const KEY = '/etc/ssl/private/test-key.pem';

const RELOAD = 'doveadm reload; postfix reload';
const HARDEN = `set -e
  postconf -e smtpd_sasl_type=dovecot smtpd_sasl_path=private/auth smtpd_tls_cert_file=${CHAIN} smtpd_tls_key_file=${KEY}
  postconf -P smtp/inet/smtpd_sasl_auth_enable=yes smtp/inet/broken_sasl_auth_clients=yes smtp/inet/smtpd_tls_auth_only=yes
  postconf -M 'submissions/inet=submissions inet n - y - - smtpd'
  postconf -P submissions/inet/smtpd_tls_wrappermode=yes submissions/inet/smtpd_tls_security_level=encrypt \\
    submissions/inet/smtpd_sasl_auth_enable=yes
  cat >/etc/dovecot/conf.d/99-test.conf <<END
ssl = required
ssl_cert = <${CHAIN}
ssl_key = <${KEY}
disable_plaintext_auth = yes
auth_mechanisms = plain login
service auth {
  unix_listener /var/spool/postfix/private/auth {
    mode = 0660
    user = postfix
    group = postfix
  }
}
END
  ${RELOAD}`;

describe('verify against a real Debian 12 mail host', function () {
  this.timeout(600_000);
  let host: LabHost;
  let remote: Remote;
  let certificates: Certificates;

  before(async () => {
    certificates = makeCertificates();
    host = await lab.host({ mail: true, name: DOMAIN, users: [user] });
    remote = await ssh();
  });
  after(async () => {
    await remote?.close();
    await host?.stop();
  });

  const ssh = () =>
    connect(
      {
        name: host.name,
        hostname: host.address,
        port: host.port,
        user: 'root',
        identity: host.identity,
        profile: 'standard',
      },
      { acceptNewHostKeys: false, knownHosts: [host.knownHosts], sshConfig: 'none' },
    );
  const direct: Dial = (port, signal) =>
    new Promise((resolve, reject) => {
      const socket = dial({ host: host.address, port, signal });
      socket.once('connect', () => resolve(socket.off('error', reject))).once('error', reject);
    });
  const fallback: Dial = (port) => remote.forward('127.0.0.1', port);

  const look = (more: Partial<VerifyTarget> = {}) =>
    verify({
      domain: DOMAIN,
      direct,
      fallback,
      certificate: certificates.good.cert,
      trust: [certificates.root],
      timeout: 5000,
      ...more,
    });
  const others = (findings: readonly Finding[]) =>
    findings
      .filter(({ status }) => status !== 'pass')
      .map(({ port, check, status, via }) => `${port} ${check} ${status} ${via}`);

  /** Daemons take up a reload in their own time: looks until it is as expected, and says what is not. */
  async function expect(expected: readonly string[], more: Partial<VerifyTarget> = {}): Promise<Finding[]> {
    for (const end = Date.now() + 15_000; ; await sleep(500)) {
      const findings = await look(more);
      if (Date.now() > end || isDeepStrictEqual(others(findings), expected)) {
        assert.deepEqual(others(findings), expected);
        return findings;
      }
    }
  }
  const text = (findings: readonly Finding[], port: number, check: string) =>
    findings.find((one) => one.port === port && one.check === check)?.text ?? '';

  /** What openssl makes of a port: the answer's text, and 0 where it is content with the certificate. */
  async function openssl(port: number, root?: string): Promise<{ code: number; output: string }> {
    const { protocol, tls } = PORTS.find((one) => one.port === port)!;
    const to = ['s_client', '-connect', `${host.address}:${port}`, '-servername', DOMAIN, '-verify_hostname', DOMAIN];
    const start = tls === 'starttls' ? ['-starttls', protocol] : [];
    const trust = root === undefined ? [] : ['-CAfile', root];
    const child = run('openssl', [...to, ...start, ...trust, '-verify_return_error']);
    child.child.stdin?.end();
    return child.then(
      ({ stdout, stderr }) => ({ code: 0, output: stdout + stderr }),
      (error: { code: number; stdout: string; stderr: string }) => ({
        code: error.code,
        output: error.stdout + error.stderr,
      }),
    );
  }

  it('verify reports the self-signed certificates, no AUTH on 25 and nothing on 465 on a stock host', async () => {
    const snakeoil = (await host.read('/etc/ssl/certs/ssl-cert-snakeoil.pem')).toString();
    const findings = await look({ certificate: snakeoil });
    assert.deepEqual(others(findings), [
      '25 certificate-trust fail direct',
      '25 auth fail direct',
      '110 certificate-trust fail direct',
      '143 certificate-trust fail direct',
      '465 answers fail ssh',
      '993 certificate-trust fail direct',
      '995 certificate-trust fail direct',
    ]);
    assert.equal(text(findings, 465, 'answers'), 'nothing listens on 465');
    for (const port of [25, 110, 143, 993, 995]) {
      const { code, output } = await openssl(port);
      assert.notEqual(code, 0);
      assert.match(output, /verify error:num=18:self-signed certificate/, String(port));
    }
    assert.match((await openssl(465)).output, /Connection refused/);
  });

  describe('hardened by hand', () => {
    before(async () => {
      const { good } = certificates;
      await host.write(CHAIN, good.cert, '0644');
      await host.write(KEY, good.key, '0600');
      await host.run(HARDEN);
    });

    it('verify passes every check, with a real login on each port', async () => {
      const findings = await expect([], { user });
      assert.deepEqual(
        findings.filter(({ check }) => check === 'login').map(({ port }) => port),
        [25, 465, 993, 995],
      );
    });

    it('openssl gets the same certificate on every port, and trusts it for this name', async () => {
      const { fingerprint256 } = new X509Certificate(certificates.good.cert);
      const folder = await mkdtemp(join(tmpdir(), 'harden-mail-verify-'));
      try {
        const root = join(folder, 'root.pem');
        await writeFile(root, certificates.root);
        for (const { port } of PORTS) {
          const { code, output } = await openssl(port, root);
          assert.equal(code, 0, `${port}: ${output}`);
          const pem = /-----BEGIN CERTIFICATE-----[^]*?-----END CERTIFICATE-----/.exec(output)?.[0] ?? '';
          assert.equal(new X509Certificate(pem).fingerprint256, fingerprint256, String(port));
          assert.match(output, /New, TLSv1\.3/, String(port));
        }
      } finally {
        await rm(folder, { recursive: true });
      }
    });

    for (const [port, tls] of [
      [25, '--tls'],
      [465, '--tls-on-connect'],
    ] as const)
      it(`swaks logs in inside TLS on ${port}`, async () => {
        const { stdout } = await run('swaks', [
          ...['--server', host.address, '--port', String(port), tls, '--auth', 'PLAIN', '--auth-user', user.name],
          ...['--auth-password', user.password, '--quit-after', 'AUTH', '--ehlo', 'client.example.test'],
        ]);
        assert.match(stdout, /^<~ +235 2\.7\.0 Authentication successful/m);
      });

    it('verify reports a wrong password, however long the daemons delay their answer', async () => {
      const findings = await look({ user: { ...user, password: 'wrong' } });
      assert.deepEqual(
        others(findings),
        [25, 465, 993, 995].map((port) => `${port} login fail direct`),
      );
      assert.match(text(findings, 993, 'login'), /AUTHENTICATIONFAILED/);
    });

    it('verify waits for the second line of the greeting when postscreen stands in front of 25', async () => {
      await host.run(`cp -a /etc/postfix /root/before-postscreen
        postconf -e postscreen_greet_action=enforce postscreen_cache_map=
        postconf -M smtp/inet='smtp inet n - y - 1 postscreen' smtpd/pass='smtpd pass - - y - - smtpd'
        postconf -P smtpd/pass/smtpd_sasl_auth_enable=yes smtpd/pass/broken_sasl_auth_clients=yes smtpd/pass/smtpd_tls_auth_only=yes
        postfix reload`);
      try {
        await sleep(1000);
        const began = performance.now();
        const findings = await look({ timeout: 8000 });
        assert.ok(performance.now() - began > 5500, 'postscreen was not there');
        assert.deepEqual(others(findings), []);
      } finally {
        await host.run('cp -a /root/before-postscreen/*.cf /etc/postfix/; postfix reload');
      }
    });

    it('verify leaves no lost connection in the log, and without a login attempt no failed login', async () => {
      await host.run('journalctl --rotate; journalctl --vacuum-time=1s');
      await look({ tryLogin: false });
      await sleep(500);
      const log = await host.run('journalctl --no-pager -o cat');
      assert.match(log, /disconnect from .* ehlo=2 starttls=1 quit=1 commands=4/);
      assert.doesNotMatch(
        log,
        /lost connection|timeout|improper command pipelining|SSL_accept error|Connection closed/,
      );
      // What fail2ban counts.
      assert.doesNotMatch(log, /auth failed/);
    });
  });

  const BROKEN: readonly { name: string; by: string; expected: string[]; words?: [number, string, RegExp][] }[] = [
    {
      name: 'logins in clear',
      by: 'postconf -P smtp/inet/smtpd_tls_auth_only=no; dovecot yes no',
      expected: ['25 no-plain-login fail direct', '110 no-plain-login fail direct', '143 no-plain-login fail direct'],
      words: [
        [25, 'no-plain-login', /AUTH PLAIN LOGIN, AUTH=PLAIN LOGIN$/],
        [110, 'no-plain-login', /USER, SASL PLAIN, SASL LOGIN$/],
        [143, 'no-plain-login', /no LOGINDISABLED/],
      ],
    },
    {
      name: 'a port 465 without TLS',
      by: 'postconf -P submissions/inet/smtpd_tls_wrappermode=no',
      expected: ['465 tls fail direct'],
      words: [[465, 'tls', /what answers is not TLS/]],
    },
    {
      name: 'daemons without TLS',
      by: 'postconf -P smtp/inet/smtpd_tls_security_level=none; dovecot no yes',
      expected: [
        ...['25 starttls fail direct', '110 starttls fail direct', '143 starttls fail direct'],
        ...['993 answers fail ssh', '995 answers fail ssh'],
      ],
    },
    {
      name: 'a closed 995, but not a closed 110, as a failure',
      by: "sed -i 's/^!include_try.*protocols.d.*/protocols = imap/' /etc/dovecot/dovecot.conf",
      expected: ['995 answers fail ssh'],
      words: [[110, 'answers', /^closed/]],
    },
    {
      name: 'an open relay',
      by: 'postconf -e mynetworks=0.0.0.0/0',
      expected: ['25 relay warn direct'],
      words: [[25, 'relay', /^takes mail for elsewhere from us, .*: an open relay, unless this machine is meant/]],
    },
    {
      name: 'a port 25 whose key cannot be read',
      by: 'postconf -P smtp/inet/smtpd_tls_key_file=/nowhere',
      expected: ['25 starttls fail direct'],
    },
  ];

  describe('broken in one way', () => {
    before(() => host.run('cp -a /etc/postfix /etc/dovecot /root/'));
    afterEach(() => host.run(`cp -a /root/postfix /root/dovecot /etc/; ${RELOAD}`));

    for (const { name, by, expected, words = [] } of BROKEN)
      it(`verify reports ${name}`, async () => {
        await host.run(`dovecot() { sed -i "s/^ssl = .*/ssl = $1/; s/^disable_plaintext_auth = .*/disable_plaintext_auth = $2/" /etc/dovecot/conf.d/99-test.conf; }
          ${by}
          ${RELOAD}`);
        const findings = await expect(expected, { tryLogin: false, tryRelay: true });
        for (const [port, check, pattern] of words) assert.match(text(findings, port, check), pattern);
      });

    it('verify reports a certificate that is renewed on disk but not loaded', async () => {
      const served = (findings: readonly Finding[]) =>
        others(findings).filter((line) => line.includes('certificate-served'));
      // Postfix loads it with its next process, which may or may not have come by now; Dovecot not before a reload.
      await expect([]);
      await host.write(CHAIN, certificates.older.cert);
      await host.write(KEY, certificates.older.key);
      const findings = await look({ certificate: certificates.older.cert });
      const dovecot = [110, 143, 993, 995].map((port) => `${port} certificate-served fail direct`);
      assert.deepEqual(
        served(findings).filter((line) => !/^(25|465)/.test(line)),
        dovecot,
      );
      assert.match(text(findings, 993, 'certificate-served'), /the daemon has not loaded it$/);
      await host.run(RELOAD);
      await expect([], { certificate: certificates.older.cert });
      await host.write(CHAIN, certificates.good.cert);
      await host.write(KEY, certificates.good.key);
      await host.run(RELOAD);
    });
  });

  describe('behind a firewall', () => {
    before(() =>
      host.run(`nft add table inet t
        nft add chain inet t in '{ type filter hook input priority 0; }'
        nft add rule inet t in iifname != lo tcp dport '{ 25, 143, 465 }' drop
        nft add rule inet t in iifname != lo tcp dport 993 reject with tcp reset`),
    );
    after(() => host.run('nft delete table inet t'));

    it('verify gives hints, checks the rest through SSH, and claims nothing that SSH cannot prove', async () => {
      const findings = await expect(
        [
          ...['25 answers hint ssh', '143 answers hint ssh', '143 no-plain-login hint ssh'],
          ...['465 answers hint ssh', '993 answers hint ssh'],
        ],
        { timeout: 1500 },
      );
      assert.match(
        text(findings, 465, 'answers'),
        /^465 listens but is not reachable from here \(timed out\): a firewall\?/,
      );
      assert.match(text(findings, 993, 'answers'), /^993 listens but refuses connections from here/);
      for (const port of [110, 995]) assert.ok(findings.some((one) => one.port === port && one.via === 'direct'));
    });

    it('verify claims nothing about a port that it could not see when SSH does not forward', async () => {
      await host.run("echo 'AllowTcpForwarding no' >/etc/ssh/sshd_config.d/t.conf; systemctl restart ssh");
      const closed = await ssh();
      const findings = await look({ timeout: 1500, fallback: (port) => closed.forward('127.0.0.1', port) });
      await closed.close();
      await host.run('rm /etc/ssh/sshd_config.d/t.conf; systemctl restart ssh');
      assert.deepEqual(others(findings), [
        ...['25 answers fail direct', '143 answers hint direct'],
        ...['465 answers fail direct', '993 answers fail direct'],
      ]);
      assert.match(text(findings, 465, 'answers'), /timed out\), nor through SSH \(.*does not forward/);
    });
  });
});
