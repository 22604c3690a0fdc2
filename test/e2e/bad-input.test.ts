/** What cannot work ends with one line that says what is wrong and one that says what to do, and nothing is written. */

import assert from 'node:assert/strict';
import { lab } from '../../src/lab/lab.ts';
import type { Acme, LabHost, State } from '../../src/lab/lab.ts';
import { CERTIFICATE, IN_ITS_FILES, ON_THE_HOST, ON_THE_WAY } from './bad-input.cases.ts';
import type { Bad } from './bad-input.cases.ts';
import { assertFailure, hardenMail, issuedBy, start, startInTerminal, to } from '../support/cli.ts';
import { assertTidy } from '../support/host.ts';

describe('an apply that meets an obstacle', () => {
  let host: LabHost;
  let acme: Acme;
  let flags: string[];

  before(async () => {
    host = await lab.host({ release: 'bookworm', mail: true, users: [{ name: 'mallory', password: 'tops3cret' }] });
    acme = await lab.acme();
    flags = [...to(host), ...(await issuedBy(acme))];
  });
  after(() => host.stop());

  /** certbot keeps its account, and its logs; the daemons' configuration is not touched. */
  const configuration = async (): Promise<State> => {
    const state = Object.entries(await host.state());
    return Object.fromEntries(state.filter(([path]) => !path.startsWith('/etc/letsencrypt')));
  };
  /** A folder's date tells that something was staged in it, and taken away. */
  const files = async (): Promise<State> => {
    const state = Object.entries(await host.state());
    return Object.fromEntries(state.map(([path, of]) => [path, of.type === 'd' ? { ...of, modified: '' } : of]));
  };

  async function tryIt(bad: Bad, look: () => Promise<State>): Promise<void> {
    if (bad.spoil) await host.run(`set -e\n${bad.spoil}`);
    try {
      const args = (await bad.flags?.(host, acme)) ?? ['apply', '--yes', ...flags];
      const before = await look();
      assertFailure(await hardenMail(args), bad);
      assert.deepEqual(await look(), before);
      await assertTidy(host);
    } finally {
      if (bad.mend) await host.run(`set -e\n${bad.mend}`);
    }
  }

  for (const bad of [...ON_THE_WAY, ...ON_THE_HOST])
    it(`apply names cause and next step and writes nothing when ${bad.what}`, () => tryIt(bad, () => host.state()));
  for (const bad of CERTIFICATE)
    it(`apply names cause and next step and leaves the daemons’ files unchanged when ${bad.what}`, () =>
      tryIt(bad, configuration));

  it('no apply of the tests above has begun a transaction', async () => {
    assert.equal((await host.exec('ls /var/lib/harden-mail')).code, 2);
  });

  it('apply obtains the certificate, shows the diff and asks again when a file is edited during the question', async () => {
    const before = await configuration();
    const terminal = startInTerminal(['apply', ...flags]);
    await terminal.said(/Apply to \S+\? \[y\/N\]/);
    await host.run("echo '# edited meanwhile' >>/etc/postfix/main.cf");
    terminal.type('y\r');
    await terminal.said(/Apply to [^]*Apply to \S+\? \[y\/N\]/);
    terminal.type('\r');
    const { code, stdout } = await terminal.done;
    assert.equal(code, 0);
    assert.match(stdout, /^ # edited meanwhile$/m);
    assert.match(stdout, /declined: nothing was written\n$/);
    await host.run("sed -i '/^# edited meanwhile$/d' /etc/postfix/main.cf");
    const digests = (state: State) => Object.entries(state).map(([path, { sha256 }]) => `${path} ${sha256}`);
    assert.deepEqual(digests(await configuration()), digests(before));
    assert.match(await host.run('certbot certificates 2>&1'), new RegExp(`Certificate Name: ${host.name}`));
  });

  it('apply writes nothing when a file is edited between plan and commit', async () => {
    const terminal = startInTerminal(['apply', ...flags]);
    await terminal.said(/Apply to \S+\? \[y\/N\]/);
    await host.run("echo '# edited meanwhile' >>/etc/postfix/main.cf");
    const before = await host.state();
    terminal.type('y\r');
    assertFailure(await terminal.done, {
      exit: 1,
      says: /\/etc\/postfix\/main\.cf has changed since it was read/,
      todo: /Nothing was written\. Run again/,
    });
    assert.deepEqual(await host.state(), before);
    await assertTidy(host);
  });

  // With the certificate's path in place of theirs, nothing uses their parameter any more, and postconf says so.
  it('apply names cause and next step and changes no file when a check of the daemons refuses the new files', () =>
    tryIt(
      {
        what: 'a new warning',
        exit: 1,
        says: /refused the changes \(at validate\): .*unused parameter: tls_folder=/,
        todo: /Nothing was written\. Run again when the cause is fixed/,
        spoil: `cp -a /etc/postfix/main.cf /root/saved
          sed -i 's,=/etc/ssl/certs/ssl-cert,=$tls_folder/ssl-cert,' /etc/postfix/main.cf
          echo 'tls_folder = /etc/ssl/certs' >>/etc/postfix/main.cf`,
        mend: 'mv /root/saved /etc/postfix/main.cf',
      },
      files,
    ));

  for (const bad of IN_ITS_FILES)
    it(`apply names cause and next step and changes no file when ${bad.what}`, () => tryIt(bad, files));

  it('a second apply at the same time names the running transaction and writes nothing', async () => {
    const first = start(['apply', '--yes', ...flags]);
    await first.said(/: confirm$/m);
    first.signal('SIGSTOP');
    try {
      const before = await host.state();
      assertFailure(await hardenMail(['apply', '--yes', ...flags]), {
        exit: 1,
        says: /another harden-mail works on \S+: transaction \S+ of \S+, since \d{4}-/,
        todo: /Run again when it is done/,
      });
      assert.deepEqual(await host.state(), before);
    } finally {
      first.signal('SIGCONT');
    }
    const { code, stdout } = await first.done;
    assert.equal(code, 0, stdout);
    assert.match(stdout, /changed: /);
    await assertTidy(host);
  });
});
