/**
 * Everything that verify looks at, one record each, in the order of a report. `recipe` quotes the tests of the recipe
 * that a check carries out; where it is empty, the check proves what the recipe's settings are for.
 */

import type { Finding } from '../model/index.ts';

export interface Port {
  readonly port: number;
  readonly protocol: 'smtp' | 'imap' | 'pop3';
  /** TLS from the first byte, or asked for in the clear (STARTTLS, STLS). */
  readonly tls: 'implicit' | 'starttls';
  /** An optional port may be closed: then nobody can log in in clear there, which is what we want to know. */
  readonly optional?: true;
  /** The admin's own service: what the recipe would see to elsewhere is only told of it. */
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

/** 587 is no part of the standard recipe. Who asks says what it is on this host: see `Wanted` in verify.ts. */
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
      'the port can be reached and greets in its protocol; 110 and 143 may be closed instead; 587 is looked at where something listens or the profile wants it',
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
    proves: 'TLS is offered in the clear, granted when asked for, and nothing is slipped in before it starts',
    recipe: ['ehlo localhost: 250-STARTTLS'],
  },
  {
    id: 'tls',
    ports: ALL,
    proves: 'a TLS session comes about, and the best version that the server speaks is 1.2 or later',
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
    proves: 'the certificate is valid now and not about to expire: 21 days or a third of its lifetime are left',
    recipe: [],
  },
  {
    id: 'certificate-trust',
    ports: ALL,
    proves: 'the chain as served leads to a root that mail clients know, or to one given as trusted',
    recipe: [],
  },
  {
    id: 'sni',
    ports: ALL,
    proves:
      'who asks for a further name (SNI) is shown the certificate on disk for it: for that name, valid and trusted as above',
    recipe: [],
  },
  {
    id: 'auth',
    ports: ALL,
    proves:
      'inside TLS a password login is offered: PLAIN and LOGIN by SMTP, PLAIN by IMAP and POP3; with the profile strict none on 25',
    recipe: ['ehlo localhost: 250-AUTH PLAIN LOGIN'],
  },
  {
    id: 'auth-legacy',
    ports: [25],
    proves:
      'the spelling for old clients is there as well; only told, never a failure: nothing is less safe without it',
    recipe: ['ehlo localhost: 250-AUTH=PLAIN LOGIN'],
  },
  {
    id: 'relay',
    ports: [25],
    proves:
      'mail for elsewhere is not taken from somebody who has not logged in (asked up to RCPT, nothing is sent; not where we are the host itself). Taken: a warning, for we may be in mynetworks; where it was refused before an apply, the reason to undo it',
    recipe: [],
  },
  {
    id: 'delivery',
    ports: [25],
    proves:
      'mail for a recipient of this host (root at the mail domain) meets no error of the server itself: no table that cannot be read, no wrong setting (4.3.Z, 4.5.Z, 5.3.Z; asked with the relay question up to RCPT, nothing is sent). Put off by policy: a hint; a domain that is not taken mail for: not told',
    recipe: [],
  },
  {
    id: 'login',
    ports: [25, 465, 587, 993, 995],
    proves: 'a real user logs in inside TLS (only where a user is given, and only to a server that proved who it is)',
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
      'after the login the user may send: MAIL from the own address and RCPT to it are taken (nothing is sent). The login is the address, or that name at the mail domain; refused: a warning, for it may be no address of the user; put off by policy: a hint',
    recipe: [],
  },
  {
    id: 'revocation',
    ports: [25],
    proves:
      'the certificate on disk is not on the list of revoked ones that it names (CRL; none named: not told; not to be had: a hint)',
    recipe: [],
  },
  {
    id: 'tlsa',
    ports: [25],
    proves:
      'where TLSA records are published for port 25 one is of the certificate on disk (asked of the resolver here; none: not told)',
    recipe: [],
  },
  {
    id: 'caa',
    ports: [25],
    proves:
      'where CAA records are published they let the authority that issued the certificate renew it; else a warning',
    recipe: [],
  },
] as const satisfies readonly CheckRecord[];

export type NoteCheck = (check: CheckId, status: Finding['status'], text: string) => void;

export type CheckId = (typeof CHECKS)[number]['id'];
