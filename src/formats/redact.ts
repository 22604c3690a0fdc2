const MASK = '********';

/** `name = value`, also commented out or with the name in quotes; the name says that the value is secret. */
const SECRET =
  /^([ \t#]*"?([\w/.@-]*(?:password|passwd|passphrase|bind_pw|dnpass|secret|api_?key|api_header|token|nonce|private_key)[\w/.@-]*)"?[ \t]*=[ \t]*)(.*)$/i;
/** Names that contain such a word but whose values are not secret: where and how to look up. */
const HARMLESS = /(?:maps?|file|path|schemes?|query|driver|ttl|verbose_passwords|result_delimiter)$/i;
/** `connect = host=db password=…`, `args = … pass="…"`; Dovecot's nopassword=y is no secret. */
const INLINE = /\b((?!nopass)\w*(?:password|passwd|passphrase|pass|secret|token)\w*=)("[^"]*"|'[^']*'|["'].*|\S+)/gi;
const USERINFO = /(:\/\/[^\s:/@]+:)[^\s@]+@/g;
/** Postfix's maps that hold their entries themselves: `static:name:password`, `inline:{ name=password }`. */
const LITERAL_MAP = /\b(static|inline):(?=.*[:=])\S.*$/i;

/** How a secret's next lines look: Postfix indents them; Dovecot ends the line before with `\` or names an end marker. */
interface Open {
  readonly until: string | undefined;
  readonly indented: boolean;
  continues: boolean;
}

/**
 * A configuration file's text with its secrets masked, so that it can be shown or logged: values whose names say that they are
 * secret, with their continuation lines, and passwords inside other values. The number of lines stays the same.
 */
export function redact(text: string): string {
  let open: Open | null = null;
  const masked: string[] = [];
  for (const line of text.split('\n')) {
    if (open !== null && carriesOn(open, line)) {
      open.continues = /\\\s*$/.test(line);
      masked.push(line.replace(/\S.*/, MASK));
      continue;
    }
    // In Postfix, comments and blank lines do not end a value.
    if (!open?.indented || !/^\s*(#|$)/.test(line)) open = null;
    const [, head = '', name = '', value = ''] = SECRET.exec(line) ?? [];
    if (head === '' || HARMLESS.test(name) || /^(<\s*\/|(yes|no)\s*$)/i.test(value)) {
      masked.push(inner(line));
      continue;
    }
    open = { until: /^<<\s*(\S+)/.exec(value)?.[1], indented: /^\S/.test(line), continues: /\\\s*$/.test(line) };
    masked.push(value.trim() === '' || open.until !== undefined ? line : head + MASK);
  }
  return masked.join('\n');
}

function carriesOn({ until, indented, continues }: Open, line: string): boolean {
  if (until !== undefined) return line.trim() !== until;
  return continues || (indented && /^[ \t]+[^\s#]/.test(line));
}

function inner(line: string): string {
  return line
    .replace(INLINE, `$1${MASK}`)
    .replace(LITERAL_MAP, (_, type: string) => `${type}:${MASK}`)
    .replace(USERINFO, `$1${MASK}@`);
}
