/** The daemons' log from journalctl: which lines explain a finding. */
import { redact } from '../formats/redact.ts';
import { READING_PORTS, type Finding } from '../model/index.ts';
import type { SyslogNames } from '../plan/syslog-names.ts';
import { show } from '../formats/text/show.ts';

export interface LogLine {
  /** Seconds since the epoch, by the host's clock. */
  readonly at: number;
  /** The program that logs: `postfix/smtps/smtpd`, `dovecot`. */
  readonly ident: string;
  readonly text: string;
}

/** JSON lines, as `journalctl -o json` prints them. Lines that are not JSON are skipped. */
export function parseJournal(text: string): LogLine[] {
  return text.split('\n').flatMap((line): LogLine[] => {
    if (!line.startsWith('{')) return [];
    try {
      const entry = JSON.parse(line) as Record<string, unknown>;
      const { SYSLOG_IDENTIFIER: ident, MESSAGE: message, __REALTIME_TIMESTAMP: time } = entry;
      // A message that is not UTF-8 is an array of bytes.
      const said = Array.isArray(message) ? Buffer.from(message as number[]).toString('latin1') : message;
      return typeof ident === 'string' && typeof said === 'string'
        ? [{ at: Number(time) / 1e6, ident, text: said }]
        : [];
    } catch {
      return [];
    }
  });
}

const MOST = 2;

/** The last lines that explain the failed check, oldest first, safe to show in a report. A program that died is named as such. */
export function wordsFor(
  { port, check }: Finding,
  lines: readonly LogLine[],
  names: SyslogNames,
  user?: string,
): string[] {
  const isReader = READING_PORTS.includes(port);
  const relevant = lines.filter((line) =>
    isReader ? isOfReader(line, port, user) : isOfSmtp(line, port, check, names),
  );
  return lastWords(relevant);
}

/** The lines of Postfix's master about programs that died. They do not name the port. */
export function mastersWords(lines: readonly LogLine[], { main }: SyslogNames): string[] {
  return lastWords(lines.filter(({ ident }) => ident === `${main}/master`));
}

function lastWords(lines: readonly LogLine[]): string[] {
  return [...new Set(lines.map(wording))].slice(-MOST);
}

/** True if the program died: its last line says more than a client can see from outside. */
export function died(words: string): boolean {
  return /^\S+ died: /.test(words);
}

function wording({ ident, text }: LogLine): string {
  const said = redact(text).trim();
  const [, last] = /^(?:fatal|panic): (.*)$/s.exec(said) ?? [];
  const program = ident.replace(/^.*\//, '');
  // Dovecot's lines begin with the program: imap(alice)<pid><session>: Error: …
  if (program === 'dovecot') return show(said.replace(/^([\w-]+(?:\([^)]*\))?)(?:<[^>]*>)+/, '$1'), LONGEST);
  return show(last === undefined ? `${program}: ${said}` : `${program} died: ${last}`, LONGEST);
}

const LONGEST = 240;

/** Programs that smtpd asks about recipients and senders. */
const ASKED = ['proxymap', 'trivial-rewrite', 'verify', 'cleanup'];
const LISTENERS = ['smtpd', 'postscreen', 'tlsproxy'];

function isOfSmtp({ ident, text }: LogLine, port: number, check: string, names: SyslogNames): boolean {
  const program = ident.replace(/^.*\//, '');
  const isLogin = check === 'login' || check === 'auth';
  if (program === 'dovecot') return isLogin && /^(auth|auth-worker)\b/.test(text);
  if (isAboutOneClient(text, check)) return false;
  const name = ident.slice(0, -program.length - 1);
  if (LISTENERS.includes(program)) {
    const own = names.byPort.get(port) ?? [];
    return own.length > 0 ? own.includes(name) : name === names.main;
  }
  return name === names.main && ASKED.includes(program) && (check === 'delivery' || check === 'send');
}

/** Warnings about a single client: a busy server logs many, and none explains a failure of the server. */
function isAboutOneClient(text: string, check: string): boolean {
  if (!text.startsWith('warning: ')) return false;
  if (/^warning: TLS library problem/.test(text)) return check !== 'tls';
  return /\S\[[0-9a-fA-F.:]+\]|^warning: hostname /.test(text);
}

/** @param user the user who was logged in; lines about other users do not explain this session */
function isOfReader({ ident, text }: LogLine, port: number, user: string | undefined): boolean {
  if (ident !== 'dovecot' || text.includes('SIGHUP received')) return false;
  const protocol = port === 110 || port === 995 ? 'pop3' : 'imap';
  const [, program = '', of] = /^([\w-]+)(?:\(([^)]*)\))?/.exec(text) ?? [];
  if (program === protocol) return user !== undefined && (of === undefined || of.split(',')[0] === user);
  return [`${protocol}-login`, 'auth', 'auth-worker', 'config', 'master', 'anvil'].includes(program);
}
