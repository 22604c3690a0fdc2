/**
 * Whole upgrades in a row: hosts on Debian 11 with users and mail go to 12, 13 and testing as an administrator takes them there, while
 * mail comes in from outside all the time. Every session stays as it was; no mail is returned, and each arrives once.
 */

import assert from 'node:assert/strict';
import { appendFileSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { ReleaseName } from '../../src/lab/images.ts';
import type { LabHost } from '../../src/lab/lab.ts';
import {
  CERTIFICATE,
  KEY,
  ROOT,
  ask,
  bootWith,
  differences,
  prepare,
  readConfiguration,
  start,
} from '../support/convert-hosts/pair.ts';
import type { Answers } from '../support/convert-hosts/pair.ts';
import { hardenMail, scratch, to } from '../support/cli.ts';
import { assertTidy } from '../support/host.ts';
import { sendFromOutside } from '../support/outside.ts';
import type { OutsideMail, OutsideSender } from '../support/outside.ts';
import { CHAINS, PASSWORD } from './chains.ts';
import type { Chain } from './chains.ts';

/** Names with commas between; without it all. */
const WISH = process.env['HARDEN_MAIL_CHAINS'] ?? '';
const LOGS = process.env['HARDEN_MAIL_CHAINS_LOGS'];

/** Dovecot 2.4.5 gives a mail this keyword when its text is read first, and says so. */
function withoutKeyword(answers: Answers): Answers {
  const strip = (line: string): string =>
    line.replace(/\$HasNoAttachment ?/, '').replace(/(?<=FLAGS \([^)]*) (?=\))/, '');
  const entries = Object.entries(answers).map(([key, answer]) => {
    if (typeof answer === 'string') return [key, answer];
    return [key, answer.filter((line) => !/^\d+ FETCH \(FLAGS \([^)]*\)\)$/.test(line)).map(strip)];
  });
  return Object.fromEntries(entries) as Answers;
}

const ALL: readonly ReleaseName[] = ['bullseye', 'bookworm', 'trixie', 'forky'];
/** `bookworm-trixie`: only a part of the way. */
const [FROM = 'bullseye', TO = 'forky'] = (process.env['HARDEN_MAIL_CHAINS_STEPS'] ?? '').split('-').filter(isRelease);
const RELEASES = ALL.slice(ALL.indexOf(FROM), ALL.indexOf(TO) + 1);

function isRelease(name: string): name is ReleaseName {
  return ALL.some((one) => one === name);
}

for (const chain of CHAINS.filter(({ configuration }) => WISH === '' || WISH.split(',').includes(configuration)))
  describe(`${chain.configuration} with delivery by ${chain.delivery}, from ${FROM} to ${TO}`, () => upgraded(chain));

