/**
 * Masks what must not be read over a shoulder or in a log: values of settings whose names say that they are secret, and
 * passwords inside connection strings. Works on lines of a diff, so that a context line is masked as well.
 */
export function redact(diff: string): string {
  return diff
    .split('\n')
    .map((line) => {
      if (/^(---|\+\+\+|@@)/.test(line)) return line;
      return line
        .replace(
          /^(.?\s*#?\s*\w*(?:password|passwd|secret|api_?key|token|nonce)\w*\s*=\s*)(?!(?:hash|lmdb|btree|texthash|cdb|proxy|file|mysql|pgsql|ldap|sqlite|\/|<|\$|%)[:/\w{]*)\S.*$/i,
          `$1${MASK}`,
        )
        .replace(/\b((?:password|passwd|pass|secret)=)("[^"]*"|'[^']*'|[^\s"']+)/gi, `$1${MASK}`)
        .replace(/\b(static|inline):(\S.*)$/i, (whole, type: string, rest: string) =>
          /[:=]/.test(rest) ? `${type}:${MASK}` : whole,
        )
        .replace(/(:\/\/[^\s:/@]+:)[^\s@]+@/g, `$1${MASK}@`);
    })
    .join('\n');
}

const MASK = '********';
