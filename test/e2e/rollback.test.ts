/** All or nothing: what is not confirmed, breaks something, or is cut short, is put back. */

import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import { lab } from '../../src/lab/lab.ts';
import type { LabHost, State } from '../../src/lab/lab.ts';
import { hardenMail, issuedBy, start, to } from '../support/cli.ts';
import type { Running } from '../support/cli.ts';
import { activity, assertTidy } from '../support/host.ts';
import { openssl } from '../support/opinions.ts';
import { SMTP, talkInClear } from '../support/talk.ts';
import type { Peer } from '../support/talk.ts';

describe('a transaction that does not complete', () => {
  let host: LabHost;
  let flags: string[];
  let stock: State;
  /** As stock, but for an edit that somebody made. */
  let byHand: State;
  let peer: Peer;

  before(async () => {
    host = await lab.host({ release: 'bookworm', mail: true });
    const acme = await lab.acme();
    flags = ['--yes', '--no-diff', ...to(host), ...(await issuedBy(acme))];
    // A certificate is no part of the transaction: here it is there beforehand.
    await host.run(
      `certbot certonly -n -q --agree-tos --register-unsafely-without-email --standalone -d ${host.name} --server ${acme.directory}`,
    );
    stock = await host.state();
    peer = { address: host.address, port: 25, name: host.name, root: await acme.root() };
  });
  after(() => host.stop());

  /** Starts a run and stops it in its tracks when its changes are live and the host waits for its word. */
  async function live(...more: string[]): Promise<Running> {
    const running = start(['apply', ...flags, ...more]);
    await running.said(/: confirm$/m);
    running.signal('SIGSTOP');
    assert.match(await host.run("ss -Hltn 'sport = :465'"), /LISTEN/, 'the changes are live');
    assert.notEqual((await host.state())['/etc/postfix/main.cf']?.sha256, stock['/etc/postfix/main.cf']?.sha256);
    return running;
  }

  /** How the last transaction stands, once it has ended. */
  async function ended(): Promise<string> {
    for (const deadline = Date.now() + 60_000; ; await sleep(200)) {
      const state = await host.run('cat "$(ls -d /var/lib/harden-mail/tx/2* | tail -n 1)/state"');
      if (/^(committed|refused|rolled-back|broken) *$/m.test(state)) return state.trim();
      assert.ok(Date.now() < deadline, `the transaction does not end: ${state}`);
    }
  }

  /** The files, to the byte, and the daemons that run with them. */
  async function assertAsBefore(): Promise<void> {
    const shape = (state: State) =>
      Object.entries(state)
        .map(([path, { type, mode, owner, link, sha256 }]) => `${path} ${type} ${mode} ${owner} ${link} ${sha256}`)
        .sort();
    assert.deepEqual(shape(await host.state()), shape(stock));
    await assertTidy(host);
    assert.equal(await host.run("ss -Hltn 'sport = :465'"), '', 'nothing listens on 465');
    const { text } = await openssl(peer, ['EHLO client.example', 'QUIT'], '-starttls', 'smtp');
    assert.match(text, /^verify error:num=18:self-signed certificate$/m, 'the stock certificate');
    const smtp = await talkInClear(peer);
    await smtp.until(SMTP);
    assert.doesNotMatch((await smtp.ask('EHLO client.example', SMTP)).join('\n'), /AUTH/);
    smtp.end();
  }

  it('the host puts everything back after the time-out when the controller is killed', async () => {
    const controller = await live('--confirm-timeout', '3');
    const since = await activity(host);
    controller.signal('SIGKILL');
    assert.equal((await controller.done).code, 137);
    assert.equal(await ended(), 'rolled-back');
    assert.deepEqual((await activity(host, since)).reloads.toSorted(), ['dovecot', 'postfix']);
    await assertAsBefore();
  });

  it('the host puts everything back when the transaction itself is killed', async () => {
    const controller = await live();
    await host.run("systemctl kill -s KILL 'harden-mail-*.service'");
    assert.equal(await ended(), 'rolled-back');
    controller.signal('SIGCONT');
    const { code, stdout } = await controller.done;
    assert.equal(code, 5, stdout);
    assert.match(stdout, /failed: \S+ was put back as it was .*interrupted.*\n {2}→ .*\n$/);
    await assertAsBefore();
  });

  it('the host puts everything back when a check fails that passed before', async () => {
    // An old guide's ciphers: RSA only. The stock certificate is one, the new one is not.
    await host.run(`set -e
      cp -a /etc/postfix/main.cf /root/stock-main.cf
      printf 'smtpd_tls_protocols = TLSv1.2\ntls_medium_cipherlist = ECDHE-RSA-AES256-GCM-SHA384\n' >>/etc/postfix/main.cf
      systemctl reload postfix@-`);
    const before = await host.state();
    const { code, stdout } = await hardenMail(['apply', ...flags]);
    assert.equal(code, 5, stdout);
    assert.match(stdout, /^ {2}✖ +25 tls /m, 'it says what failed');
    assert.match(stdout, /failed: \S+ was put back as it was .*: 25: .*\n {2}→ Fix the cause and run again\.\n$/);
    assert.equal((await host.state())['/etc/postfix/main.cf']?.sha256, before['/etc/postfix/main.cf']?.sha256);
    await host.run('mv /root/stock-main.cf /etc/postfix/main.cf; systemctl reload postfix@-');
    await assertAsBefore();
  });

  it('the host puts everything back after a power cut', async () => {
    const controller = await live();
    controller.signal('SIGCONT');
    await host.reboot('power-cut');
    assert.equal(await ended(), 'rolled-back');
    await assertAsBefore();
    const { code, stdout } = await controller.done;
    assert.equal(code, 4, stdout);
    assert.match(stdout, /failed: .*\n {2}→ .*puts everything back within.*\n$/);
  });

  it('the host keeps a file that somebody edits meanwhile, and the run reports the file', async () => {
    const controller = await live();
    await host.run("echo '# by hand' >>/etc/postfix/main.cf; systemctl kill -s KILL 'harden-mail-*.service'");
    assert.equal(await ended(), 'broken');
    controller.signal('SIGCONT');
    const { code, stdout } = await controller.done;
    assert.equal(code, 6, stdout);
    assert.match(
      stdout,
      /failed: \S+ could not be put back whole: .*\/etc\/postfix\/main\.cf.*\n {2}→ A human is needed/,
    );
    const now = await host.state();
    assert.match((await host.read('/etc/postfix/main.cf')).toString(), /# by hand\n$/);
    const rest = Object.keys(stock).filter((path) => path !== '/etc/postfix/main.cf');
    for (const path of rest) assert.equal(now[path]?.sha256, stock[path]?.sha256, path);
    await assertTidy(host);
  });

  it('the next apply succeeds and keeps the edit', async () => {
    byHand = await host.state();
    const { code, stdout } = await hardenMail(['apply', ...flags]);
    assert.equal(code, 0, stdout);
    assert.match(stdout, /changed: /);
    assert.match((await host.read('/etc/postfix/main.cf')).toString(), /^# by hand$/m);
    assert.match((await hardenMail(['apply', ...flags])).stdout, /ok: nothing to do/);
    await assertTidy(host);
  });

  it('harden-mail rollback restores every byte from before the last transaction', async () => {
    const { code, stdout } = await hardenMail(['rollback', '--yes', '--no-diff', ...to(host)]);
    assert.equal(code, 0, stdout);
    const digests = (state: State) => Object.entries(state).map(([path, { sha256 }]) => `${path} ${sha256}`);
    assert.deepEqual(digests(await host.state()), digests(byHand));
    assert.equal(await host.run("ss -Hltn 'sport = :465'"), '', 'nothing listens on 465');
    await assertTidy(host);
  });
});
