/** A host whose firewall lets nobody in on some ports: neither a false alarm, nor a false pass. */

import assert from 'node:assert/strict';
import type { Finding } from '../../src/model.ts';
import { lab } from '../lab/lab.ts';
import type { LabHost } from '../lab/lab.ts';
import { hardenMail, issuedBy, to, trusting } from './cli.ts';
import { assertTidy } from './host.ts';

/** 465 is never answered, 993 is refused; from the host itself both can be reached. */
const FIREWALL = `
table inet e2e {
  chain input {
    type filter hook input priority 0;
    iif lo accept
    tcp dport 465 drop
    tcp dport 993 reject with tcp reset
  }
}`;

const HINTS = {
  465: /^465 listens but is not reachable from here \(.*\): a firewall\?/,
  993: /^993 listens but refuses connections from here: a firewall/,
};

describe('ports that a firewall closes', () => {
  let host: LabHost;
  let ca: string[];
  before(async () => {
    host = await lab.host({ release: 'bookworm', mail: true });
    await host.run('nft -f -', { input: FIREWALL });
    ca = await trusting(await lab.acme());
  });
  after(() => host.stop());

  it('are a hint after apply, and nothing is put back for them', async () => {
    const { code, stdout, stderr } = await hardenMail([
      ...['apply', '--yes', '--no-diff', ...to(host)],
      ...(await issuedBy(await lab.acme())),
    ]);
    assert.equal(code, 0, stdout + stderr);
    for (const [port, text] of Object.entries(HINTS)) {
      const hint = new RegExp(`^  · ${port} answers +${text.source.slice(1)}.* \\(seen through SSH\\)$`, 'm');
      assert.match(stdout, hint);
    }
    assert.match(stdout, /changed: /);
    await assertTidy(host);
  });

  it('verify looks at them through SSH, and says so of each check', async () => {
    const { code, stdout, stderr } = await hardenMail(['verify', '--json', ...to(host), ...ca]);
    assert.equal(code, 0, stdout + stderr);
    const { findings } = (JSON.parse(stdout) as { hosts: [{ findings: Finding[] }] }).hosts[0];
    for (const { port, check, status, via, text } of findings) {
      const closed = port === 465 || port === 993;
      assert.equal(via, closed ? 'ssh' : 'direct', `${port} ${check}`);
      assert.equal(status, closed && check === 'answers' ? 'hint' : 'pass', `${port} ${check}: ${text}`);
    }
    for (const [port, text] of Object.entries(HINTS)) {
      const of = findings.filter((finding) => finding.port === Number(port));
      assert.match(of[0]?.text ?? '', text);
      assert.ok(
        of.some(({ check }) => check === 'certificate-served'),
        'the rest was looked at',
      );
    }
  });

  it('and one where nothing listens is a failure, firewall or not', async () => {
    await host.run('systemctl stop dovecot');
    const { code, stdout } = await hardenMail(['verify', ...to(host), ...ca]);
    await host.run('systemctl start dovecot');
    assert.equal(code, 5, stdout);
    for (const port of [993, 995])
      assert.match(stdout, new RegExp(`^  ✖ ${port} answers +nothing listens on ${port}`, 'm'));
    assert.match(stdout, /^ {2}· 465 answers /m);
  });
});
