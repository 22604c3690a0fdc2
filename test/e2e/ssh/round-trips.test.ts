/** Round trips of a login to a real sshd, on a line that delays each direction. */
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { connect } from '../../../src/connect/connect.ts';
import { slowLine } from '../../support/slow-line.ts';
import { keygen, startSshd } from './sshd.ts';

/** Milliseconds there and back: far more than the computing takes, even on a loaded machine. */
const ROUND_TRIP = 1000;

describe('a login to sshd', () => {
  for (const type of ['ed25519', 'rsa', 'ecdsa'])
    it(`takes three round trips with an open ${type} key, the first command one more, and the end of the connection none`, async () => {
      const sshd = await startSshd();
      const identity = join(sshd.folder, type);
      await sshd.authorize(keygen(identity, type));
      const line = await slowLine(sshd.address, sshd.port, ROUND_TRIP);
      try {
        writeFileSync(sshd.knownHosts, `[127.0.0.1]:${line.port} ${sshd.hostKey('ed25519')}\n`);
        const began = performance.now();
        const host = sshd.host({ hostname: '127.0.0.1', port: line.port, identity });
        const remote = await connect(host, {
          acceptNewHostKeys: false,
          knownHosts: [sshd.knownHosts],
          sshConfig: 'none',
        });
        const took = (performance.now() - began) / ROUND_TRIP;
        assert.ok(took >= 2.9 && took < 3.9, `${took}`);
        await remote.run('true', { name: 'test', intent: 'read', plain: true });
        const ran = (performance.now() - began) / ROUND_TRIP;
        assert.ok(ran >= 3.9 && ran < 4.9, `${ran}`);
        const ending = performance.now();
        await remote.close();
        assert.ok(performance.now() - ending < ROUND_TRIP / 2);
      } finally {
        line.stop();
        await sshd.stop();
      }
    });

  it('the first command runs where sshd refuses the first key and accepts another', async () => {
    const sshd = await startSshd();
    try {
      const identity = join(sshd.folder, 'stranger');
      keygen(identity, 'ed25519');
      const config = join(sshd.folder, 'config');
      writeFileSync(config, `IdentityFile ${sshd.key}\n`);
      const remote = await connect(sshd.host({ identity }), {
        acceptNewHostKeys: false,
        knownHosts: [sshd.knownHosts],
        sshConfig: config,
      });
      const { stdout } = await remote.run('echo here', { name: 'test', intent: 'read', plain: true });
      assert.equal(stdout.toString(), 'here\n');
      await remote.close();
    } finally {
      await sshd.stop();
    }
  });
});
