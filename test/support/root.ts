import assert from 'node:assert/strict';
import type { Remote } from '../../src/remote/remote.ts';

/** A script runs there as root, has no input of its own, and what it answers comes to the byte. */
export async function assertRoot(remote: Remote): Promise<void> {
  const script = 'id -un; cat; printf "\\0\\377"; echo e >&2; exit 5';
  const { code, stdout, stderr } = await remote.run(script, { name: 'test', intent: 'read' });
  assert.deepEqual([code, stdout.toString('latin1'), stderr.toString()], [5, 'root\n\0\xff', 'e\n']);
}
