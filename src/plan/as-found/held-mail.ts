/** The two lines that keep mail in the queue: tx.sh ("hold") writes them after a failed upgrade, a plan before an upgrade. */
import { HardenMailError } from '../../model/errors.ts';
import { mainValue, parseMain } from '../../formats/postfix/main-cf.ts';
import type { Note, SettingChange, Snapshot } from '../../model/index.ts';
import { MAIN_CF, type Workspace } from '../workspace.ts';

/** The comment is in tx.sh, word for word. */
const HELD = '# harden-mail: mail that fails waits in the queue, and is not returned; the next apply removes these two lines\nsoft_bounce = yes\n'; // oxfmt-ignore

interface Held {
  readonly workspace: Workspace;
  readonly settings: readonly SettingChange[];
  readonly notes: readonly Note[];
}

/** Does an earlier run keep mail in the queue? */
export const isHeld = ({ files }: Pick<Snapshot, 'files'>): boolean => files[MAIN_CF]?.bytes.includes(HELD) ?? false;

/** Removes the lines: the transaction writes them again until Dovecot runs. */
export function letGo(start: Workspace): Held {
  const { postfix } = start;
  if (!postfix?.main.bytes.includes(HELD)) return { workspace: start, settings: [], notes: [] };
  const main = parseMain(postfix.main.bytes.replaceAll(HELD, ''), MAIN_CF);
  const text = `mail that fails waits in the queue (soft_bounce in ${MAIN_CF}), because an earlier apply prepared an upgrade or ended without Dovecot: this plan ends that once Dovecot runs`;
  return {
    workspace: { ...start, postfix: { ...postfix, main } },
    settings: [change('yes', null)],
    notes: [{ task: 'restart', level: 'warning', text }],
  };
}

/**
 * Writes the lines as the last ones, before an upgrade to this release.
 * @throws CONFIG_CONFLICT if soft_bounce is set to `no`: Postfix warns of a parameter that is set twice
 */
export function keepMail(start: Workspace, release: string, heldBefore: boolean): Held {
  const { postfix } = start;
  if (!postfix) return { workspace: start, settings: [], notes: [] };
  const set = mainValue(postfix.main, 'soft_bounce');
  const text = `from now on mail that fails waits in the queue (soft_bounce in ${MAIN_CF}): nothing is returned or refused for good until the apply after the upgrade to ${release}`;
  const notes: Note[] = [{ task: 'restart', level: 'info', text }];
  if (set?.value.toLowerCase() === 'yes') return { workspace: start, settings: [], notes };
  if (set) throw isSet(set.line);
  const { bytes } = postfix.main;
  const main = parseMain(`${bytes}${bytes === '' || bytes.endsWith('\n') ? '' : '\n'}${HELD}`, MAIN_CF);
  return { workspace: { ...start, postfix: { ...postfix, main } }, settings: heldBefore ? [] : [change(null, 'yes')], notes }; // oxfmt-ignore
}

const isSet = (line: number): HardenMailError =>
  new HardenMailError(
    'CONFIG_CONFLICT',
    `${MAIN_CF}:${line} sets soft_bounce = no, so mail cannot be kept in the queue during the upgrade`,
    'Nothing was written. Remove the line (no is the default), and run again.',
  );

function change(before: string | null, after: string | null): SettingChange {
  return { task: 'restart', fragment: 'main.cf:held', setting: 'soft_bounce', file: MAIN_CF, before, after };
}
