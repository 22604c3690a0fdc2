/** Secrets in what an administrator writes into comments: masked by their look, because no name says where they are. */

/** Such a comment speaks of secrets, so a word with letters and digits in it may be one. */
const SPEAKS = /\b(?:pass|passw\w*|passphrases?|pw|pwd|secrets?|tokens?|credentials?|logins?|api.?keys?)\b/i;
/** The word behind `the password is`, `pw:`, `the token for the relay was`. */
const SAID = /\b(?:password|passwd|passphrase|pass|pw|pwd|secret|token|pin)\b(?:\s+(?:for|of|on|to|at)(?:\s+the)?\s+\S+)?\s*(?:[:=]|\b(?:is|was)\b:?)\s*(\S+)/gi; // oxfmt-ignore
/** Words that say something about a password, and are none. */
const ABOUT = /^(?:a|an|the|not|no|yes|in|of|on|as|to|for|by|with|if|only|also|always|never|still|now|then|too|empty|wrong|correct|incorrect|invalid|valid|expired|required|needed|given|stored|sent|known|read|used|checked|verified|set|changed|asked|different|same|plain|plaintext|encrypted|hashed|optional|ignored|missing|returned|found|looked|from|that|this|what|where|it|default|secret|be|been|done|true|false|disabled|enabled|\w+ed)\b/i; // oxfmt-ignore
/** Words with letters and digits that are no secret. */
const KNOWN: readonly RegExp[] = [
  /^(?:[\w+-]*:)?\.{0,2}\/|^[-%$<{[\\]|[()\\=]|[%$]\{/, // paths, URLs, options, variables, calls
  /^[\w.-]{0,64}@?[\w-]+(?:\.[\w-]+)+(?::\d+)?$/, // files, names of hosts, addresses, versions
  /^[a-z]+\d{0,3}(?:[_-](?:[a-z]+\d{0,3}|\d{1,4}))+$/, // names of settings and programs
  /TLSv?\d|SSLv?\d|RFC\d|^(?:OAuth|IPv|base|sha|md|utf-?|imap|pop|smtp|blf|argon|x50)\d/i, // protocols and schemes
  /^[A-Z\d]{1,8}(?:[-_+:!@=.,][A-Z\d]{1,8})*$/, // ciphers
];
/** A longer word is no name. */
const LONGEST = 100;
const MIXED = /^(?=.*[a-z])(?=.*[A-Z])(?=.*\d)\S{8,}$/;
const SOME = /^(?=.*[A-Za-z])(?=.*\d)\S{6,}$/;

/**
 * A line of a file: in its comment the words that look like a secret are masked. The time is linear in the line's length.
 */
export function maskedProse(line: string, mask: string): string {
  const at = /^\s*[#;]/.test(line) ? 0 : line.search(/\s#\s/);
  if (at < 0) return line;
  const comment = line.slice(at);
  if (/^[\s#;]*[\w.-]+\s*=/.test(comment)) return line; // a setting: its name says whether it is secret
  const said = new Set([...comment.matchAll(SAID)].flatMap(([, word = '']) => (ABOUT.test(core(word)) ? [] : [core(word)]))); // oxfmt-ignore
  const look = SPEAKS.test(comment) ? SOME : MIXED;
  const masked = comment.replace(/\S+/g, (word) => {
    const inner = core(word);
    const isSecret =
      said.has(inner) || (look.test(inner) && (inner.length > LONGEST || !KNOWN.some((one) => one.test(inner))));
    return isSecret ? word.replace(inner, mask) : word;
  });
  return line.slice(0, at) + masked;
}

/** A word without the quotes and stops around it. */
function core(word: string): string {
  return word.replace(/^["'(`<]+/, '').replace(/["')`>.,;:?]+$/, '');
}
