import { mainValue } from '../../formats/postfix/main-cf.ts';
import { dovecotValue } from '../../formats/dovecot/dovecot.ts';
import { PATHS, type Facts, type Note, type Policy } from '../../model/index.ts';
import { smtpdsOf } from '../../exposure/postfix-ways.ts';
import { MAIN_CF, type Workspace } from '../workspace.ts';

/** The service that checks passwords for Postfix. */
export interface SaslInUse {
  /**
   * `dovecot`: Dovecot through a Unix socket, which this tool configures. `other`: another service that works; it stays. `none`:
   * nobody logs in on Postfix.
   */
  readonly kind: 'dovecot' | 'other' | 'none';
  /** The value of smtpd_sasl_path that main.cf has or should have. */
  readonly path: string;
  /** For `dovecot`: the socket, an absolute path; else empty. */
  readonly socket: string;
  /** For `other`: its description, for a note; else empty. */
  readonly told: string;
}

const STOCK = 'private/auth';

/**
 * The administrator's choice for password checks, if it is in use: Cyrus SASL, Dovecot over TCP, or a socket at another path.
 * With `--replace sasl`, and if nothing is in use, it is Dovecot at private/auth.
 */
export function saslInUse(opened: Workspace, facts: Facts, policy: Policy): SaslInUse {
  const queue = facts.postconf['queue_directory'] || PATHS.QUEUE;
  const ours = (path: string): SaslInUse => {
    const plain = path.replace(/^unix:/, '');
    return { kind: 'dovecot', path, socket: plain.startsWith('/') ? plain : `${queue}/${plain}`, told: '' };
  };
  const { postfix } = opened;
  if (policy.alone?.logins === false) return { kind: 'none', path: '', socket: '', told: '' };
  if (!postfix || policy.replace?.includes('sasl')) return ours(STOCK);
  const of = (name: string): ReturnType<typeof mainValue> => mainValue(postfix.main, name);
  const [type, path] = [of('smtpd_sasl_type'), of('smtpd_sasl_path')];
  const offers = smtpdsOf(opened, facts).some(({ parameters }) => parameters.isYes('smtpd_sasl_auth_enable'));
  const isDovecot = type?.value.trim().toLowerCase() === 'dovecot';
  if (!isDovecot && offers && (type !== null || facts.cyrus)) {
    const place = type ?? of('smtpd_sasl_auth_enable');
    const at = place ? ` (${MAIN_CF}:${place.line})` : '';
    return { kind: 'other', path: path?.value ?? '', socket: '', told: `Cyrus SASL checks passwords${at}` };
  }
  const own = isDovecot ? (path?.value.trim() ?? '') : '';
  if (own.startsWith('inet:')) {
    const told = `${own} checks passwords (${MAIN_CF}:${path?.line ?? 1})`;
    return { kind: 'other', path: own, socket: '', told };
  }
  return own === '' || own.includes('$') ? ours(STOCK) : ours(own);
}

export function saslNotes({ kind, told }: SaslInUse): Note[] {
  if (kind !== 'other') return [];
  const text = `${told}, and stays: --replace sasl puts Dovecot in its place`;
  return [{ task: 'sasl', level: 'info', text, consent: 'sasl' }];
}

/** Can Postfix's user open this socket once its mode is at most 0660? */
export function reachesSocket({ dovecot }: Workspace, socket: string): boolean {
  if (!dovecot) return false;
  const of = (name: string): string => dovecotValue(dovecot, ['service auth', `unix_listener ${socket}`, name])?.value ?? ''; // oxfmt-ignore
  const mode = Number.parseInt(of('mode') || '0600', 8);
  const asUser = of('user') === 'postfix' && (mode & 0o600) === 0o600;
  const asGroup = of('group') === 'postfix' && (mode & 0o060) === 0o060;
  return asUser || asGroup;
}
