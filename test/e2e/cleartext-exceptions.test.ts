/** A network from which the administrator permits passwords before TLS keeps its logins; nobody else gets them. */

import assert from 'node:assert/strict';
import { lab } from '../../src/lab/lab.ts';
import type { LabHost } from '../../src/lab/lab.ts';
import type { ReleaseName } from '../../src/lab/images.ts';
import { hardenMail, issuedBy, to } from '../support/cli.ts';

const BOB = { name: 'bob', password: 'correct horse' };
const SETTING = { bookworm: 'disable_plaintext_auth = no', trixie: 'auth_allow_cleartext = yes' } as const;

for (const release of ['bookworm', 'trixie'] satisfies ReleaseName[])
  describe(`passwords before TLS from one network, on ${release}`, () => {
    let host: LabHost;
    let webmail: LabHost;
    let other: LabHost;
    let flags: string[];

    before(async function () {
      this.timeout(600_000);
      [host, webmail, other] = await Promise.all([
        lab.host({ release, mail: true, users: [BOB] }),
        lab.host({ release: 'bookworm', mail: true }),
        lab.host({ release: 'bookworm', mail: true }),
      ]);
      flags = [...to(host), ...(await issuedBy(await lab.acme()))];
      await host.run(`echo '!include_try local.conf' >>/etc/dovecot/dovecot.conf
        printf 'remote ${webmail.address} {\\n  ${SETTING[release]}\\n}\\n' >/etc/dovecot/local.conf
        systemctl restart dovecot`);
    });
    after(() => Promise.all([host, webmail, other].map((one) => one.stop())));

    /** How bob's login ends from this host: in clear on 143, after STARTTLS, and on 993. */
    async function logins(from: LabHost): Promise<string[]> {
      const program = `
import imaplib, ssl
inside = ssl._create_unverified_context()
def login(server, starts):
    try:
        if starts: server.starttls(inside)
        server.login('${BOB.name}', '${BOB.password}')
        return 'in'
    except imaplib.IMAP4.error:
        return 'refused'
for port, starts in ((143, False), (143, True), (993, False)):
    make = imaplib.IMAP4 if port == 143 else lambda host, port: imaplib.IMAP4_SSL(host, port, ssl_context=inside)
    print(login(make('${host.address}', port), starts))
`;
      return (await from.run('python3 -', { input: program })).trim().split('\n');
    }

    it('apply names the exception, and logins from there and from elsewhere end as before', async () => {
      const before = [await logins(webmail), await logins(other)];
      assert.deepEqual(before, [
        ['in', 'in', 'in'],
        ['refused', 'in', 'in'],
      ]);
      const { code, stdout, stderr } = await hardenMail(['apply', '--yes', '--no-diff', ...flags]);
      assert.equal(code, 0, stdout + stderr);
      assert.match(
        stdout,
        new RegExp(`remote ${webmail.address} \\S+: \\w+ holds there \\(/etc/dovecot/local\\.conf:2\\)`),
      );
      assert.deepEqual([await logins(webmail), await logins(other)], before);
    });

    it('a second apply has nothing to do', async () => {
      const { code, stdout } = await hardenMail(['apply', '--yes', ...flags]);
      assert.equal(code, 0, stdout);
      assert.match(stdout, /ok: nothing to do/);
    });
  });
