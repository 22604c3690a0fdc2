/**
 * What Debian's testssl.sh, sslscan and nmap think of both profiles on each release, port by port, and that they see there what
 * our own audit sees. An hour; a part of it: `npm run audit:outside`, or -g 'strict on Debian trixie'.
 */
import assert from 'node:assert/strict';
import { PROFILES } from '../../scripts/outside/hosts.ts';
import { lookAt, AUDITORS, PACKAGES, type Seen } from '../../scripts/outside/look.ts';
import { faultsOf } from '../../scripts/outside/verdict.ts';
import { AUDIT_PORTS } from '../../src/verify/mail-ports.ts';
import { RELEASES, type ReleaseName } from '../../src/lab/images.ts';
import { prepareMachine } from '../../src/lab/requirements.ts';

const PORTS = AUDIT_PORTS.map(({ port }) => port);
const TOOLS = Object.keys(AUDITORS);

for (const release of Object.keys(RELEASES) as ReleaseName[])
  for (const profile of PROFILES)
    describe(`outside auditors: ${profile} on Debian ${release}`, function () {
      this.timeout(3_600_000);
      let seen: readonly Seen[] = [];

      before(async () => {
        await prepareMachine(PACKAGES);
        seen = await lookAt(release, profile, { ports: PORTS, tools: TOOLS, atATime: 2 });
      });

      for (const port of PORTS)
        it(`testssl.sh, sslscan and nmap report no unexplained fault or difference on port ${port}`, () => {
          const here = seen.filter((one) => one.port === port);
          // Standard opens no 587, and nobody can look at it.
          const tools = port === 587 && profile === 'standard' ? [] : TOOLS;
          assert.deepEqual(here.map(({ tool }) => tool).sort(), [...tools].sort());
          assert.deepEqual(here.flatMap(faultsOf), []);
        });
    });
