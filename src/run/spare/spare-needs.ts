/** Whether a machine that SSH reaches can play a rehearsal: what it has, read in one exec that writes nothing there. */
import { HardenMailError } from '../../model/errors.ts';
import { isSupportedNode } from '../../formats/text/node-version.ts';
import { quote } from '../../formats/text/shell-quote.ts';
import { ENGINE, NO_DEBIAN, NO_NAMESPACES } from '../../lab/requirements.ts';
import type { Remote } from '../../remote/remote.ts';
import { scriptText } from '../../remote/scripts.ts';

export interface SpareMachine {
  /** Tells the machine from every other one. */
  readonly id: string;
  /** `sent`: it runs our program with its own Node.js. `installed`: it has this version of harden-mail. */
  readonly program: 'sent' | 'installed';
}

/** The same text as `id`, on any host. */
export const MACHINE_ID = "cat /etc/machine-id /proc/sys/kernel/random/boot_id 2>/dev/null | tr '\\n' ' '";

/**
 * @param version of this program
 * @throws STOPPED with what is missing; nothing was read from the host then
 */
export async function spareMachine(remote: Remote, version: string): Promise<SpareMachine> {
  const script = `packages=${quote(ENGINE.join(' '))}\n${scriptText('run/spare/spare-needs.sh')}`;
  const { stdout } = await remote.run(script, { name: 'spare', intent: 'read', most: 1 << 16 });
  return machineIn(stdout.toString('latin1'), remote.name, version);
}

/** @param text the output of spare-needs.sh */
export function machineIn(text: string, name: string, version: string): SpareMachine {
  const lines = text.split('\n');
  const value = (word: string): string =>
    lines.find((line) => line.startsWith(`${word} `))?.slice(word.length + 1) ?? '';
  const unfit = unfitness(value);
  if (unfit !== null)
    throw new HardenMailError(
      'STOPPED',
      `${name} cannot play a rehearsal: ${unfit}`,
      'Name another Debian machine with --on. Nothing was read or written.',
    );
  const packages = ENGINE.filter((one) => !lines.includes(`installed ${one}`));
  const node = /^v(\d+\.\d+\.\d+)$/.exec(value('node'))?.[1];
  const program =
    node !== undefined && isSupportedNode(node) ? 'sent' : value('program') === version ? 'installed' : null;
  if (program !== null && packages.length === 0) return { id: value('machine'), program };
  const lacking = [...packages, ...(program === null ? ['Node.js 20.19, 22.12 or later'] : [])];
  const steps = [
    ...(packages.length > 0 ? [`Run there, as root: apt-get install ${packages.join(' ')}`] : []),
    ...(program === null
      ? [`Install Node.js (Debian 13: apt-get install nodejs), or the Debian package of harden-mail ${version}`]
      : []),
  ];
  throw new HardenMailError(
    'STOPPED',
    `${name} lacks what a rehearsal needs: ${lacking.join(', ')}`,
    `${steps.join('. ')}. Nothing was read or written.`,
  );
}

function unfitness(value: (word: string) => string): string | null {
  if (value('kernel') !== 'Linux') return 'hosts are booted on Linux';
  if (value('system') !== 'debian') return NO_DEBIAN;
  return value('namespaces') === 'yes' ? null : NO_NAMESPACES;
}
