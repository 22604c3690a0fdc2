/** The audit of a real Debian 12 host, as a stranger and with SSH, with openssl as the second opinion suite by suite. */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import type { Finding, PortAudit } from '../../src/model/index.ts';
import type { LabHost } from '../../src/lab/lab.ts';
import { lab } from '../../src/lab/lab.ts';
import { hardenMail, issuedBy, to } from '../support/cli.ts';

const run = promisify(execFile);

interface Audited {
  readonly audit: readonly PortAudit[];
  readonly findings: readonly Finding[];
}

describe('the audit of a Debian 12 mail host', function () {
  this.timeout(600_000);
  let host: LabHost;
  let flags: string[];

  before(async () => {
    host = await lab.host({ mail: true });
    flags = await issuedBy(await lab.acme());
  });
  after(() => host.stop());

  const stranger = (): string[] => ['--no-ssh', '--host', host.address, '--domain', host.name];

  async function audit(exit: number, args: readonly string[]): Promise<Audited> {
    const { code, stdout, stderr } = await hardenMail(['verify', '--json', ...args]);
    assert.equal(code, exit, stderr + stdout.slice(0, 2000));
    const { hosts } = JSON.parse(stdout) as { hosts: [Audited] };
    return hosts[0];
  }
  const weighing = ({ findings }: Audited, port: number, check: string): string =>
    findings.find((one) => one.port === port && one.check === check)?.weight?.severity ?? 'nothing';

  /** What openssl itself gets from port 25 with one suite of TLS 1.2 and no other. */
  async function takes(suite: string): Promise<boolean> {
    const args = ['s_client', '-connect', `${host.address}:25`, '-starttls', 'smtp', '-tls1_2', '-cipher'];
    const child = run('openssl', [...args, `${suite}:@SECLEVEL=0`]);
    child.child.stdin?.end();
    const { stdout } = await child.catch((error: { stdout: string }) => error);
    return /New, .*, Cipher is (?!\(NONE\))/.test(stdout);
  }

  it('verify --no-ssh audits every port of a stock host from outside and weighs the findings', async () => {
    const seen = await audit(5, stranger());
    assert.deepEqual(
      seen.audit.map(({ port, answers, why }) => [port, answers, why]),
      [25, 110, 143, 465, 587, 993, 995].map((port) => [
        port,
        ![465, 587].includes(port),
        [465, 587].includes(port) ? 'refused' : '',
      ]),
    );
    const versions = (port: number) => seen.audit.find((one) => one.port === port)?.versions.map((one) => one.version);
    assert.deepEqual(versions(25), ['TLS 1.0', 'TLS 1.1', 'TLS 1.2', 'TLS 1.3']);
    assert.deepEqual(versions(993), ['TLS 1.2', 'TLS 1.3']);
    assert.equal(weighing(seen, 25, 'certificate-trust'), 'medium');
    assert.equal(weighing(seen, 25, 'open-relay'), 'ok');
    assert.equal(weighing(seen, 25, 'starttls-injection'), 'ok');
    assert.equal(weighing(seen, 143, 'starttls-injection'), 'ok');
    assert.equal(weighing(seen, 25, 'vrfy'), 'low');
    // Not there is no fault of a stranger's host.
    assert.equal(weighing(seen, 465, 'answers'), 'info');
  });

  it('verify --no-ssh and openssl agree on every TLS 1.2 suite of port 25', async () => {
    const { audit: ports } = await audit(5, stranger());
    const ours = new Set(ports[0]?.versions.find(({ version }) => version === 'TLS 1.2')?.suites);
    const { stdout } = await run('openssl', [
      'ciphers',
      '-stdname',
      '-s',
      '-tls1_2',
      'ALL:COMPLEMENTOFALL:!PSK:!SRP:@SECLEVEL=0',
    ]);
    const differ: string[] = [];
    for (const line of stdout.trim().split('\n')) {
      const [iana = '', , name = ''] = line.split(/\s+/);
      if ((await takes(name)) !== ours.delete(iana)) differ.push(iana);
    }
    assert.deepEqual([differ, [...ours]], [[], []]);
  });

  it('verify --no-ssh reports an open relay and a login in clear, and leaves no mail in the queue', async () => {
    await host.run(`cp -a /etc/postfix /root/
      postconf -e mynetworks=0.0.0.0/0 smtpd_sasl_auth_enable=yes smtpd_sasl_type=dovecot smtpd_sasl_path=inet:127.0.0.1:12345
      printf 'service auth {\\n inet_listener {\\n address = 127.0.0.1\\n port = 12345\\n }\\n}\\n' >/etc/dovecot/conf.d/99-t.conf
      doveadm reload; sleep 1; postfix reload; sleep 1`);
    const seen = await audit(5, stranger());
    await host.run(
      'rm /etc/dovecot/conf.d/99-t.conf; cp -a /root/postfix/*.cf /etc/postfix/; doveadm reload; postfix reload',
    );
    assert.equal(weighing(seen, 25, 'open-relay'), 'high');
    assert.equal(weighing(seen, 25, 'no-plain-login'), 'high');
    const mended = seen.findings.find(({ port, check }) => port === 25 && check === 'no-plain-login')?.weight;
    assert.deepEqual(mended?.settings, ['smtpd_tls_auth_only']);
    assert.doesNotMatch(await host.run('mailq'), /example/);
  });

  it('verify --no-ssh reports the audit of a port as incomplete when the server limits connections', async () => {
    await host.run(
      'postconf -e smtpd_client_connection_rate_limit=10 smtpd_client_event_limit_exceptions=; postfix reload; sleep 1',
    );
    const seen = await audit(5, stranger());
    await host.run('cp -a /root/postfix/*.cf /etc/postfix/; postfix reload');
    assert.match(seen.audit[0]?.why ?? '', /too many connections|421/);
    assert.equal(weighing(seen, 25, 'complete'), 'low');
    assert.equal(weighing(seen, 143, 'complete'), 'ok');
  });

  it('verify --audit finds nothing of severity high or medium after apply with the profile standard', async () => {
    const applied = await hardenMail(['apply', '--yes', '--no-diff', ...to(host), ...flags]);
    assert.equal(applied.code, 0, applied.stderr + applied.stdout);
    const ca = flags.slice(flags.indexOf('--ca'), flags.indexOf('--ca') + 2);
    const { stdout } = await hardenMail(['verify', '--audit', '--json', ...to(host), ...ca]);
    const { hosts } = JSON.parse(stdout) as { hosts: [Audited] };
    const left = hosts[0].findings.filter(({ status }) => status === 'fail');
    assert.deepEqual(left, []);
    assert.ok(hosts[0].audit.find(({ port }) => port === 465)?.answers);
    assert.equal(weighing(hosts[0], 993, 'certificate-served'), 'ok');
  });
});
