import type { Host, Snapshot } from '../model/index.ts';
import { HardenMailError } from '../model/errors.ts';
import { quote } from '../formats/text/shell-quote.ts';
import type { Remote } from '../remote/remote.ts';
import { scriptText } from '../remote/scripts.ts';
import { TornError } from './parse-snapshot.ts';
import { MOST_UNPACKED } from './unpack.ts';

/** The script for the host, without its comments and indents: it is part of the command line, which must stay short. */
export function gatherScript(): string {
  return (shortScript ??= scriptText('gather/gather.sh')
    .replace(/^ *#.*\n/gm, '')
    .replace(/\{ # .*$/gm, '{')
    .replace(/^ +/gm, '')
    .replace(/\n{2,}/g, '\n'));
}

let shortScript: string | undefined;

/** The number of attempts to read a host. If a file is being edited, the edit is over after a moment. */
const LOOKS = 3;

/**
 * Reads a host's facts and files, in one exec and one round trip; again if a file changed meanwhile. Writes nothing.
 * @param parse gives the snapshot in the output (`unpackSnapshot`), within the limits of a host
 * @throws REMOTE_FAILED
 */
export async function gather(
  remote: Remote,
  { cert = '', key = '', sni = [] }: Pick<Host, 'cert' | 'key' | 'sni'>,
  parse: (output: Buffer) => Snapshot | Promise<Snapshot>,
): Promise<Snapshot> {
  const brought = sni.flatMap((one) => (one.cert === undefined ? [] : [`${one.cert},${one.key}`])).join(' ');
  const script = `own_cert=${quote(cert)} own_key=${quote(key)} own_sni=${quote(brought)}\n${gatherScript()}`;
  for (let look = 1; ; look++) {
    const { code, stdout, stderr } = await remote.run(script, {
      name: 'gather',
      intent: 'read',
      plain: true,
      most: MOST_UNPACKED, // To decrypt more would take time from the other hosts of a run.
    });
    if (code !== 0) {
      throw new HardenMailError(
        'REMOTE_FAILED',
        `reading ${remote.name} failed with status ${code}: ${stderr.toString().trim() || 'no message'}`,
        'Nothing was written. Run the command again; if it fails again, look at the host with ssh.',
      );
    }
    try {
      return await parse(stdout);
    } catch (error) {
      if (!(error instanceof TornError) || look === LOOKS) throw error;
    }
  }
}
