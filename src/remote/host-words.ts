/** The last words of a host, fit for one line of a message: no control or invisible characters, at most 200 long. */
export function hostWords(said: Buffer): string {
  const lines = said.toString('utf8').split(/[\r\n]+/);
  const last = lines
    .map((line) => line.replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, '').trim())
    .findLast((line) => line !== '');
  return (last ?? '').slice(0, 200);
}
