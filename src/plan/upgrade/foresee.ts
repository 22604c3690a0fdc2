import { HardenMailError } from '../../model/errors.ts';
import { PATHS, CONVERSION, type Facts, type Note, type Plan, type Policy, type Snapshot } from '../../model/index.ts';
import { RECIPE } from '../../tasks/index.ts';
import { compose } from '../compose.ts';
import { distribution, OBSOLETE, releaseBefore, type ReleaseCodename } from '../../debian/releases.ts';
import { satisfies } from '../../formats/versions.ts';
import { openWorkspace } from '../workspace.ts';
import type { Rewritten } from '../../modernize/modernize.ts';
import { inModernWords, toldNotes } from './modern.ts';
import { assertAccepted } from '../as-found/refused.ts';
import { isHeld } from '../as-found/held-mail.ts';

/**
 * The plan of an apply after the host is upgraded to this release and has kept its files: the same files with the versions of
 * that release. Without activations, which depend on how the upgrade ends.
 * @param pristine files that are unchanged since a package wrote them
 * @throws CONFIG_INVALID if a line of 2.3 cannot be converted; USAGE if the host cannot be upgraded to that release in one step
 */
export function foresee(
  snapshot: Snapshot,
  policy: Policy,
  release: ReleaseCodename,
  host: string,
  pristine: readonly string[],
): Plan {
  const { facts } = snapshot;
  const next = distribution(release)!;
  assertNext(facts, release, host);
  // Only files that the installed Dovecot accepts can be converted.
  assertAccepted(snapshot, null);
  const goes = (path: string): boolean =>
    facts.dovecot !== null &&
    !satisfies(facts.dovecot, '>=2.4') &&
    satisfies(next.dovecot, '>=2.4') &&
    OBSOLETE.includes(path) &&
    pristine.includes(path);
  const { refusals: _, upcoming: __, ...rest } = facts;
  const then: Snapshot = {
    files: Object.fromEntries(Object.entries(snapshot.files).filter(([path]) => !goes(path))),
    facts: {
      ...rest,
      os: { ...facts.os, codename: release, versionId: next.versionId, pretty: next.name },
      postfix: facts.postfix && next.postfix,
      dovecot: facts.dovecot && next.dovecot,
    },
  };
  const settled = RECIPE.filter(({ name }) => name !== 'restart');
  const { prepares: ___, ...after } = policy;
  const plan = compose(then, after, settled);
  const ahead = inModernWords(openWorkspace(then).workspace, then.facts, settled.map(({ name }) => name)); // oxfmt-ignore
  // The upgrade itself rewrites files that belong to a package.
  const ours = (path: string): boolean => !path.startsWith('/usr/');
  const settings = plan.settings.filter(({ file }) => ours(file));
  const changes = plan.changes.filter(({ path }) => ours(path));
  const held = isHeld(snapshot);
  const breaks = settings.some(({ fragment }) => fragment === CONVERSION);
  const notes = breaks
    ? warnings(
        next.dovecot,
        changes.map(({ path }) => path).filter((path) => pristine.includes(path)),
      )
    : [];
  const refuses = ahead.rewritten.filter(({ rule }) => rule.state === 'removed');
  const refused = refuses.length > 0 ? [refusedMail(refuses, next.postfix)] : [];
  const mail = snapshot.facts.postfix === null ? [] : [mailNote(snapshot, release, held)];
  return {
    ...plan,
    settings,
    changes,
    notes: [...refused, ...notes, ...mail, ...toldNotes(ahead.told), ...plan.notes],
  };
}

/** Postfix returns mail where Dovecot's LDA fails (its exit status, 89, is final), and where a table or a user database is away. */
function mailNote({ files }: Snapshot, release: string, held: boolean): Note {
  const note = (level: Note['level'], text: string): Note => ({ task: 'restart', level, text });
  if (held)
    return note('info', 'the host is prepared: mail that fails waits in the queue until the apply after the upgrade');
  const agent = Object.values(files).find(
    ({ path, bytes }) =>
      path.startsWith(`${PATHS.POSTFIX}/`) && /^[^#\n]*\/dovecot\/(dovecot-lda|deliver)\b/m.test(bytes),
  );
  const todo = `\`harden-mail apply --prepare-upgrade ${release}\` right before the upgrade keeps it in the queue until the apply after it`;
  return agent
    ? note('warning', `${agent.path} has Dovecot's LDA deliver mail, and the LDA fails during the upgrade: that mail is returned to its senders. ${todo}`) // oxfmt-ignore
    : note('info', `mail may fail during the upgrade: ${todo}`);
}

/** @throws USAGE if the host cannot be upgraded to that release in one step */
export function assertNext({ os }: Facts, release: ReleaseCodename, host: string): void {
  const next = distribution(release)!;
  const from = releaseBefore(release);
  const family = next.os === 'debian' ? 'Debian' : 'Ubuntu with long-term support';
  if (os.id !== next.os || os.codename !== from) {
    throw new HardenMailError(
      'USAGE',
      `${host} runs ${os.pretty}, and ${family} upgrades one release at a time: to ${release} from ${from}`,
      os.codename === release ? '`harden-mail check` without --upgrade-to looks at what is.' : 'Name the next one.',
    );
  }
}

function refusedMail(refuses: readonly Rewritten[], version: string): Note {
  const what = [...new Set(refuses.map(({ rule }) => rule.what))].join(', ');
  const text = `Postfix ${version} no longer has ${what}: from the upgrade until the next apply it answers 451 "Server configuration error" to mail that reaches it; senders try again later`; // oxfmt-ignore
  return { task: 'sasl', level: 'warning', text };
}

function warnings(dovecot: string, unedited: readonly string[]): Note[] {
  const warning = (text: string): Note => ({ task: 'dovecot-ssl', level: 'warning', text });
  const info = (text: string): Note => ({ task: 'dovecot-ssl', level: 'info', text });
  return [
    warning(`Dovecot ${dovecot} does not start with these files: from the upgrade until the next apply nobody can log in, neither to read nor to send`), // oxfmt-ignore
    warning('mail waits until then as well: where port 25 offers logins, it breaks off after STARTTLS and senders try again later; mail that was accepted stays in the queue; have apply ready'), // oxfmt-ignore
    info('the upgrade ends with an error, since Dovecot does not start; apply converts the files and finishes it'),
    info('keep your own files where apt asks (its default): apply converts those'),
    ...(unedited.length > 0
      ? [info(`nobody has edited ${unedited.join(', ')}: by default the upgrade replaces such files, which leaves less to convert`)] // oxfmt-ignore
      : []),
  ];
}