function upgraded(chain: Chain): void {
  const data = readConfiguration(chain.configuration);
  let host: LabHost;
  let flags: string[];
  let asked: Answers;
  let senders: OutsideSender[] = [];
  /** When others stop Postfix, apt and the reboot. They kill an agent in the middle of a delivery, and that mail may come twice. */
  const stops: { readonly from: number; readonly to: number }[] = [];
  const meetsStop = ({ at }: OutsideMail): boolean => stops.some(({ from, to }) => at >= from && at <= to);

  before(async () => {
    host = await bootWith({ release: FROM, upgrades: true, also: chain.packages });
    await host.run('mkdir -p /var/log/journal && systemctl restart systemd-journald');
    await prepare(host, chain.configuration, data, 'old');
    await host.run(`set -e; cd /root/host\n${chain.setup}`);
    const settings = Object.entries(chain.main).map(([name, value]) => `'${name}=${value}'`);
    await host.run(
      `postconf -e ${settings.join(' ')} minimal_backoff_time=5s maximal_backoff_time=10s queue_run_delay=5s`,
    );
    await host.run('cat >>/etc/postfix/master.cf', { input: chain.master ?? '' });
    await host.run('newaliases; systemctl restart postfix');
    await start(host);
    await ask(host, 'seed', data);
    const ca = scratch('root.pem', String(await host.read(ROOT)));
    flags = [...to(host), '--cert', CERTIFICATE, '--key', KEY, '--ca', ca];
    const { code, stdout, stderr } = await hardenMail(['apply', '--yes', ...flags]);
    assert.equal(code, 0, stdout + stderr);
    asked = await ask(host, 'ask', data);
    log('asked', JSON.stringify(asked, null, 1));
    const target = { address: host.address, to: [chain.dora.address.replace('HOST', host.name)] };
    const login = { user: chain.dora.login, password: PASSWORD };
    senders = [
      sendFromOutside({ ...target, from: 'sender@outside.example', label: 'outside', every: 1000 }),
      sendFromOutside({ ...target, from: target.to[0] ?? '', label: 'own', every: 5000, login }),
    ];
  });
  after(async () => {
    for (const sender of senders) sender.stop();
    await host?.stop();
  });

  function log(name: string, text: string): void {
    if (LOGS === undefined) return;
    mkdirSync(join(LOGS, chain.configuration), { recursive: true });
    appendFileSync(join(LOGS, chain.configuration, name), `${text}\n`);
  }
  const told = new Set<OutsideMail>();
  const ended = (mail: OutsideMail): string[] => {
    if (mail.end === null || mail.end.startsWith('2') || told.has(mail)) return [];
    told.add(mail);
    return [`end: ${mail.end}`];
  };
  function note(what: string): void {
    const answers = new Map<string, number>();
    for (const { mails } of senders)
      for (const mail of mails)
        for (const answer of [...mail.tries.splice(0), ...ended(mail)])
          answers.set(answer, (answers.get(answer) ?? 0) + 1);
    log(
      'story',
      `${new Date().toISOString()} ${what}\n${[...answers].map(([answer, n]) => `    ${n} × ${answer}`).join('\n')}`,
    );
  }

  async function run(command: string, ...more: string[]): Promise<{ code: number; stdout: string; stderr: string }> {
    const outcome = await hardenMail([command, ...(command === 'apply' ? ['--yes', ...flags] : to(host)), ...more]);
    log('commands', `${[command, ...more].join(' ')}: ${outcome.code}\n${outcome.stdout}${outcome.stderr}`);
    note(`${[command, ...more].join(' ')}: ${outcome.code}`);
    return outcome;
  }

  async function sameSessions(where: string): Promise<void> {
    const is = withoutKeyword(await ask(host, 'ask', data));
    const known = data.differs.map(({ what }) => new RegExp(what));
    const found = differences(asked, is).filter((line) => !known.some((pattern) => pattern.test(line)));
    log('sessions', `${where}: ${found.join('\n')}`);
    assert.deepEqual(found, [], where);
  }

  const active = async (unit: string) => (await host.exec(`systemctl is-active ${unit}`)).stdout.trim() === 'active';

  RELEASES.slice(0, -1).forEach((from, at) => {
    const next = RELEASES[at + 1] ?? from;
    const breaks = next === 'trixie';

    it(`${from} to ${next}: check --upgrade-to says ${breaks ? 'that Dovecot’s files must be converted' : 'nothing of Dovecot’s files'}`, async () => {
      const { code, stdout, stderr } = await run('check', '--upgrade-to', next);
      assert.ok(code === 0 || code === 2, stdout + stderr);
      assert.equal(/Dovecot 2\.4\.\d does not start with these files/.test(stdout), breaks, stdout);
    });

    it(`${from} to ${next}: apply --prepare-upgrade keeps mail`, async () => {
      const { code, stdout, stderr } = await run('apply', '--prepare-upgrade', next);
      assert.equal(code, 0, stdout + stderr);
      assert.equal((await host.run('postconf -h soft_bounce')).trim(), 'yes');
      const again = await run('apply', '--prepare-upgrade', next);
      assert.match(again.stdout, /ok: nothing to do/, again.stdout + again.stderr);
    });

    it(`${from} to ${next}: apt upgrades the host`, async () => {
      await host.offer(from, next);
      const options = '-q -y -o Dpkg::Options::=--force-confdef -o Dpkg::Options::=--force-confold';
      const upgrade = `export DEBIAN_FRONTEND=noninteractive UCF_FORCE_CONFFOLD=1
        apt-get -q update; apt-get ${options} upgrade --without-new-pkgs; apt-get ${options} full-upgrade`;
      // The new systemd starts anew when the last packages want to restart their daemons, and does not answer some of them.
      const finish = breaks
        ? ''
        : '|| { until systemctl list-units >/dev/null; do sleep 1; done; dpkg --force-confdef --force-confold --configure -a; }';
      note('apt begins');
      const began = Date.now();
      const { code } = await host.exec(`{ ${upgrade} ${finish}\n} >/root/upgrade-${next}.log 2>&1 </dev/null`);
      note(`apt ends: ${code}`);
      stops.push({ from: began, to: Date.now() });
      const said = await host.run(`cat /root/upgrade-${next}.log`);
      log(`apt-${next}`, said);
      if (LOGS !== undefined) log(`journal-${next}`, (await host.exec('journalctl -q --no-pager -b -n 3000')).stdout);
      assert.match(await host.run('cat /etc/os-release'), new RegExp(`VERSION_CODENAME=${next}`), said);
      assert.equal(await active('dovecot'), !breaks, said);
      await sleep(20_000);
      note('apt has ended 20 s ago');
    });

    it(`${from} to ${next}: after a reboot mail is not returned`, async () => {
      await host.run('systemctl reset-failed; systemctl list-units --failed');
      stops.push({ from: Date.now() - 2000, to: Date.now() + 2000 });
      await host.reboot().catch((error: unknown) => assert.ok(breaks && /dovecot[.]service loaded failed/.test(String(error)), String(error))); // oxfmt-ignore
      await sleep(20_000);
      note('rebooted 20 s ago');
    });

    it(`${from} to ${next}: apply makes the host whole, and every session is as before`, async () => {
      const { code, stdout, stderr } = await run('apply');
      assert.equal(code, 0, stdout + stderr);
      if (!breaks) assert.doesNotMatch(stdout, /converted from 2\.3/);
      assert.equal(await host.run('dpkg --audit'), '');
      assert.equal((await host.run('systemctl is-active dovecot postfix')).trim(), 'active\nactive');
      await sameSessions(next);
      await assertTidy(host);
      const again = await run('apply');
      assert.match(again.stdout, /ok: nothing to do/, again.stdout + again.stderr);
    });
  });

  it('no mail from outside was returned or refused, and each was delivered once', async () => {
    for (const sender of senders) await sender.finish(120_000);
    for (const deadline = Date.now() + 120_000; (await host.run('mailq')) !== 'Mail queue is empty\n'; await sleep(500))
      assert.ok(Date.now() < deadline, await host.run('mailq'));
    note('the end');
    if (LOGS !== undefined) log('journal-end', (await host.exec('journalctl -q --no-pager -o short-iso-precise -t postfix/local -t postfix/pipe -t postfix/lmtp -t postfix/qmgr -t postfix/master -t postfix/postfix-script -t systemd -n 20000')).stdout); // oxfmt-ignore
    const [outside = [], own = []] = senders.map(({ mails }) => [...mails]);
    const accepted = ({ end }: OutsideMail): boolean => end?.startsWith('2') ?? false;
    const text = await host.run(`doveadm fetch -u ${chain.dora.login} hdr.subject mailbox INBOX`);
    const delivered = new Map<string, number>();
    for (const subject of text.match(/(?<=^hdr\.subject: ).*$/gm) ?? []) delivered.set(subject, (delivered.get(subject) ?? 0) + 1); // oxfmt-ignore
    const times = ({ subject }: OutsideMail): number => delivered.get(subject) ?? 0;
    const doubtful = [...outside, ...own].filter(({ inDoubt }) => inDoubt);
    log('numbers', `${outside.length} from outside, ${own.length} own, of which ${own.filter(accepted).length} were accepted; in doubt: ${JSON.stringify(doubtful.map((mail) => [mail.subject, mail.end, times(mail)]))}`); // oxfmt-ignore

    assert.deepEqual(
      outside.filter((mail) => !accepted(mail)),
      [],
      'refused',
    );
    const journal = await host.run("journalctl -q --no-pager -o cat -t postfix/bounce -t postfix/local -t postfix/lmtp -t postfix/pipe -t postfix/smtp | grep -E 'status=(bounced|expired)|non-delivery' || true"); // oxfmt-ignore
    assert.equal(journal, '', 'returned');
    const all = [...outside, ...own];
    const nameOf = (mail: OutsideMail): string => `${mail.subject}: ${times(mail)} times, ${mail.end}`;
    assert.deepEqual(all.filter((mail) => accepted(mail) && times(mail) === 0).map(nameOf), [], 'lost');
    // Only a mail whose connection broke before the answer, or that came in when others stopped Postfix, may have come twice.
    const twice = all.filter((mail) => !mail.inDoubt && times(mail) !== (accepted(mail) ? 1 : 0));
    log(
      'numbers',
      `when others stopped Postfix: ${twice.filter(meetsStop).map(nameOf).join(', ') || 'none came twice'}`,
    );
    assert.deepEqual(twice.filter((mail) => !(meetsStop(mail) && times(mail) === 2)).map(nameOf), [], 'not once');
    assert.deepEqual(all.filter((mail) => times(mail) > 2).map(nameOf), [], 'more than twice');
  });

  it('users change their mailboxes and get mail at the end', async () => {
    const used = await ask(host, 'use', data);
    assert.deepEqual(
      Object.entries(used).filter(([key]) => key.endsWith(': broken')),
      [],
    );
  });
}
