/** What apply replaces only with `--replace`: here another mail server, which apt removes when it installs Postfix. */

import assert from 'node:assert/strict';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { image } from '../../src/lab/image.ts';
import { lab } from '../../src/lab/lab.ts';
import type { LabHost } from '../../src/lab/lab.ts';
import { assertFailure, hardenMail, issuedBy, startInTerminal, to, type Failure } from '../support/cli.ts';
import { assertTidy, mark, writtenSince } from '../support/host.ts';
import { SMTP, talkInClear } from '../support/talk.ts';

/** A second source of packages on the host: the release's own, of which Postfix itself is there. */
async function offerPostfix(host: LabHost): Promise<void> {
  const { apt } = await image(host.release);
  const debs = (await readdir(apt)).filter((name) => /^(postfix|ssl-cert)_.*\.deb$/.test(name));
  for (const name of ['Packages', ...debs]) await host.write(`/srv/own/${name}`, await readFile(join(apt, name)));
  await host.run("echo 'deb [trusted=yes] file:/srv/own ./' >>/etc/apt/sources.list; apt-get -q update");
}

const REFUSED: Failure = {
  exit: 1,
  says: /^to install postfix, apt would remove .*exim4-daemon-light.*: Debian allows one mail-transport-agent/,
  todo: /Nothing was written\. --replace mta goes on\. A rollback does not bring these packages back/,
};

describe('a host whose mail server is Exim', () => {
  let host: LabHost;
  let flags: string[];

  /** What answers on port 25. */
  async function greeting(): Promise<string> {
    const talk = await talkInClear({ address: host.address, port: 25, name: host.name, root: '' });
    const [line = ''] = await talk.until(SMTP);
    talk.end();
    return line;
  }

  before(async function () {
    this.timeout(600_000);
    host = await lab.host({
      release: 'bookworm',
      mail: true,
      also: ['exim4-daemon-light'],
      async setup(made) {
        await made.run(`set -e; export DEBIAN_FRONTEND=noninteractive
          apt-get -q update; apt-get -q -y install exim4-daemon-light; apt-get -q -y purge postfix
          sed -i "s/^dc_local_interfaces=.*/dc_local_interfaces=''/; s/^dc_eximconfig_configtype=.*/dc_eximconfig_configtype='internet'/" \
            /etc/exim4/update-exim4.conf.conf
          update-exim4.conf; systemctl restart exim4`);
        await offerPostfix(made);
      },
    });
    flags = ['--no-diff', ...to(host), ...(await issuedBy(await lab.acme()))];
    assert.match(await greeting(), /^220 .* Exim /);
  });
  after(() => host.stop());

  for (const command of [
    ['apply', '--yes'],
    ['apply', '--dry-run'],
  ])
    it(`${command.join(' ')} without --replace mta stops before anything is written, and Exim still answers`, async () => {
      await mark(host);
      assertFailure(await hardenMail([...command, ...flags]), REFUSED);
      assert.deepEqual(await writtenSince(host, '/etc', '/usr', '/var/lib'), []);
      assert.match(await greeting(), /^220 .* Exim /);
    });

  it('apply --replace sasl,certificate does not count as consent to replace Exim', async () => {
    assertFailure(await hardenMail(['apply', '--yes', '--replace', 'sasl,certificate', ...flags]), REFUSED);
    assert.match(await greeting(), /^220 .* Exim /);
  });

  it('doctor fails because apt would remove Exim', async () => {
    const { code, stdout } = await hardenMail(['doctor', ...to(host)]);
    assert.equal(code, 1, stdout);
    assert.match(stdout, /apt would remove .*exim4-daemon-light/);
  });

  it('apply in a terminal asks separately whether to replace Exim, and the answer no leaves Exim running', async () => {
    const terminal = startInTerminal(['apply', ...flags]);
    await terminal.said(/apt would remove .*exim4-daemon-light.*Replace it\? \[y\/N\] /s);
    terminal.type('n\n');
    assertFailure(await terminal.done, REFUSED);
    assert.match(await greeting(), /^220 .* Exim /);
  });

  it('the answer yes leads to the plan and to the question whether to apply it', async () => {
    const terminal = startInTerminal(['apply', ...flags]);
    await terminal.said(/Replace it\? \[y\/N\] /);
    terminal.type('y\n');
    await terminal.said(/Apply to \S+\? \[y\/N\] /);
    terminal.type('n\n');
    const { code, stdout } = await terminal.done;
    assert.equal(code, 0, stdout);
    assert.match(stdout, /^ {2}! apt removes .*exim4-daemon-light/m);
    assert.match(await greeting(), /^220 .* Exim /);
  });

  it('apply --replace mta names the packages that a rollback does not restore, and Postfix answers afterwards', async function () {
    this.timeout(600_000);
    const { code, stdout, stderr } = await hardenMail(['apply', '--yes', '--replace', 'mta', ...flags]);
    assert.equal(code, 0, stdout + stderr);
    assert.match(stdout, /^ {2}! apt removes .*exim4-daemon-light.*: a rollback does not bring packages back/m);
    assert.match(stdout, /changed: /);
    assert.match(await greeting(), /^220 .* ESMTP Postfix/);
    await assertTidy(host);
  });

  it('the plan of a rollback says that installed packages stay and removed packages do not come back', async () => {
    const { code, stdout } = await hardenMail(['rollback', '--dry-run', ...to(host)]);
    assert.equal(code, 0, stdout);
    assert.match(stdout, /^ {2}! packages that were installed stay: postfix$/m);
    assert.match(stdout, /^ {2}! packages that apt removed for them do not come back: .*exim4-daemon-light/m);
  });

  it('a second apply without --replace has nothing to do', async () => {
    const { code, stdout } = await hardenMail(['apply', '--yes', ...flags]);
    assert.equal(code, 0, stdout);
    assert.match(stdout, /ok: nothing to do/);
  });
});
