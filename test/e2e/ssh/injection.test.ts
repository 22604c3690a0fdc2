/** 10,000 values with shell and terminal tricks as they reach a host: as arguments, to the byte, and nothing is run. */
import assert from 'node:assert/strict';
import fc from 'fast-check';
import { requestCertificate } from '../../../src/commit/request-certificate.ts';
import { connect } from '../../../src/connect/connect.ts';
import { memoryRemote } from '../../../src/remote/memory.ts';
import type { Remote } from '../../../src/remote/remote.ts';
import { lab } from '../../../src/lab/lab.ts';
import type { LabHost } from '../../../src/lab/lab.ts';
import { tricks } from '../../support/tricks.ts';

const CANARY = '/srv/canary';
const VALUES = 10_000;
/** Scripts a round trip. */
const BATCH = 500;

/** In the place of certbot: keeps its arguments, each ended by a NUL. */
const CERTBOT = `#!/bin/sh\nprintf '%s\\0' "$@" >>/srv/arguments\n`;

describe('values with shell and terminal tricks on a real host', () => {
  let host: LabHost;
  let remote: Remote;

  before(async () => {
    host = await lab.host();
    await host.write('/usr/sbin/certbot', CERTBOT, '0755');
    await host.run('mkdir -p /etc/letsencrypt');
    const { address: hostname, identity, knownHosts } = host;
    remote = await connect(
      { name: 'box', hostname, user: 'root', identity, profile: 'standard' },
      { acceptNewHostKeys: false, knownHosts: [knownHosts], sshConfig: 'none' },
    );
  });
  after(async () => {
    await remote?.close();
    await host?.stop();
  });

  it('certbot receives name, contact and server of a certificate from an unchecked inventory to the byte', async () => {
    const values = fc.sample(tricks(CANARY), { numRuns: VALUES, seed: 7 });
    const scripts: string[] = [];
    const wanted: string[] = [];
    const keep = memoryRemote({
      run: (script) => {
        scripts.push(script);
        return {};
      },
    });
    let refused = 0;
    for (let at = 0; at + 2 < values.length; at += 3) {
      const [name = '', email = '', acmeServer = ''] = values.slice(at, at + 3);
      const before = scripts.length;
      // The domains themselves are host names and no more: see test/unit/plan/policy.test.ts.
      const domain = { domain: 'mx.example.org', domains: ['mx.example.org'] };
      await requestCertificate(keep, {
        kind: 'certificate',
        name,
        ...domain,
        challenge: 'standalone',
        request: { email, acmeServer },
      }).catch((error: Error) => {
        assert.match(error.message, /NUL/);
        refused += 1;
      });
      if (scripts.length > before) wanted.push('--cert-name', name, '--standalone', '--email', email, '--server', acmeServer, '-d', 'mx.example.org'); // oxfmt-ignore
    }
    assert.ok(scripts.length > 2000 && refused > 50, `${scripts.length} scripts, ${refused} refused`);
    for (let at = 0; at < scripts.length; at += BATCH) {
      const all = scripts.slice(at, at + BATCH).map((script) => `(\n${script}\n)\n`);
      const { code, stderr } = await remote.run(all.join(''), { name: 'test', intent: 'write' });
      assert.equal(code, 0, stderr.toString());
    }
    const options = /^(certonly|-n|--agree-tos|--force-renewal|--expand)$/;
    const got = (await host.read('/srv/arguments')).toString().split('\0').slice(0, -1);
    assert.equal(got.length, (wanted.length / 9) * 14);
    const given = got.flatMap((word, at) => (at % 14 < 5 ? (assert.match(word, options), []) : [word]));
    assert.deepEqual(given, wanted);
    assert.equal((await host.exec(`test -e ${CANARY}`)).code, 1);
  });

  it('a user name that looks like an option or like shell text is never run', async () => {
    const { address, identity, knownHosts } = host;
    const options = { acceptNewHostKeys: false, knownHosts: [knownHosts], sshConfig: 'none' };
    const values = fc.sample(tricks(CANARY), { numRuns: 80, seed: 11 });
    let reached = 0;
    for (const user of values.filter((value) => value !== '')) {
      const target = { name: 'box', hostname: address, user, identity, profile: 'standard' } as const;
      const came = await connect(target, options).catch((error: { code: string }) => error.code);
      if (typeof came === 'string') {
        assert.match(came, /^(USAGE|AUTH_FAILED|CONNECTION_LOST)$/, JSON.stringify(user));
        if (came !== 'USAGE') reached += 1;
      } else await came.close();
    }
    assert.ok(reached > 0, 'none came as far as the host');
    assert.equal((await host.exec(`test -e ${CANARY}`)).code, 1);
  });
});
