import { maskedProse } from './prose.ts';

const MASK = '********';

/** `name = value`, also commented out or with the name in quotes. */
const SETTING = /^([ \t#]*"?)([\w/.@-]+)("?[ \t]*=[ \t]*)(.*)$/;
/** Such a name says that the value is secret. */
const SECRET = /password|passwd|passphrase|bind_pw|dnpass|secret|api_?key|api_header|token|nonce|private_key/i;
/** Names that contain such a word but whose values are not secret: where and how to look up. */
const HARMLESS = /(?:maps?|file|path|schemes?|query|driver|ttl|verbose_passwords|result_delimiter)$/i;
/** The names in `connect = host=db password=…`, `args = … pass="…"`. */
const INLINE_NAME = /\b\w+=/g;
const INLINE_SECRET = /password|passwd|passphrase|pass|secret|token/i;
const INLINE_VALUE = /"[^"]*"|'[^']*'|["'].*|\S+/y;
/** Dovecot's nopassword=y is no secret. */
const NO_SECRET = /^nopass/i;
const USERINFO = /(:\/\/[^\s:/@]+:)[^\s@]+@/g;
/** Postfix's maps that hold their entries themselves: `static:name:password`, `inline:{ name=password }`. */
const LITERAL_MAP = /\b(static|inline):(?=\S)(?=.*[:=]).*$/i;

/** How a secret's next lines look: Postfix indents them; Dovecot ends the line before with `\` or names an end marker. */
interface Open {
  readonly until: string | undefined;
  readonly indented: boolean;
  continues: boolean;
}

/**
 * A configuration file's text with its secrets masked, so that it can be shown or logged: values whose names say that they are
 * secret, with their continuation lines, passwords inside other values, and words of comments that look like a secret. The number of lines stays the same. The time is linear
 * in the length of a line, whatever the line is.
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
    const [, before = '', name = '', equals = '', value = ''] = SETTING.exec(line) ?? [];
    if (!SECRET.test(name) || HARMLESS.test(name) || /^(<\s*\/|(yes|no)\s*$)/i.test(value)) {
      masked.push(inner(line));
      continue;
    }
    open = { until: /^<<\s*(\S+)/.exec(value)?.[1], indented: /^\S/.test(line), continues: /\\\s*$/.test(line) };
    masked.push(value.trim() === '' || open.until !== undefined ? line : before + name + equals + MASK);
  }
  return masked.join('\n');
}

function carriesOn({ until, indented, continues }: Open, line: string): boolean {
  if (until !== undefined) return line.trim() !== until;
  return continues || (indented && /^[ \t]+[^\s#]/.test(line));
}

function inner(line: string): string {
  const masked = withoutInline(line)
    .replace(LITERAL_MAP, (_, type: string) => `${type}:${MASK}`)
    .replace(/\S+/g, withoutUserinfo);
  return maskedProse(masked, MASK);
}

function withoutInline(line: string): string {
  let masked = '';
  let from = 0;
  for (const { 0: name, index } of line.matchAll(INLINE_NAME)) {
    INLINE_VALUE.lastIndex = index + name.length;
    if (index < from || NO_SECRET.test(name) || !INLINE_SECRET.test(name) || !INLINE_VALUE.test(line)) continue;
    masked += line.slice(from, index) + name + MASK;
    from = INLINE_VALUE.lastIndex;
  }
  return masked + line.slice(from);
}

/** The text behind the last `@` holds no user: a search there would start again at each `://`. */
function withoutUserinfo(word: string): string {
  const end = word.lastIndexOf('@') + 1;
  return end === 0 ? word : word.slice(0, end).replace(USERINFO, `$1${MASK}@`) + word.slice(end);
}
