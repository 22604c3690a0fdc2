/** The points that an audit would still report after a plan with the profile standard. test/releases proves them against real audits. */
import { FRAGMENTS } from '../fragments/index.ts';
import { satisfies } from '../formats/versions.ts';
import type { Left } from '../model/index.ts';
import type { Context } from './applied.ts';
import { applyFragment } from './place/apply-fragment.ts';
import type { Workspace } from './workspace.ts';

interface Point extends Omit<Left, 'severity'> {
  /** The point is left if one of these fragments of strict would still change something. */
  readonly fragments: readonly string[];
  /** Only with these versions of Postfix. */
  readonly postfix?: string;
}

const main = (...names: string[]): string[] => names.map((name) => `strict:main.cf:${name}`);
const dovecot = (...names: string[]): string[] => names.map((name) => `strict:dovecot:${name}`);

const POINTS: readonly Point[] = [
  {
    check: 'tls-versions',
    text: '25 accepts TLS 1.0 and 1.1',
    fragments: main('smtpd_tls_protocols', 'smtpd_tls_protocols:list'),
  },
  {
    check: 'tls-suites',
    text: '25 accepts suites without a certificate',
    fragments: main('smtpd_tls_exclude_ciphers'),
  },
  {
    check: 'tls-suites',
    text: '465 and 587 accept suites in CBC mode',
    fragments: main('smtpd_tls_mandatory_exclude_ciphers'),
  },
  { check: 'tls-suites', text: 'IMAP and POP3 accept suites in CBC mode', fragments: dovecot('ssl_cipher_list') },
  {
    check: 'tls-order',
    text: 'clients choose the suite on 465 and 587',
    fragments: main('tls_preempt_cipherlist'),
  },
  {
    check: 'tls-order',
    text: 'clients choose the suite of IMAP and POP3',
    fragments: dovecot('ssl_prefer_server_ciphers', 'ssl_server_prefer_ciphers'),
  },
  {
    check: 'renegotiation-client',
    text: 'clients of SMTP may start a new handshake within a session',
    fragments: main('tls_ssl_options'),
    // OpenSSL 3 refuses it by default; Debian's Postfix before 3.6 has OpenSSL 1.1.
    postfix: '<3.6',
  },
  {
    check: 'renegotiation-client',
    text: 'clients of IMAP and POP3 may start a new handshake within a session',
    fragments: dovecot('import_environment'),
  },
  { check: 'vrfy', text: 'VRFY reveals which names exist', fragments: main('disable_vrfy_command') },
];

/** All weigh `low`: the audit reports nothing of standard that weighs more. */
export function leftBy(workspace: Workspace, context: Context): Left[] {
  const { facts, policy } = context;
  if (policy.profile === 'strict') return [];
  const strict: Context = { ...context, policy: { ...policy, profile: 'strict' } };
  const changes = (id: string): boolean => {
    const fragment = FRAGMENTS.find((one) => one.id === id);
    if (!fragment) throw new Error(`no fragment ${id}`);
    const isThere = fragment.place.in === 'dovecot' ? workspace.dovecot !== null : workspace.postfix !== null;
    return isThere && applyFragment(fragment, workspace, strict).settings.length > 0;
  };
  return POINTS.filter(({ postfix }) => postfix === undefined || satisfies(facts.postfix ?? '0', postfix))
    .filter(({ fragments }) => fragments.some(changes))
    .map(({ check, text }) => ({ check, severity: 'low', text }));
}
