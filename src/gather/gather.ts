import { readFileSync } from 'node:fs';
import type { Snapshot } from '../model.ts';
import { HardenMailError } from '../errors.ts';
import type { Remote } from '../remote/remote.ts';
import { parseSnapshot } from './parse.ts';

/** Reads a host: facts and files, in one exec and one round trip. Writes nothing. */
export async function gather(remote: Remote): Promise<Snapshot> {
  const script = readFileSync(new URL('./gather.sh', import.meta.url), 'utf8');
  const { code, stdout, stderr } = await remote.run(script, { intent: 'read' });
  if (code !== 0) {
    throw new HardenMailError(
      'REMOTE_FAILED',
      `reading ${remote.name} failed with status ${code}: ${stderr.toString().trim() || 'no message'}`,
      'Nothing was written. Run the command again; if it stays, look at the host with ssh.',
    );
  }
  return parseSnapshot(stdout);
}
