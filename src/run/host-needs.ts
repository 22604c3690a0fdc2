/** The conditions for an apply on a host, apart from its configuration. */
import type { Remote } from '../remote/remote.ts';
import { scriptText } from '../remote/scripts.ts';
import type { Problem } from './logbook.ts';

/** The free space that is enough: the journal and the staged files of a run need less. */
const ENOUGH_KB = 20_000;

/** The output of host-needs.sh: a word and its value on each line. */
export type Needs = readonly (readonly [word: string, value: string])[];

export async function askNeeds(remote: Remote): Promise<Needs> {
  const script = scriptText('run/host-needs.sh');
  const { stdout } = await remote.run(script, { name: 'needs', intent: 'read' });
  const lines = stdout.toString('latin1').split('\n');
  return lines.filter(Boolean).map((line) => [line.split(' ')[0] ?? '', line.slice(line.indexOf(' ') + 1)]);
}

export function wayToRoot(needs: Needs): string {
  return needs.find(([word]) => word === 'way')?.[1] || 'the login is root';
}

export function shortcomings(needs: Needs): Problem[] {
  return needs.flatMap(([word, value]): Problem[] => {
    const [first = '', second = ''] = value.split(' ');
    switch (word) {
      case 'missing':
        return [{ text: `${value} is not installed`, hint: 'Install the Debian package that contains it.' }];
      case 'readonly':
        return [{ text: `${value} is mounted read-only`, hint: '`journalctl -k` may say why; `mount -o remount,rw`.' }];
      case 'free':
        if (Number(first) >= ENOUGH_KB) return [];
        return [
          {
            text: `${second} has ${first} kB left`,
            hint: 'Free some space: apply keeps a copy of each file that it changes.',
          },
        ];
      case 'apt':
        return [{ text: `apt is in use by ${value}`, hint: 'Wait until that is done.' }];
      case 'unfinished':
        return [{ text: `dpkg has not finished ${value}`, hint: '`dpkg --configure -a`, or `apt-get -f install`.' }];
      default:
        return [];
    }
  });
}
