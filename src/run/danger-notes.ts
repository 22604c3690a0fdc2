/** The dangers of an exposure map in words. */
import { dangersThatCount, type Danger, type ExposureMap, type Note } from '../model/index.ts';

/** The dangers that count, as notes of a plan. */
export function dangerNotes(map: ExposureMap | null): Note[] {
  return (map ? dangersThatCount(map) : []).map((danger) => ({
    task: danger.id === 'plaintext-logins' ? 'plaintext' : 'sasl',
    level: 'warning',
    text: `danger: ${dangerSentence(danger)}. ${danger.hint}`,
  }));
}

/** `smtp/inet relays for everybody: an open relay (/etc/postfix/master.cf:12)` */
export function dangerSentence({ text, file, line }: Danger): string {
  return `${text} (${file}:${line})`;
}
