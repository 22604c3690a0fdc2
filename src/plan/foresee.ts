import { HardenMailError } from '../errors.ts';
import { CONVERSION, type Note, type Plan, type Policy, type Snapshot } from '../model.ts';
import { RECIPE } from '../tasks/index.ts';
import { compose } from './compose.ts';
import { DEBIAN, releaseBefore, type DebianRelease } from './releases.ts';

/**
 * What an apply would find to do once the host is upgraded to this release and its files were kept: the plan for the same
 * files with the versions of then. Without activations, which depend on how the upgrade ends.
 * @throws CONFIG_INVALID where a line of 2.3 cannot be converted; USAGE where that upgrade is none from here
 */
export function foresee(snapshot: Snapshot, policy: Policy, release: DebianRelease, host: string): Plan {
  const { facts } = snapshot;
  const next = DEBIAN[release];
  const from = releaseBefore(release);
  if (facts.os.id !== 'debian' || facts.os.codename !== from) {
    throw new HardenMailError(
      'USAGE',
      `${host} runs ${facts.os.pretty}, and Debian upgrades one release at a time: to ${release} from ${from}`,
      facts.os.codename === release
        ? '`harden-mail check` without --upgrade-to looks at what is.'
        : 'Name the next one.',
    );
  }
  const then: Snapshot = {
    ...snapshot,
    facts: {
      ...facts,
      os: { ...facts.os, codename: release, versionId: next.versionId, pretty: next.name },
      postfix: facts.postfix && next.postfix,
      dovecot: facts.dovecot && next.dovecot,
    },
  };
  const settled = RECIPE.filter(({ name }) => name !== 'restart');
  const plan = compose(then, policy, settled);
  // What belongs to a package is written anew by the upgrade itself.
  const ours = (path: string): boolean => !path.startsWith('/usr/');
  const settings = plan.settings.filter(({ file }) => ours(file));
  return {
    ...plan,
    settings,
    changes: plan.changes.filter(({ path }) => ours(path)),
    notes: [...warnings(settings, next.dovecot), ...plan.notes],
  };
}

function warnings(settings: Plan['settings'], dovecot: string): Note[] {
  const words = settings.filter(({ fragment }) => fragment === CONVERSION);
  if (words.length === 0) return [];
  const say = (level: Note['level'], text: string): Note => ({ task: 'dovecot-ssl', level, text });
  return [
    say('warning', `Dovecot ${dovecot} does not start with these files: from the upgrade until the next apply nobody can log in`), // prettier-ignore
    say(
      'info',
      'the upgrade ends with an error, since Dovecot does not start; apply converts the files and finishes it',
    ),
    say('info', 'keep your own files where apt asks (its default): apply converts those'),
  ];
}
