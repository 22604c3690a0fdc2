/**
 * The checks of verify, one record each, in the order of a report. `recipe` quotes the tests of the recipe that a check carries
 * out; if it is empty, the check proves the purpose of the recipe's settings.
 */

import type { Finding } from '../model/index.ts';

export interface Port {
  readonly port: number;
  readonly protocol: 'smtp' | 'imap' | 'pop3';
  /** TLS from the first byte, or requested in the clear (STARTTLS, STLS). */
  readonly tls: 'implicit' | 'starttls';
  /** An optional port may be closed: a closed port allows no login in the clear, which is what the check is about. */
  readonly optional?: true;
  /** The admin's own service: a failure that the recipe would fix elsewhere is only a warning here. */
  readonly own?: true;
}

export const PORTS: readonly Port[] = [
  { port: 25, protocol: 'smtp', tls: 'starttls' },
  { port: 110, protocol: 'pop3', tls: 'starttls', optional: true },
  { port: 143, protocol: 'imap', tls: 'starttls', optional: true },
  { port: 465, protocol: 'smtp', tls: 'implicit' },
  { port: 993, protocol: 'imap', tls: 'implicit' },
  { port: 995, protocol: 'pop3', tls: 'implicit' },
];

/** 587 is not part of the standard recipe. The caller says what it is on this host: see `Wanted` in verify.ts. */
export const SUBMISSION: Port = { port: 587, protocol: 'smtp', tls: 'starttls' };

interface CheckRecord {
  readonly id: string;
  readonly ports: readonly number[];
  readonly proves: string;
  readonly recipe: readonly string[];
}

const ALL = [25, 110, 143, 465, 587, 993, 995];

export const CHECKS = [
  {
    id: 'answers',
    ports: ALL,
    proves:
      'the port can be reached and greets in its protocol; 110 and 143 may be closed; 587 is checked where something listens or the profile wants it',
    recipe: ['telnet localhost 25', 'netstat -tlnp | grep 465', 'netstat -tlnp: 995 (POP3s), 993 (IMAPs)'],
  },
  {
    id: 'no-plain-login',
    ports: [25, 110, 143, 587],
    proves:
      'before TLS nobody can log in: no AUTH on 25 and 587 in either spelling; on 143 LOGINDISABLED, on 110 no USER, and a login tried with a made-up name is refused',
    recipe: ['ehlo localhost: no 250-AUTH PLAIN LOGIN, no 250-AUTH=PLAIN LOGIN (smtpd_tls_auth_only = yes)'],
  },
  {
    id: 'starttls',
    ports: [25, 110, 143, 587],
    proves: 'TLS is offered in the clear, granted when asked for, and no data is slipped in before it starts',
    recipe: ['ehlo localhost: 250-STARTTLS'],
  },
  {
    id: 'tls',
    ports: ALL,
    proves: 'a TLS session is established, and the best version that the server speaks is 1.2 or later',
    recipe: ['openssl s_client -connect localhost:465'],
  },
  {
    id: 'certificate-served',
    ports: ALL,
    proves: 'the certificate that the daemon serves is the one on disk: it was loaded, and again after a renewal',
    recipe: [],
  },
  {
    id: 'certificate-name',
    ports: ALL,
    proves: 'the certificate names the domain (subject alternative names only, as clients do: RFC 9525)',
    recipe: [],
  },
  {
    id: 'certificate-validity',
    ports: ALL,
    proves: 'the certificate is valid now and does not expire soon: 21 days or a third of its lifetime are left',
    recipe: [],
  },
  {
    id: 'certificate-trust',
    ports: ALL,
    proves: 'the chain as served leads to a root that mail clients know, or to a root that was given as trusted',
    recipe: [],
  },
  {
    id: 'sni',
    ports: ALL,
    proves:
      'a client that asks for an additional name (SNI) gets the certificate on disk for it: for that name, valid and trusted as above',
    recipe: [],
  },
  {
    id: 'auth',
    ports: ALL,
    proves:
      'inside TLS a password login is offered: PLAIN and LOGIN by SMTP, PLAIN by IMAP and POP3; with the profile strict no login on 25',
    recipe: ['ehlo localhost: 250-AUTH PLAIN LOGIN'],
  },
  {
    id: 'auth-legacy',
    ports: [25],
    proves:
      'the spelling for old clients is offered too; a hint, never a failure, because nothing is less safe without it',
    recipe: ['ehlo localhost: 250-AUTH=PLAIN LOGIN'],
  },
  {
    id: 'relay',
    ports: [25],
    proves:
      'without a login the server accepts no mail for elsewhere (asked up to RCPT, nothing is sent; not asked from the host itself). Accepted: a warning, because this machine may be in mynetworks; if it was refused before an apply, the apply is undone',
    recipe: [],
  },
  {
    id: 'delivery',
    ports: [25],
    proves:
      'mail for a recipient of this host (root at the mail domain) causes no error of the server itself: no unreadable table, no wrong setting (4.3.Z, 4.5.Z, 5.3.Z; asked with the relay question up to RCPT, nothing is sent). Deferred by policy: a hint; a domain for which the host accepts no mail: no finding',
    recipe: [],
  },
  {
    id: 'login',
    ports: [25, 465, 587, 993, 995],
    proves: 'a real user logs in inside TLS (only if a user is given, and only to a server that proved its identity)',
    recipe: [],
  },
  {
    id: 'mailbox',
    ports: [993],
    proves: 'after the login the user has a mailbox: LIST, STATUS and SELECT of INBOX succeed; no message is read',
    recipe: [],
  },
  {
    id: 'maildrop',
    ports: [995],
    proves: 'after the login the user has a maildrop: STAT succeeds; no message is read',
    recipe: [],
  },
  {
    id: 'send',
    ports: [25, 465, 587],
    proves:
      'after the login the user may send: the server accepts MAIL from the own address of the user and RCPT to it (nothing is sent). The address is the login, or that name at the mail domain. Refused: a warning, because it may not be an address of the user; deferred by policy: a hint',
    recipe: [],
  },
  {
    id: 'revocation',
    ports: [25],
    proves:
      'the certificate on disk is not on the revocation list that it names (CRL; no list named: no finding; list not available: a hint)',
    recipe: [],
  },
  {
    id: 'tlsa',
    ports: [25],
    proves:
      'if TLSA records are published for port 25, one of them matches the certificate on disk (asked of the resolver of this machine; no records: no finding)',
    recipe: [],
  },
  {
    id: 'caa',
    ports: [25],
    proves: 'if CAA records are published, they let the authority that issued the certificate renew it; else a warning',
    recipe: [],
  },
] as const satisfies readonly CheckRecord[];

export type NoteCheck = (check: CheckId, status: Finding['status'], text: string) => void;

export type CheckId = (typeof CHECKS)[number]['id'];
