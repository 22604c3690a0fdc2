import type { RemoteResult } from '../remote/remote.ts';

export function words({ stdout, stderr }: RemoteResult): string {
  return `${stdout.toString()}\n${stderr.toString()}`;
}

/** The lines that match `telling`, else the last ones; joined to one line. */
export function reasons(said: string, telling: RegExp): string {
  const lines = said
    .split('\n')
    .map((line) => line.trim())
    .filter(Boolean);
  const chosen = lines.filter((line) => telling.test(line));
  return (chosen.length > 0 ? chosen.slice(0, 3) : lines.slice(-2)).join(' ') || 'it said nothing';
}
