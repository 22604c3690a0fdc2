/**
 * `npm run lab -- --release bookworm --mail`: boots one host of the test lab to look around in, until Ctrl-C.
 * `--prepare` only installs what the tests need on this machine, where it can.
 */

import { once } from 'node:events';
import { parseArgs } from 'node:util';
import { lab } from '../src/lab/lab.ts';
import { RELEASES } from '../src/lab/images.ts';
import { prepareMachine } from '../src/lab/requirements.ts';
import type { ReleaseName } from '../src/lab/images.ts';

const { values } = parseArgs({
  options: {
    release: { type: 'string', default: 'bookworm' },
    mail: { type: 'boolean', default: false },
    prepare: { type: 'boolean', default: false },
    name: { type: 'string' },
    user: { type: 'string', multiple: true, default: [] },
  },
});

const isRelease = (name: string): name is ReleaseName => name in RELEASES;
const { release, mail, name } = values;
if (!isRelease(release)) throw new Error(`no release ${release}; there are ${Object.keys(RELEASES).join(', ')}`);
const can = await lab.available();
if (values.prepare) {
  if (can.ok) await prepareMachine();
  process.exit(0);
}
if (!can.ok) throw new Error(can.reason);

const users = values.user.map((pair) => {
  const [user = '', ...password] = pair.split(':');
  return { name: user, password: password.join(':') };
});
const host = await lab.host({ release, mail, users, ...(name === undefined ? {} : { name }) });
const acme = await lab.acme();
const options = `-i ${host.identity} -o UserKnownHostsFile=${host.knownHosts} -o StrictHostKeyChecking=yes`;
process.stdout.write(`${host.name} (Debian ${release}) is up at ${host.address}; Ctrl-C ends it

  ssh ${options} root@${host.address}

  ACME server: ${acme.directory}
`);
// Something must keep the process alive until a signal ends it.
setInterval(() => {}, 60_000);
await once(process, 'never');
