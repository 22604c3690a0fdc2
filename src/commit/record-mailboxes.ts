import { HardenMailError } from '../model/errors.ts';
import { PATHS, type Recorded } from '../model/index.ts';
import type { Remote } from '../remote/remote.ts';
import { ALL_MAILBOXES_SECONDS, assertId, scriptFile } from './commit.ts';

const SCRIPTS = ['mailboxes.sh', 'folders.sh', 'apart.sh', 'users.sh'];

/**
 * Has the host list the mailboxes of a sample of users, or of all, and keep the list. It holds names, numbers and digests that
 * Dovecot gives mailboxes, and no mail. One exec; it writes only the list.
 */
export async function recordMailboxes(remote: Remote, many: 'sample' | 'all'): Promise<Recorded> {
  const id = `record-${process.pid}-${Date.now()}`;
  assertId(id);
  const script = [
    'umask 077',
    `tx=${PATHS.TALKS}/${id}`,
    'mkdir -p "$tx" || exit 1',
    `trap 'rm -rf "$tx"; rmdir ${PATHS.TALKS} 2>/dev/null' EXIT`,
    ...SCRIPTS.map((name) => scriptFile(name)),
    `printf '${many}\\n' >"$tx/mailboxes"`,
    'sh "$tx/mailboxes.sh" record "$tx" </dev/null',
  ].join('\n');
  const { code, stdout, stderr } = await remote.run(script, {
    name: 'record',
    intent: 'write',
    idleTimeout: ALL_MAILBOXES_SECONDS,
  });
  const lines = stdout.toString('utf8').split('\n');
  const [, users, mailboxes] = lines.map((line) => /^recorded (\d+) (\d+)$/.exec(line)).find((found) => found) ?? [];
  if (code !== 0 || users === undefined || mailboxes === undefined) {
    throw new HardenMailError(
      'REMOTE_FAILED',
      `the mailboxes of ${remote.name} are not recorded: ${stderr.toString('utf8').trim() || `exit status ${code}`}`,
      'Nothing was written. `doveadm mailbox list -u USER` on the host shows whether Dovecot can list them.',
    );
  }
  const notes = lines.flatMap((line) => /^note (.+)$/.exec(line)?.[1] ?? []);
  return { users: Number(users), mailboxes: Number(mailboxes), notes };
}
