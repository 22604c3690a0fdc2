/** The two lines with which a transaction that was put back keeps mail in the queue (tx.sh, "hold"). */
import { parseMain } from '../../formats/postfix/main-cf.ts';
import type { Note, SettingChange } from '../../model/index.ts';
import { MAIN_CF, type Workspace } from '../workspace.ts';

/** The comment is in tx.sh, word for word. */
const HELD = '# harden-mail: mail waits in the queue until Dovecot runs; the next apply removes these two lines\nsoft_bounce = yes\n'; // oxfmt-ignore

/** Removes the lines: the transaction writes them again until Dovecot runs. */
export function letGo(start: Workspace): {
  readonly workspace: Workspace;
  readonly settings: readonly SettingChange[];
  readonly notes: readonly Note[];
} {
  const { postfix } = start;
  if (!postfix?.main.bytes.includes(HELD)) return { workspace: start, settings: [], notes: [] };
  const main = parseMain(postfix.main.bytes.replaceAll(HELD, ''), MAIN_CF);
  const text = `mail waits in the queue (soft_bounce in ${MAIN_CF}), because Dovecot did not run at the end of an earlier apply: this plan lets it go once Dovecot runs`;
  return {
    workspace: { ...start, postfix: { ...postfix, main } },
    settings: [{ task: 'restart', fragment: 'main.cf:held', setting: 'soft_bounce', file: MAIN_CF, before: 'yes', after: null }], // oxfmt-ignore
    notes: [{ task: 'restart', level: 'warning', text }],
  };
}
