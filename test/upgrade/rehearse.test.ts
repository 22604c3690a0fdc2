/** An upgrade that loses mail is called bad before anybody does it: Dovecot's LDA delivers, and the upgrade takes Dovecot away from it. */
import assert from 'node:assert/strict';
import { lab } from '../../src/lab/lab.ts';
import type { LabHost } from '../../src/lab/lab.ts';
import { cacheFolder } from '../../src/lab/image.ts';
import { hardenMail, to, trusting } from '../support/cli.ts';

interface Document {
  readonly hosts: readonly { readonly rehearsal: { readonly good: boolean; readonly verdict: string; readonly acts: readonly Played[] } }[]; // oxfmt-ignore
}

interface Played {
  readonly name: string;
  readonly faults: readonly string[];
  readonly notes: readonly string[];
  readonly outages: readonly { readonly port: number; readonly seconds: number }[];
}

describe('harden-mail rehearse --upgrade-to, of a host whose mail Dovecot’s LDA delivers', () => {
  let host: LabHost;
  let acts: readonly Played[] = [];
  let verdict = '';

  before(async () => {
    host = await lab.host({ release: 'bookworm', mail: true });
    const lda = '/usr/lib/dovecot/dovecot-lda -f "$SENDER" -a "$RECIPIENT"';
    await host.run(`postconf -e 'mailbox_command = ${lda}' 'mydestination = $myhostname, localhost' && postfix reload`);
    const state = await host.state();
    const flags = [...to(host), ...(await trusting(await lab.acme()))];
    const env = { HARDEN_MAIL_LAB_CACHE: cacheFolder() };
    const { code, stdout, stderr } = await hardenMail(['rehearse', '--upgrade-to', 'trixie', '--json', ...flags], env);
    assert.equal(code, 1, stdout + stderr);
    const { rehearsal } = (JSON.parse(stdout) as Document).hosts[0]!;
    ({ acts, verdict } = rehearsal);
    assert.equal(rehearsal.good, false);
    assert.deepEqual(await host.state(), state, 'nothing is written on the host');
  });
  after(() => host?.stop());

  it('the verdict names the act and the mail that is returned to its sender', () => {
    assert.match(verdict, /^upgrade: mail is returned to its sender: .*to=<rehearsal@/);
  });

  it('apply, verify and rollback on Debian 12 are good, and so is the apply after the upgrade', () => {
    for (const name of ['as it is', 'apply', 'verify', 'rollback', 'apply after it'])
      assert.deepEqual(acts.find((act) => act.name === name)?.faults, [], name);
  });

  it('the upgrade reports that Dovecot does not run, with its own words, and how long its ports were out', () => {
    const { notes, outages } = acts.find(({ name }) => name === 'upgrade')!;
    assert.ok(notes.includes('Dovecot does not run'), notes.join('\n'));
    assert.ok(
      notes.some((line) => /Fatal/.test(line)),
      notes.join('\n'),
    );
    assert.ok((outages.find(({ port }) => port === 143)?.seconds ?? 0) > 5, JSON.stringify(outages));
  });
});

describe('harden-mail rehearse --upgrade-to, of a host with a plugin that Dovecot 2.4 does not have', () => {
  let host: LabHost;
  after(() => host?.stop());

  it('the verdict is bad and names the place, and the act says how to replace the plugin', async () => {
    host = await lab.host({ release: 'bookworm', mail: true, also: ['dovecot-antispam'], users: [{ name: 'anna', password: 'river' }] }); // oxfmt-ignore
    await host.run('apt-get -q update && DEBIAN_FRONTEND=noninteractive apt-get -q -y install dovecot-antispam');
    await host.write('/etc/dovecot/local.conf', PLUGIN);
    await host.run('systemctl restart dovecot');
    const flags = [...to(host), ...(await trusting(await lab.acme()))];
    const env = { HARDEN_MAIL_LAB_CACHE: cacheFolder() };
    const { code, stdout, stderr } = await hardenMail(['rehearse', '--upgrade-to', 'trixie', '--json', ...flags], env);
    assert.equal(code, 1, stdout + stderr);
    const { rehearsal } = (JSON.parse(stdout) as Document).hosts[0]!;
    assert.equal(rehearsal.good, false);
    assert.match(rehearsal.verdict, /^apply after it: .*cannot be converted: \/etc\/dovecot\/local\.conf:2\b/);
    const { notes } = rehearsal.acts.find(({ name }) => name === 'apply after it')!;
    assert.ok(
      notes.some((line) => /antispam.*imapsieve/.test(line)),
      notes.join('\n'),
    );
  });
});

const PLUGIN = `protocol imap {
  mail_plugins = $mail_plugins antispam
}
plugin {
  antispam_backend = pipe
  antispam_spam = Junk
  antispam_trash = Trash
  antispam_pipe_program = /bin/true
}
`;
