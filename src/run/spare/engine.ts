import { HardenMailError } from '../../model/errors.ts';
import { lab } from '../../lab/lab.ts';

/** @throws STOPPED on a machine that cannot boot a copy */
export async function assertEngine(): Promise<void> {
  const can = await lab.available();
  if (!can.ok)
    throw new HardenMailError(
      'STOPPED',
      `a rehearsal boots a copy of the host on this machine, and it cannot: ${can.reason}`,
      `Run it as root on a Debian machine, or ${ELSEWHERE}. Nothing was read or written.`,
    );
  const missing = await lab.lacking();
  if (missing.length > 0)
    throw new HardenMailError(
      'STOPPED',
      `a rehearsal boots a copy of the host with programs that this machine lacks: ${missing.join(', ')}`,
      `Run: apt-get install ${missing.join(' ')}. Or ${ELSEWHERE}.`,
    );
}

const ELSEWHERE = 'have another Debian machine play it, which SSH reaches: --on [USER@]SPARE';
