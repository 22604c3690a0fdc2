/**
 * The exposure map: which clients may do what through which listener. A plain value: `src/exposure` computes it from a host's
 * files and facts; docs/exposure.md explains it.
 */
import type { MailDaemon } from './words.ts';

/** How a listener handles TLS. `optional`: offers STARTTLS; `required`: accepts nothing before it; `implicit`: TLS first. */
export const TLS_LEVELS = ['none', 'optional', 'required', 'implicit'] as const;
export type TlsLevel = (typeof TLS_LEVELS)[number];

/**
 * The classes of client that the map has a decision for. A local sender is an address that `smtpd_sender_login_maps` assigns
 * to a user. A blocked user is one that every `check_sasl_access` refuses.
 */
export const CLIENT_CLASSES = [
  'stranger',
  'stranger-local-sender',
  'network',
  'network-local-sender',
  'user',
  'user-foreign-sender',
  'user-blocked',
  'network-user',
] as const;
export type ClientClass = (typeof CLIENT_CLASSES)[number];

/** `relay`: mail for another domain. `local`: mail for an existing recipient of this host. */
export const DESTINATIONS = ['local', 'relay'] as const;
export type Destination = (typeof DESTINATIONS)[number];

/**
 * - `accepted`: accepted, unless one of the checks refuses.
 * - `checked`: refused, unless one of the checks explicitly permits (an allowlist).
 * - `refused`: refused, whatever the checks say.
 * - `no-login`: the class needs a login, and this way in offers none.
 * - `unknown`: the model cannot tell; `why` says what it does not understand.
 */
export const VERDICTS = ['accepted', 'checked', 'refused', 'no-login', 'unknown'] as const;
export type Verdict = (typeof VERDICTS)[number];

/** The verdict on mail of one class of client for one destination. */
export interface Decision {
  readonly client: ClientClass;
  readonly destination: Destination;
  readonly verdict: Verdict;
  /** The checks that run before the verdict, in order: `check_policy_service unix:private/policy`. */
  readonly checks: readonly string[];
  /**
   * The setting that decides: `smtpd_relay_restrictions: permit_sasl_authenticated`. For `unknown`: the part that the model
   * does not understand.
   */
  readonly why: string;
}

/** Where clients may log in, and which backend checks their password. */
export interface AuthOffer {
  /** Where AUTH works, whether or not the server lists it. */
  readonly offered: (typeof AUTH_OFFERS)[number];
  /** Networks that the server does not list AUTH to (`smtpd_sasl_exceptions_networks`), although AUTH works; empty: none. */
  readonly exceptions: string;
  /** `dovecot` or `cyrus`; for Dovecot's own listeners `dovecot`. Empty: AUTH is on, but no backend is set up. */
  readonly type: string;
  /** Socket or service of the backend: `private/auth`. */
  readonly path: string;
  /** As the backend is configured, in lower case; empty if another program decides. */
  readonly mechanisms: readonly string[];
}

export interface WayIn {
  /** Unique in a map: `smtp/inet`, `10.8.0.1:submission/inet`, `imap-login/imaps`. */
  readonly id: string;
  readonly daemon: MailDaemon;
  /** The program that answers: `smtpd`, `imap-login`, … */
  readonly program: string;
  /** The program in front of it: `postscreen`; empty: none. */
  readonly behind: string;
  /** Addresses that it listens on; `*` means every address. */
  readonly addresses: readonly string[];
  /** Null if the name of the port is not known. */
  readonly port: number | null;
  readonly file: string;
  readonly line: number;
  readonly tls: TlsLevel;
  readonly auth: AuthOffer;
  /** `haproxy` if a proxy must be in front; empty: none. */
  readonly proxy: string;
  /** Filters that mail passes through: `content_filter smtp-amavis:[127.0.0.1]:10024`, `smtpd_milters inet:localhost:11332`. */
  readonly filters: readonly string[];
  /** Paths of the certificates that it serves, each with its setting: `smtpd_tls_cert_file /etc/ssl/mail.pem`. */
  readonly certificates: readonly string[];
  /** Empty for a listener that accepts no mail (IMAP, POP3, ManageSieve). */
  readonly decisions: readonly Decision[];
}

/** A socket that checks passwords. */
export interface AuthSocket {
  readonly path: string;
  readonly kind: (typeof SOCKET_KINDS)[number];
  /** Octal, four digits; empty for inet. */
  readonly mode: string;
  readonly user: string;
  readonly group: string;
  readonly file: string;
  readonly line: number;
}

/** A service that delivers mail to other hosts. */
export interface WayOut {
  /** `smtp/unix`. */
  readonly id: string;
  readonly program: string;
  /** In Postfix's terms: none, may, dane, encrypt, dane-only, fingerprint, verify, secure. */
  readonly tls: string;
  readonly file: string;
  readonly line: number;
}

/** A dangerous setting, no matter who set it. */
export interface Danger {
  /** `open-relay`, `wide-mynetworks`, … */
  readonly id: string;
  readonly text: string;
  readonly file: string;
  readonly line: number;
  /** How to fix it. */
  readonly hint: string;
}

export interface ExposureMap {
  readonly ways: readonly WayIn[];
  readonly sockets: readonly AuthSocket[];
  readonly out: readonly WayOut[];
  /** Clients that count as the host's own network: main.cf's `mynetworks`, else the networks that `mynetworks_style` yields. */
  readonly networks: string;
  readonly dangers: readonly Danger[];
}

/** Dangers that are shown as information only, because many hosts choose them on purpose. They do not count. */
export const INFORMATION: readonly string[] = ['any-sender'];

/** The dangers that count: all but those that are information only. */
export function dangersThatCount({ dangers }: Pick<ExposureMap, 'dangers'>): Danger[] {
  return dangers.filter(({ id }) => !INFORMATION.includes(id));
}

/** One permission that a plan changes. */
export interface Effect {
  /** `opens`: looser for some clients, as the recipe intends. `tightens`: stricter for some clients. */
  readonly kind: (typeof EFFECT_KINDS)[number];
  /** The intended effect, or the restriction that became stricter: `login-on-25`, `auth-needs-tls`, … */
  readonly id: string;
  /** One line, for the plan. */
  readonly text: string;
}

export const EFFECT_KINDS = ['opens', 'tightens'] as const;
export const AUTH_OFFERS = ['never', 'inside-tls', 'always'] as const;
export const SOCKET_KINDS = ['unix', 'inet'] as const;
