/**
 * `npm run audit:outside`: Debian's testssl.sh, sslscan and nmap on hosts of the lab, beside our own audit: what they think of
 * both profiles on every release, and where they see something else than we, also on a stock host and on five that are weak
 * on purpose. Ends with 1 where a strict host gets worse than it may, or a difference is not explained. All of it takes
 * the better part of an hour; of a part:
 *
 *     npm run audit:outside -- --release trixie --profile strict --ports 25,993 --tools nmap,sslscan
 *
 * `--write` takes what was seen over into docs/audit-outside.md, in place of what was seen there before.
 */
import { parseArgs } from 'node:util';
import { AUDIT_PORTS } from '../src/verify/mail-ports.ts';
import { lab } from '../src/lab/lab.ts';
import { RELEASES, type ReleaseName } from '../src/lab/images.ts';
import { prepareMachine } from '../src/lab/requirements.ts';
import { KINDS_OF_BOOKWORM, PROFILES } from './outside/hosts.ts';
import { AUDITORS, lookAt, PACKAGES, type Seen } from './outside/look.ts';
import { merge, write } from './outside/kept.ts';
import { page } from './outside/page.ts';
import { faultsOf } from './outside/verdict.ts';

const { values } = parseArgs({
  options: {
    release: { type: 'string', default: Object.keys(RELEASES).join(',') },
    profile: { type: 'string', default: [...PROFILES, ...KINDS_OF_BOOKWORM].join(',') },
    ports: { type: 'string', default: AUDIT_PORTS.map(({ port }) => port).join(',') },
    tools: { type: 'string', default: Object.keys(AUDITORS).join(',') },
    'at-a-time': { type: 'string', default: '2' },
    write: { type: 'boolean', default: false },
  },
});
const releases = values.release.split(',');
const unknown = releases.filter((one) => !(one in RELEASES));
if (unknown.length > 0)
  throw new Error(`no release ${unknown.join(', ')}; there are ${Object.keys(RELEASES).join(', ')}`);

const wanted = {
  ports: values.ports.split(',').map(Number),
  tools: values.tools.split(','),
  atATime: Number(values['at-a-time']),
  say: (text: string) => console.error(text),
};
await lab.prepare();
await prepareMachine(PACKAGES);
const seen: Seen[] = [];
for (const release of releases as ReleaseName[])
  for (const kind of values.profile.split(','))
    if (release === 'bookworm' || !KINDS_OF_BOOKWORM.includes(kind)) {
      const found = await lookAt(release, kind, wanted);
      seen.push(...found);
      if (values.write) await write(found);
    }
lab.close();

console.log(page(merge([], seen)));
const faults = seen.flatMap(faultsOf);
for (const fault of faults) console.error(fault);
console.error(`${faults.length} faults`);
process.exit(faults.length === 0 ? 0 : 1);
