import assert from 'node:assert/strict';
import { installPackages } from '../../../src/commit/install-packages.ts';
import { HardenMailError } from '../../../src/model/errors.ts';
import type { Facts } from '../../../src/model/index.ts';
import { memoryRemote } from '../../../src/remote/memory.ts';

/** What apt says on its way out, and what is made of it. */
const SAID: readonly { what: string; stdout?: string; stderr: string; code: string; why: RegExp }[] = [
  {
    what: 'a lock whose holder apt names while it waits',
    stdout:
      'Waiting for cache lock: Could not get lock /var/lib/dpkg/lock-frontend. It is held by process 711 (apt-get)...',
    stderr: 'E: Unable to acquire the dpkg frontend lock (/var/lib/dpkg/lock-frontend), is another process using it?\n',
    code: 'APT_LOCKED',
    why: /^apt on mx is in use by process 711 \(apt-get\)$/,
  },
  {
    // apt forgets the error of each of its attempts, and shows what it waits for only now and then.
    what: 'a lock whose holder lslocks names',
    stderr:
      'E: Unable to acquire the dpkg frontend lock (/var/lib/dpkg/lock-frontend), is another process using it?\nheld by process 711 (apt-get)\n',
    code: 'APT_LOCKED',
    why: /^apt on mx is in use by process 711 \(apt-get\)$/,
  },
  {
    what: 'a lock without a known holder',
    stderr: 'E: Unable to acquire the dpkg frontend lock (/var/lib/dpkg/lock-frontend), is another process using it?\n',
    code: 'APT_LOCKED',
    why: /^apt on mx is in use$/,
  },
  {
    what: 'the lock for the downloads of another program',
    stderr: 'E: Could not get lock /var/cache/apt/archives/lock. It is held by process 9 (aptitude)\n',
    code: 'APT_LOCKED',
    why: /^apt on mx is in use by process 9 \(aptitude\)$/,
  },
  {
    what: 'a package that does not exist',
    stderr: 'E: Unable to locate package certbot\n',
    code: 'INSTALL_FAILED',
    why: /^apt on mx could not install certbot: E: Unable to locate package certbot$/,
  },
];

describe('commit: failures of apt', () => {
  for (const { what, stdout = '', stderr, code, why } of SAID) {
    it(`the error names the cause: ${what}`, async () => {
      const remote = memoryRemote({ name: 'mx', run: () => ({ code: 100, stdout, stderr }) });
      await assert.rejects(installPackages(remote, ['certbot'], { hostname: 'mx.example.org' } as Facts), (error) => {
        assert.ok(error instanceof HardenMailError);
        assert.equal(error.code, code);
        assert.match(error.message, why);
        return true;
      });
    });
  }
});
