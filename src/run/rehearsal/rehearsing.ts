/** A rehearsal: boots the copy of a host, has its acts played, and removes it. */
import type { KeptCopy, Rehearsal } from '../../model/index.ts';
import { quote } from '../../formats/text/shell-quote.ts';
import type { RunOptions, Say } from '../step.ts';
import { copyOf, type Copied } from './copying.ts';
import { releaseOf, type Original } from './original.ts';
import { Rehearser } from './rehearser.ts';

/** Boots the copy, plays every act, and removes the copy. */
export async function rehearsed(original: Original, options: RunOptions, say: Say): Promise<Rehearsal> {
  const release = releaseOf(original.facts);
  say('copy');
  const copied = await copyOf(original, release, options);
  let isKept = false;
  try {
    const rehearsal = await new Rehearser(original, copied, options, say).play();
    isKept = options.keep;
    return isKept ? { ...rehearsal, kept: keptCopy(copied) } : rehearsal;
  } finally {
    if (!isKept) await copied.machine.stop();
  }
}

/** The copy ends with this process. */
function keptCopy({ machine: { identity, knownHosts, address } }: Copied): KeptCopy {
  const options = `-i ${quote(identity)} -o UserKnownHostsFile=${quote(knownHosts)} -o IdentitiesOnly=yes`;
  return { login: `ssh ${options} root@${address}`, remove: `kill ${process.pid}` };
}
