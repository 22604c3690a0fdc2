/**
 * Hosts where something is wrong that no check of a configuration sees: a daemon that does not start, a certificate that
 * nobody can use. Each ends with a named cause, the files as they were, and the daemons doing what they did before.
 */

import assert from 'node:assert/strict';
import { lab } from '../../src/lab/lab.ts';
import type { LabHost } from '../../src/lab/lab.ts';
import { assertFailure, hardenMail, issuedBy, start, to } from '../support/cli.ts';
import { BY_HAND, DOVECOT_WILL_NOT_START, LISTEN_AS_BEFORE, LISTEN_ELSEWHERE } from './conditions.cases.ts';
import type { Condition } from './conditions.cases.ts';
import { assertTidy } from '../support/host.ts';
import { IMAP, POP3, SMTP, talkInClear } from '../support/talk.ts';

describe('a host with a fault that no check of its configuration finds', () => {
  let host: LabHost;
  let flags: string[];

  before(async () => {
    host = await lab.host({ release: 'bookworm', mail: true });
    flags = ['apply', '--yes', '--no-diff', ...to(host), ...(await issuedBy(await lab.acme()))];
    await shell(`mkdir -p $LIVE /etc/letsencrypt/renewal-hooks/deploy; certificate $NAME $LIVE
      cp -a /etc/letsencrypt /root/letsencrypt`);
  });
  after(() => host.stop());

  afterEach(() =>
    shell(`rm -rf /etc/letsencrypt; cp -a /root/letsencrypt /etc/letsencrypt
      systemctl reset-failed
      systemctl is-active -q dovecot || systemctl start dovecot`),
  );

  const shell = (lines: string) =>
    host.run(`set -e; NAME=${host.name}; LIVE=/etc/letsencrypt/live/$NAME\n${BY_HAND}\n${lines}`);

  /** To the byte, and whose they are. */
  async function files(): Promise<string[]> {
    return Object.entries(await host.state())
      .map(([path, { type, mode, owner, link, sha256 }]) => `${path} ${type} ${mode} ${owner} ${link} ${sha256}`)
      .sort();
  }

  /** Who listens, and says so: a greeting on 25, 110 and 143 within 5 s, by a client who waits no longer. */
  async function answering(): Promise<number[]> {
    const listening = await host.run("ss -Hltn | sed 's/.*:\\([0-9]*\\) .*/\\1/' | sort -nu");
    const ports = listening.trim().split('\n').map(Number);
    const greets = async (port: number, greeting: RegExp): Promise<boolean> => {
      const began = Date.now();
      const talk = await talkInClear({ address: host.address, port, name: host.name, root: '' });
      await talk.until(greeting).catch(() => {});
      talk.end();
      return Date.now() - began < 5000;
    };
    const greetings = new Map([
      [25, SMTP],
      [110, POP3],
      [143, IMAP],
    ]);
    const heard = await Promise.all(
      ports.map(async (port) => {
        const greeting = greetings.get(port);
        return greeting === undefined || (await greets(port, greeting)) ? [port] : [];
      }),
    );
    return heard.flat();
  }

  async function tryIt({ spoil, mend, ...condition }: Condition): Promise<void> {
    await shell(spoil);
    try {
      const before = [await files(), await answering()];
      assertFailure(await hardenMail(flags), condition);
      assert.deepEqual([await files(), await answering()], before);
      await assertTidy(host);
    } finally {
      await shell(mend);
    }
  }

  describe('with a Dovecot that does not start', () => {
    for (const condition of DOVECOT_WILL_NOT_START)
      it(`apply names the cause and restores the files when ${condition.what}`, () => tryIt(condition));

    // Nobody knows it yet, because nothing has reloaded it. A reload is the end of it, and files cannot undo that.
    it('apply reports that it cannot put everything back when the reload ends a running Dovecot', async () => {
      await shell(LISTEN_ELSEWHERE);
      try {
        const before = await files();
        assertFailure(await hardenMail(flags), {
          exit: 6,
          says: /could not be put back whole: .*203\.0\.113\.9, 993\) failed: Cannot assign requested address/,
          todo: /A human is needed/,
        });
        assert.deepEqual(await files(), before);
        await assertTidy(host);
      } finally {
        await shell(LISTEN_AS_BEFORE);
      }
    });
  });

  it('the undo of a killed apply leaves Dovecot stopped, as it was, and leaves no new folder behind', async () => {
    await shell('systemctl stop dovecot; rm -r /etc/letsencrypt/renewal-hooks');
    const before = [await files(), await answering()];
    const run = start([...flags, '--confirm-timeout', '1']);
    await run.said(/: confirm$/m);
    run.signal('SIGKILL');
    await run.done;
    await host.run(`until grep -q rolled-back "$(ls -d /var/lib/harden-mail/tx/* | tail -n 1)/state"; do sleep 0.1; done
      until [ ! -e /run/harden-mail ]; do sleep 0.1; done`);
    assert.deepEqual([await files(), await answering()], before);
    await assertTidy(host);
  });
});
