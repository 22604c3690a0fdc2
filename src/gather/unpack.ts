import { gunzipSync } from 'node:zlib';
import { HardenMailError } from '../model/errors.ts';
import type { Snapshot } from '../model/index.ts';
import { parseSnapshot, TornError } from './parse-snapshot.ts';

/** Bytes that an answer may have once it is unpacked. A host with a thousand certificates prints half of it. */
export const MOST_UNPACKED = 16 << 20;

/**
 * The snapshot in the compressed output of gather.sh.
 * @throws TornError (REMOTE_FAILED) as `parseSnapshot`; REMOTE_FAILED if the output is too long
 */
export function unpackSnapshot(output: Buffer): Snapshot {
  return parseSnapshot(unpacked(output));
}

function unpacked(output: Buffer): Buffer {
  try {
    return gunzipSync(output, { maxOutputLength: MOST_UNPACKED });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ERR_BUFFER_TOO_LARGE')
      throw new TornError('the answer is incomplete');
    throw new HardenMailError(
      'REMOTE_FAILED',
      `the host's answer is longer than ${MOST_UNPACKED >> 20} MiB when it is unpacked`,
      'Nothing was written. Move long lists into tables (maps), which are not read.',
    );
  }
}
