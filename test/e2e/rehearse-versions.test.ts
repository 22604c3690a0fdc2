/** A rehearsal of a host with an older Dovecot than the archive's newest one: its copy has the same version. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { lab } from '../../src/lab/lab.ts';
import type { LabHost } from '../../src/lab/lab.ts';
import type { ReleaseName } from '../../src/lab/images.ts';
import { must } from '../../src/lab/programs.ts';
import { rehearsalFlags, rehearseWell } from '../support/rehearsal.ts';

const PACKAGES = ['dovecot-core', 'dovecot-imapd', 'dovecot-pop3d'];
const DIFFERENT = /^dovecot-core is \S+, the host has \S+$/;

describe('harden-mail rehearse, of a host with older packages', () => {
  if (!['all', 'versions'].includes(process.env['HARDEN_MAIL_REHEARSE'] ?? '')) return;
  let host: LabHost;
  after(() => host?.stop());

  it('the copy has the version of the host, although the archive has a newer one; a version that the archive lacks is reported', async function () {
    const release = (/^VERSION_CODENAME=(\w+)/m.exec(readFileSync('/etc/os-release', 'utf8'))?.[1] ?? '') as ReleaseName; // oxfmt-ignore
    const offered = (await must('apt-cache', ['madison', 'dovecot-core'])).split('\n').flatMap((line) => line.split(' | ')[1]?.trim() ?? []); // oxfmt-ignore
    const older = offered.find((version) => version !== offered[0]);
    if (older === undefined) return this.skip();
    const versions = [Object.fromEntries(PACKAGES.map((name) => [name, older]))];
    host = await lab.host({ release, mail: true, with: { install: [], purge: [], versions } });
    assert.equal(await host.run("dpkg-query -W -f '${Version}' dovecot-core"), older);
    const flags = await rehearsalFlags(host);
    const same = await rehearseWell(flags);
    assert.deepEqual(same.differences.filter((text) => DIFFERENT.test(text)), []); // oxfmt-ignore
    await host.run(`sed -i '/^Package: dovecot-core$/,/^$/s/^Version: .*/&.1/' /var/lib/dpkg/status`);
    const other = await rehearseWell(flags);
    assert.equal(other.differences.filter((text) => DIFFERENT.test(text)).length, 1, other.differences.join('\n'));
  });
});
