import { readFileSync } from 'node:fs';
import type { Host, Snapshot } from '../model.ts';
import { HardenMailError } from '../errors.ts';
import { quote } from '../remote/quote.ts';
import type { Remote } from '../remote/remote.ts';
import { parseSnapshot, TornError } from './parse.ts';

/** What is sent to the host: without the comments, because it goes with the command, which is to stay short. */
export function gatherScript(): string {
  return readFileSync(new URL('./gather.sh', import.meta.url), 'utf8').replace(/^ *#.*\n/gm, '');
}

/** Who edits a file just now is done in a moment. */
const LOOKS = 3;

/** Reads a host: facts and files, in one exec and one round trip; in another where a file changed meanwhile. Writes nothing. */
export async function gather(
  remote: Remote,
  { cert = '', key = '', sni = [] }: Pick<Host, 'cert' | 'key' | 'sni'> = {},
): Promise<Snapshot> {
  const brought = sni.flatMap((one) => (one.cert === undefined ? [] : [`${one.cert},${one.key}`])).join(' ');
  const script = `own_cert=${quote(cert)} own_key=${quote(key)} own_sni=${quote(brought)}\n${gatherScript()}`;
  for (let look = 1; ; look++) {
    const { code, stdout, stderr } = await remote.run(script, { name: 'gather', intent: 'read', plain: true });
    if (code !== 0) {
      throw new HardenMailError(
        'REMOTE_FAILED',
        `reading ${remote.name} failed with status ${code}: ${stderr.toString().trim() || 'no message'}`,
        'Nothing was written. Run the command again; if it stays, look at the host with ssh.',
      );
    }
    try {
      return parseSnapshot(stdout);
    } catch (error) {
      if (!(error instanceof TornError) || look === LOOKS) throw error;
    }
  }
}
