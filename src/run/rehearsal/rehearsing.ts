/** A rehearsal: boots the copy of a host, has its acts played, and removes it; a second copy plays the upgrade with other files. */
import { HardenMailError } from '../../model/errors.ts';
import type { Act, KeptCopy, Rehearsal } from '../../model/index.ts';
import { quote } from '../../formats/text/shell-quote.ts';
import { judged, WITH_FILES_OF_PACKAGES } from '../../rehearse/verdict.ts';
import type { RunOptions, Say } from '../step.ts';
import { baseOf, nearestOf, unprovenBy, type Base } from './base.ts';
import { copyOf, type Copied } from './copying.ts';
import type { Original } from './original.ts';
import { Rehearser, type Played } from './rehearser.ts';

/** Boots the copy, plays every act, and removes the copy. */
export async function rehearsed(original: Original, options: RunOptions, say: Say): Promise<Rehearsal> {
  const { upgradeTo, keep } = options;
  const base = baseOf(original.facts, upgradeTo);
  const { release } = base;
  say('copy');
  const copied = await copyOf(original, base, options);
  let played: Played | null = null;
  try {
    played = await new Rehearser(original, copied, options, say).play();
  } finally {
    if (!keep || !played) await copied.machine.stop();
  }
  const { acts, odd, stayed } = played;
  const more =
    base.goal !== undefined && stayed.length > 0 ? await again(original, { base, stayed }, options, say) : [];
  if (keep) await copied.publish();
  const { differences, unrehearsed } = copied;
  return judged({
    ...{ release, ...nearestOf(base), acts: [...acts, ...more], sameDiff: odd && odd.length === 0 },
    unrehearsed: [...unprovenBy(base), ...unrehearsed],
    ...(upgradeTo !== undefined && { upgradeTo }),
    differences: [...differences, ...(odd ?? []).map((path) => `the plan for ${path} is another one on the copy`)],
    ...(keep && { kept: keptCopy(copied) }),
  });
}

/** The upgrade with the configuration files of the packages, from the same state. Without a second copy the act says so. */
async function again(
  original: Original,
  { base, stayed }: { readonly base: Base } & Pick<Played, 'stayed'>,
  options: RunOptions,
  say: Say,
): Promise<readonly Act[]> {
  say(WITH_FILES_OF_PACKAGES);
  try {
    const copied = await copyOf(original, base, options);
    try {
      return await new Rehearser(original, copied, options, say).playWithFilesOfPackages(stayed);
    } finally {
      await copied.machine.stop();
    }
  } catch (error) {
    if (!(error instanceof HardenMailError) || error.code !== 'STOPPED') throw error;
    const notes = [`not played: ${error.message}`];
    return [{ name: WITH_FILES_OF_PACKAGES, seconds: 0, faults: [], notes, outages: [], files: [] }];
  }
}

/** The copy ends with this process. */
function keptCopy({ machine: { identity, knownHosts, address } }: Copied): KeptCopy {
  const options = `-i ${quote(identity)} -o UserKnownHostsFile=${quote(knownHosts)} -o IdentitiesOnly=yes`;
  return { login: `ssh ${options} root@${address}`, remove: `kill ${process.pid}` };
}
