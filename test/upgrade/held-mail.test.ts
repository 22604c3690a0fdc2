/**
 * Dovecot's LDA delivers, and the apply after the upgrade to Debian 13 is put back: the new Postfix runs beside a Dovecot that
 * does not start. No mail is returned to its sender; it waits, and the next apply delivers it.
 */

import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import { lab } from '../../src/lab/lab.ts';
import type { LabHost } from '../../src/lab/lab.ts';
import { hardenMail, issuedBy, start, to } from '../support/cli.ts';
import type { Running } from '../support/cli.ts';
import { assertTidy } from '../support/host.ts';
import { SMTP, talkInClear } from '../support/talk.ts';

const ALICE = { name: 'alice', password: 'wonder land' };
const BOB = { name: 'bob', password: 'looking glass' };

describe('a host whose mail Dovecot’s LDA delivers, upgraded from Debian 12 to 13', () => {
  let host: LabHost;
  let flags: string[];

  before(async () => {
    host = await lab.host({ release: 'bookworm', upgradeTo: 'trixie', mail: true, users: [ALICE, BOB] });
    flags = ['apply', '--yes', ...to(host), ...(await issuedBy(await lab.acme()))];
    const lda = '/usr/lib/dovecot/dovecot-lda -f "$SENDER" -a "$RECIPIENT"';
    await host.run(`postconf -e 'mailbox_command = ${lda}' 'mydestination = $myhostname, localhost' && postfix reload`);
    await host.run("sed -i 's|^mail_location.*|mail_location = maildir:~/Maildir|' /etc/dovecot/conf.d/10-mail.conf");
    const { code, stdout, stderr } = await hardenMail(flags);
    assert.equal(code, 0, stdout + stderr);
    await send('before');
    await until(async () => (await delivered()).includes('before'));
  });
  after(() => host.stop());

  /** A message from bob, by SMTP from outside. */
  async function send(subject: string): Promise<void> {
    const talk = await talkInClear({ address: host.address, port: 25, name: host.name, root: '' });
    await talk.until(SMTP);
    await talk.ask('HELO client.example', SMTP);
    for (const line of [`MAIL FROM:<bob@${host.name}>`, `RCPT TO:<alice@${host.name}>`, 'DATA'])
      assert.match((await talk.ask(line, SMTP)).at(-1) ?? '', /^[23]5[04] /, line);
    talk.say(`Subject: ${subject}\r\n\r\ntext\r\n.`);
    assert.match((await talk.until(SMTP)).at(-1) ?? '', /^250 /);
    talk.end();
  }

  async function until(what: () => Promise<boolean>): Promise<void> {
    for (const deadline = Date.now() + 120_000; !(await what()); await sleep(500))
      assert.ok(Date.now() < deadline, await host.run('mailq; tail -n 20 /var/log/mail.log 2>/dev/null; journalctl -q -n 40 -o cat -t postfix/local')); // oxfmt-ignore
  }

  const subjectsOf = async (user: string) =>
    (await host.run(`cat /home/${user}/Maildir/*/[0-9]* 2>/dev/null || true`)).match(/^Subject: .*$/gm) ?? [];
  const delivered = async () => (await subjectsOf('alice')).map((line) => line.slice('Subject: '.length));

  it('before the upgrade check and doctor warn that apt is about to install Dovecot 2.4, until it is on hold', async () => {
    await host.run('apt-get -q update');
    const warning = /the candidate of dovecot-core is 2\.4\.1: the next `apt upgrade` installs it, and Dovecot will not start with these files/; // oxfmt-ignore
    for (const command of ['check', 'doctor']) {
      const { stdout, stderr } = await hardenMail([command, ...to(host)]);
      assert.match(stdout, warning, stdout + stderr);
    }
    await host.run('apt-mark hold dovecot-core');
    const { stdout: held } = await hardenMail(['check', ...to(host)]);
    assert.doesNotMatch(held, warning);
    await host.run('apt-mark unhold dovecot-core');
  });

  it('the upgrade leaves a Dovecot that does not start', async () => {
    const upgrade = `export DEBIAN_FRONTEND=noninteractive UCF_FORCE_CONFFOLD=1
      apt-get -q update
      apt-get -q -y -o Dpkg::Options::=--force-confold full-upgrade </dev/null`;
    await host.exec(`{ ${upgrade}\n} >/root/upgrade.log 2>&1`);
    assert.match(await host.run('cat /etc/os-release'), /VERSION_CODENAME=trixie/);
    assert.notEqual((await host.exec('systemctl is-active dovecot')).stdout.trim(), 'active');
  });

  const HELD = /# harden-mail: mail that fails waits.*\nsoft_bounce = yes\n$/;
  /** While Dovecot starts, deliveries rest too. */
  const RESTS = /\nsoft_bounce = yes\n# harden-mail: deliveries wait.*\ndefer_transports = .*\blocal\b.*\n$/;
  const mainCf = async (): Promise<string> => (await host.read('/etc/postfix/main.cf')).toString();

  for (const [moment, begun, held] of [
    [
      'while it holds mail and starts Dovecot',
      (running: Running) => until(async () => RESTS.test(await mainCf())).then(() => running),
      true,
    ],
    ['while it waits for the confirmation', (running: Running) => running.said(/: confirm$/m), false],
  ] as const)
    it(`a power cut in the middle of apply, ${moment}, loses no mail and returns none`, async () => {
      const subject = held ? 'cut' : 'cut again';
      const before = (await mainCf()).replace(HELD, '');
      const running = start([...flags, '--confirm-timeout', '60']);
      await begun(running);
      // Port 25 does not answer yet: the old release's Postfix runs with programs of the new one.
      if (held)
        await host.run(`printf 'Subject: ${subject}\\n\\ntext\\n' | /usr/sbin/sendmail -f bob@${host.name} alice`);
      await host.reboot('power-cut').catch((error: unknown) => {
        if (!/dovecot[.]service loaded failed/.test(String(error))) throw error; // The old files are back.
      });
      running.signal('SIGKILL');
      await running.done;
      if (!held) await send(subject);
      assert.match(await mainCf(), HELD);
      assert.equal((await mainCf()).replace(HELD, ''), before, 'the other lines are those of before');
      assert.match(await host.run('cat /var/lib/harden-mail/tx/2*/state | tail -n 1'), /^rolled-back/);
      await until(async () => /alice@/.test(await host.run('postqueue -p | grep -v "^-"')));
      await sleep(3000);
      assert.deepEqual(await subjectsOf('bob'), [], 'a bounce');
      await assertTidy(host);
    });

  it('an apply that is put back leaves mail in the queue, returns none, and says so', async () => {
    const running = start([...flags, '--confirm-timeout', '10']);
    await running.said(/: confirm$/m); // all is live, and the controller looks from outside
    running.signal('SIGKILL');
    await running.done;
    await until(async () => !/awaiting|restoring/.test(await host.run('cat /var/lib/harden-mail/tx/2*/state')));
    assert.notEqual((await host.exec('systemctl is-active dovecot')).stdout.trim(), 'active');
    assert.equal((await host.run('systemctl is-active postfix')).trim(), 'active');

    await send('meanwhile');
    await until(async () => /alice@/.test(await host.run('postqueue -p | grep -v "^-"')) && /dovecot-lda|status|usage/i.test(await host.run('postqueue -p'))); // oxfmt-ignore
    await sleep(3000);
    assert.deepEqual(await subjectsOf('bob'), [], 'a bounce');
    assert.match(await host.run('tail -n 2 /etc/postfix/main.cf'), HELD);
    await assertTidy(host);
  });

  it('check names it, and the next apply delivers the mail once and takes the setting out', async () => {
    const { stdout: said } = await hardenMail(['check', ...to(host)]);
    assert.match(said, /mail that fails waits in the queue \(soft_bounce in \/etc\/postfix\/main\.cf\)/);
    const { code, stdout, stderr } = await hardenMail(flags);
    assert.equal(code, 0, stdout + stderr);
    await send('after');
    await until(async () => {
      const all = await delivered();
      return ['after', 'cut', 'cut again', 'meanwhile'].every((one) => all.includes(one));
    });
    assert.deepEqual((await delivered()).toSorted(), ['after', 'before', 'cut', 'cut again', 'meanwhile']);
    assert.deepEqual(await subjectsOf('bob'), []);
    assert.equal((await host.run('postconf -h soft_bounce')).trim(), 'no');
    assert.equal((await host.run('grep -c harden-mail /etc/postfix/main.cf || true')).trim(), '0');
    await assertTidy(host);
    const again = await hardenMail(flags);
    assert.match(again.stdout, /ok: nothing to do/, again.stdout + again.stderr);
  });
});
