/** A rehearsal of a host that is hardened already and serves additional names: its copy has their map, and nothing is left to do. */
import assert from 'node:assert/strict';
import { lab } from '../../src/lab/lab.ts';
import type { LabHost } from '../../src/lab/lab.ts';
import { credentials, hardenMail, scratch, trusting } from '../support/cli.ts';
import { rehearseWell } from '../support/rehearsal.ts';

describe('harden-mail rehearse, of a hardened host with additional names', () => {
  if (process.env['HARDEN_MAIL_REHEARSE'] !== 'all' && process.env['HARDEN_MAIL_REHEARSE'] !== 'hardened') return;
  let host: LabHost;
  after(() => host?.stop());

  it('the plan for the copy is the plan for the host, and the verdict is good', async () => {
    host = await lab.host({ release: 'bookworm', mail: true });
    const acme = await lab.acme();
    const other = `other.${host.name}`;
    await acme.setA(other, host.address);
    const entry = { hostname: host.address, user: 'root', acmeServer: acme.directory, sni: [{ names: [other] }] };
    const inventory = scratch('inventory.json', JSON.stringify({ hosts: { [host.name]: entry } }));
    const flags = ['--inventory', inventory, ...credentials(host), ...(await trusting(acme))];
    const applied = await hardenMail(['apply', '--yes', '--no-diff', ...flags]);
    assert.equal(applied.code, 0, applied.stdout + applied.stderr);
    await rehearseWell([...flags, '--json']);
  });
});
