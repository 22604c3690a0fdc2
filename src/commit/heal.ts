import { HardenMailError } from '../model/errors.ts';
import { PATHS, type Receipt } from '../model/index.ts';
import type { Remote } from '../remote/remote.ts';
import { assertId, parseEnd } from './commit.ts';

/**
 * Ends transactions that were interrupted, oldest first: forward if the confirmation had reached the host, else back. One exec;
 * each is recovered by the script in its own journal. Throws ROLLBACK_INCOMPLETE if a human is needed.
 */
export async function heal(remote: Remote, ids: readonly string[]): Promise<Receipt[]> {
  ids.forEach(assertId);
  const script = [
    `for tx in ${ids.map((id) => `${PATHS.JOURNAL}/${id}`).join(' ')}; do`,
    '  sh "$tx/tx.sh" recover "$tx" </dev/null >/dev/null 2>&1',
    `  cat "${PATHS.TALKS}/\${tx##*/}/log" "$tx/log" 2>/dev/null | sed -n "/^end /h; \\\${x; p}"`,
    'done',
  ].join('\n');
  const { stdout, stderr } = await remote.run(script, { name: 'heal', intent: 'write' });
  const receipts = stdout.toString('utf8').split('\n').flatMap(parseEnd);
  for (const id of ids) {
    const receipt = receipts.find((one) => one.id === id);
    if (receipt && receipt.state !== 'broken') continue;
    throw new HardenMailError(
      'ROLLBACK_INCOMPLETE',
      `the unfinished transaction ${id} on ${remote.name} could not be undone: ${receipt?.reason || stderr.toString().trim() || 'it said nothing'}`,
      'A human is needed: docs/transaction.md, "By hand".',
    );
  }
  return receipts;
}
