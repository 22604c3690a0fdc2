/** A mail host behind a real haproxy, which speaks the PROXY protocol to it (send-proxy): another host of the lab. */

import assert from 'node:assert/strict';
import type { Finding } from '../../src/model/index.ts';
import { lab } from '../../src/lab/lab.ts';
import type { LabHost } from '../../src/lab/lab.ts';
import { hardenMail, issuedBy, to } from '../support/cli.ts';
import { assertTidy } from '../support/host.ts';
import { IMAP, SMTP, talkInClear, talkInTls } from '../support/talk.ts';

const ALICE = { name: 'alice', password: 'down the rabbit hole' };
const OWN = '/etc/dovecot/conf.d/99-proxy.conf';

describe('a mail host behind haproxy', () => {
  let host: LabHost;
  let front: LabHost;
  let flags: string[];
  let root: string;

  const trust = (networks: string) =>
    host.write(
      OWN,
      `haproxy_trusted_networks = ${networks}\nservice imap-login {\n  inet_listener imaps {\n    haproxy = yes\n  }\n}\n`,
    );
  const throughProxy = (port: number) => ({ address: front.address, port, name: host.name, root });

  before(async function () {
    this.timeout(600_000);
    [host, front] = await Promise.all([
      lab.host({ release: 'bookworm', mail: true, users: [ALICE] }),
      lab.host({ release: 'bookworm', mail: true, also: ['haproxy'] }),
    ]);
    await trust('198.18.0.0/24');
    await host.run(`postconf smtpd_upstream_proxy_protocol=haproxy; systemctl reload postfix@- dovecot`);
    await front.run('systemctl disable -q --now postfix dovecot; apt-get -q update; apt-get -q -y install haproxy');
    const sections = [25, 465, 993].map((port) => {
      return `listen p${port}\n  bind :${port}\n  server mail ${host.address}:${port} send-proxy\n`;
    });
    const timeouts = 'timeout connect 5s\n  timeout client 60s\n  timeout server 60s';
    await front.write('/etc/haproxy/haproxy.cfg', `defaults\n  mode tcp\n  ${timeouts}\n${sections.join('')}`);
    await front.run('systemctl restart haproxy');
    const acme = await lab.acme();
    root = await acme.root();
    flags = ['--no-diff', ...to(host), ...(await issuedBy(acme))];
  });
  after(() => Promise.all([host.stop(), front.stop()]));

  it('port 25 refuses a client that does not send the PROXY header', async () => {
    const talk = await talkInClear({ address: host.address, port: 25, name: host.name, root });
    const [greeting] = await talk.until(SMTP);
    assert.match(greeting ?? '', /^421 /);
    talk.end();
  });

  it('apply speaks the PROXY protocol to check each port, and succeeds', async () => {
    const { code, stdout, stderr } = await hardenMail(['apply', '--yes', ...flags]);
    assert.equal(code, 0, stdout + stderr);
    assert.match(stdout, /changed: .*, \d+ checks passed$/m);
    await assertTidy(host);
  });

  it('each of three more applies has nothing to do', async () => {
    for (let run = 1; run <= 3; run++) {
      const { stdout, stderr } = await hardenMail(['apply', '--yes', ...flags]);
      const since = await host.run('journalctl -q --no-pager -n 20 -o cat -t dovecot');
      assert.match(stdout, /ok: nothing to do, \d+ checks passed\n$/, `run ${run}: ${stdout}${stderr}${since}`);
    }
  });

  it('verify passes every check on 25, 465 and 993 over direct connections, with a login of alice', async () => {
    const { code, stdout } = await hardenMail(
      ['verify', '--json', '--probe-user', ALICE.name, ...to(host), '--ca', flags.at(-1) ?? ''],
      { HARDEN_MAIL_PROBE_PASSWORD: ALICE.password },
    );
    assert.equal(code, 0, stdout);
    const { findings } = (JSON.parse(stdout) as { hosts: [{ findings: Finding[] }] }).hosts[0];
    for (const port of [25, 465, 993]) {
      const seen = findings.filter((one) => one.port === port);
      assert.deepEqual(
        seen.filter(({ status, via }) => status !== 'pass' || via !== 'direct'),
        [],
      );
      for (const check of ['answers', 'tls', 'certificate-served', 'login'])
        assert.ok(
          seen.some((one) => one.check === check),
          `${port} ${check}`,
        );
    }
  });

  it('users reach 465 and 993 through haproxy', async () => {
    const smtp = await talkInTls(throughProxy(465));
    await smtp.until(SMTP);
    await smtp.ask('EHLO client.example', SMTP);
    const login = Buffer.from(`\0${ALICE.name}\0${ALICE.password}`).toString('base64');
    assert.match((await smtp.ask(`AUTH PLAIN ${login}`, SMTP)).at(-1) ?? '', /^235 /);
    smtp.end();
    const imap = await talkInTls(throughProxy(993));
    await imap.until(IMAP);
    assert.match((await imap.ask(`a LOGIN ${ALICE.name} "${ALICE.password}"`, IMAP)).at(-1) ?? '', /^a OK/);
    imap.end();
  });

  it('verify --audit speaks the PROXY protocol too', async () => {
    const { stdout } = await hardenMail(['verify', '--audit', '--json', ...to(host), '--ca', flags.at(-1) ?? '']);
    const { audit } = (JSON.parse(stdout) as { hosts: [{ audit: { port: number; answers: boolean }[] }] }).hosts[0];
    for (const port of [25, 465, 993])
      assert.ok(
        audit.some((one) => one.port === port && one.answers),
        `${port}: ${stdout.slice(0, 2000)}`,
      );
  });

  it('verify gives a hint about 993 and does not fail when Dovecot trusts only haproxy', async () => {
    await trust(front.address);
    await host.run('systemctl reload dovecot; sleep 1');
    const { code, stdout } = await hardenMail(['verify', '--json', ...to(host), '--ca', flags.at(-1) ?? '']);
    assert.equal(code, 0, stdout);
    const { findings } = (JSON.parse(stdout) as { hosts: [{ findings: Finding[] }] }).hosts[0];
    const on993 = findings.filter(({ port }) => port === 993);
    assert.deepEqual(
      on993.map(({ status }) => status),
      ['hint'],
    );
    assert.match(on993[0]?.text ?? '', /takes it from \S+ \(haproxy_trusted_networks\): cannot be proved from here/);
    const imap = await talkInTls(throughProxy(993));
    await imap.until(IMAP);
    imap.end();
  });
});
