/** Text from a host, made safe for one line of a message: no control or invisible characters, at most 200 long. */
export function printable(text: string): string {
  const line = text.replace(/\s+/g, ' ').replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, '');
  return line.trim().slice(0, 200);
}

/** The last line that is not empty. */
export function lastWords(said: Buffer): string {
  const lines = said.toString('utf8').split(/[\r\n]+/);
  return lines.map(printable).findLast((line) => line !== '') ?? '';
}
