import type { Host, Snapshot } from '../model/index.ts';
import { HardenMailError } from '../model/errors.ts';
import { quote } from '../formats/text/shell-quote.ts';
import type { Remote } from '../remote/remote.ts';
import { scriptText } from '../remote/scripts.ts';
import { parseSnapshot, TornError } from './parse-snapshot.ts';

/** The script for the host, without its comments: it is part of the command, which must stay short. */
export function gatherScript(): string {
  return scriptText('gather/gather.sh').replace(/^ *#.*\n/gm, '');
}

/** An edit in progress is over after a moment: read again. */
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
