/** The Debian that the copy of a host is made from: its own release, or the nearest one of an Ubuntu. */
import { HardenMailError } from '../../model/errors.ts';
import type { Facts, Nearest, Rehearsal } from '../../model/index.ts';
import { distribution, UBUNTU, UBUNTU_DIFFERS, type ReleaseCodename } from '../../debian/releases.ts';
import { RELEASES, type ReleaseName } from '../../lab/images.ts';
import { nearestDebian, type UbuntuName } from '../../lab/ubuntu.ts';

export interface Base {
  readonly release: ReleaseName;
  /** The copy is upgraded to it. */
  readonly goal?: ReleaseName;
  /** The copy says that it is this Ubuntu, and after the upgrade the other one. */
  readonly ubuntu?: UbuntuName;
  readonly ubuntuGoal?: UbuntuName;
}

/**
 * @param upgradeTo the next release of the host's distribution
 * @throws UNSUPPORTED_OS for a release of which the lab has no image, and for an upgrade that does not change the image
 */
export function baseOf({ os }: Pick<Facts, 'os'>, upgradeTo?: ReleaseCodename): Base {
  const { codename } = os;
  if (os.id === 'debian' && isImage(codename)) {
    return { release: codename, ...(upgradeTo !== undefined && isImage(upgradeTo) && { goal: upgradeTo }) };
  }
  if (os.id !== 'ubuntu' || !isUbuntu(codename)) {
    const copies = [...Object.keys(RELEASES), ...Object.keys(UBUNTU)].join(', ');
    throw new HardenMailError(
      'UNSUPPORTED_OS',
      `there is no image to copy ${os.pretty} from: copies are of ${copies}`,
      'Nothing was written. `harden-mail apply --dry-run` shows the plan for this host.',
    );
  }
  const release = nearestDebian(codename);
  if (upgradeTo === undefined || !isUbuntu(upgradeTo)) return { release, ubuntu: codename };
  const goal = nearestDebian(upgradeTo);
  if (goal !== release) return { release, goal, ubuntu: codename, ubuntuGoal: upgradeTo };
  throw new HardenMailError(
    'UNSUPPORTED_OS',
    `the copies of ${UBUNTU[codename].name} and ${UBUNTU[upgradeTo].name} have the same packages, those of ${nameOf(release)}: an upgrade of the copy would change nothing and prove nothing`,
    `Nothing was written. Without --upgrade-to the change is rehearsed, and \`harden-mail check --upgrade-to ${upgradeTo}\` looks ahead.`,
  );
}

const isImage = (codename: string): codename is ReleaseName => Object.hasOwn(RELEASES, codename);
const isUbuntu = (codename: string): codename is UbuntuName => Object.hasOwn(UBUNTU, codename);
const nameOf = (codename: string): string => distribution(codename)?.name ?? codename;

/** The releases by name, where the copy is another one than the host. */
export function nearestOf({ release, goal, ubuntu }: Base): { readonly nearest?: Nearest } {
  if (ubuntu === undefined) return {};
  return {
    nearest: { host: nameOf(ubuntu), copy: nameOf(release), ...(goal !== undefined && { goal: nameOf(goal) }) },
  };
}

/** The things that the copy of an Ubuntu does not prove, in sentences. */
export function unprovenBy({ release, goal, ubuntu, ubuntuGoal }: Base): Rehearsal['unrehearsed'] {
  if (ubuntu === undefined) return [];
  const { name, differs } = UBUNTU[ubuntu];
  const itself = `${name} itself: the copy is ${nameOf(release)} with Ubuntu's identity, so it does not prove ${UBUNTU_DIFFERS}, nor ${differs}`;
  if (ubuntuGoal === undefined || goal === undefined) return [itself];
  const next = UBUNTU[ubuntuGoal];
  return [
    itself,
    `the upgrade to ${next.name} itself: the copy goes from ${nameOf(release)} to ${nameOf(goal)}, so it does not prove do-release-upgrade, nor ${next.differs}`,
  ];
}

/**
 * The plan for the copy of an Ubuntu is made for the versions of the host, so it is the host's plan; the daemons of the copy show what
 * they make of it.
 */
export function withVersionsOf<T extends Pick<Facts, 'postfix' | 'dovecot'>>(
  host: Pick<Facts, 'postfix' | 'dovecot'>,
  facts: T,
): T {
  return { ...facts, postfix: host.postfix ?? facts.postfix, dovecot: host.dovecot ?? facts.dovecot };
}
