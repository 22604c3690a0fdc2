/** A host whose firewall lets nobody in on some ports: neither a false alarm, nor a false pass. */

import assert from 'node:assert/strict';
import type { Finding } from '../../src/model/index.ts';
import { lab } from '../../src/lab/lab.ts';
import type { LabHost } from '../../src/lab/lab.ts';
import { hardenMail, issuedBy, to, trusting } from '../support/cli.ts';
import { assertTidy } from '../support/host.ts';

/** What a firewall does to a stranger's packets. From the host itself every port can be reached. */
const firewall = (on465: string, on993: string) => `
table inet e2e
delete table inet e2e
table inet e2e {
  chain input {
    type filter hook input priority 0;
    iif lo accept
    tcp dport 465 ${on465}
    tcp dport 993 ${on993}
  }
}`;
const REJECT = 'reject with tcp reset';

const REFUSES = (port: number) => `${port} listens but refuses connections from here: a firewall that rejects`;
const SILENT = (port: number) => `${port} listens but is not reachable from here (timed out): a firewall?`;

describe('ports that a firewall closes', () => {
  let host: LabHost;
  let ca: string[];
  before(async () => {
    host = await lab.host({ release: 'bookworm', mail: true });
    await host.run('nft -f -', { input: firewall(REJECT, REJECT) });
    ca = await trusting(await lab.acme());
  });
  after(() => host.stop());

  it('apply gives a hint about each closed port and puts nothing back', async () => {
    const { code, stdout, stderr } = await hardenMail([
      ...['apply', '--yes', '--no-diff', ...to(host)],
      ...(await issuedBy(await lab.acme())),
    ]);
    assert.equal(code, 0, stdout + stderr);
    for (const port of [465, 993]) {
      const line = stdout.split('\n').find((one) => one.startsWith(`  · ${port} answers `)) ?? '';
      assert.ok(line.includes(REFUSES(port)) && line.endsWith(' (seen through SSH)'), stdout);
    }
    assert.match(stdout, /changed: /);
    await assertTidy(host);
  });

  it('verify checks the closed ports through SSH and marks each finding with this way', async () => {
    await host.run('nft -f -', { input: firewall('drop', REJECT) });
    const { code, stdout, stderr } = await hardenMail(['verify', '--json', ...to(host), ...ca]);
    assert.equal(code, 0, stdout + stderr);
    const { findings } = (JSON.parse(stdout) as { hosts: [{ findings: Finding[] }] }).hosts[0];
    for (const { port, check, status, via, text } of findings) {
      const closed = port === 465 || port === 993;
      assert.equal(via, closed ? 'ssh' : 'direct', `${port} ${check}`);
      assert.equal(status, closed && check === 'answers' ? 'hint' : 'pass', `${port} ${check}: ${text}`);
    }
    for (const text of [SILENT(465), REFUSES(993)])
      assert.ok(
        findings.some((finding) => finding.text.startsWith(text)),
        stdout,
      );
    for (const port of [465, 993])
      assert.ok(findings.some((finding) => finding.port === port && finding.check === 'certificate-served'));
  });

  it('verify fails on a port where nothing listens, with a firewall and without one', async () => {
    await host.run('nft -f -; systemctl stop dovecot', { input: firewall(REJECT, REJECT) });
    const { code, stdout } = await hardenMail(['verify', ...to(host), ...ca]);
    await host.run('systemctl start dovecot');
    assert.equal(code, 5, stdout);
    for (const port of [993, 995])
      assert.match(stdout, new RegExp(`^  ✖ ${port} answers +nothing listens on ${port}`, 'm'));
    assert.match(stdout, /^ {2}· 465 answers /m);
  });
});
