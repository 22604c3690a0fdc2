import type { Finding } from '../model/index.ts';
import type { Wire } from './wire.ts';

/** What a server says it can do. */
export interface Offer {
  readonly starttls: boolean;
  /** SASL mechanisms, in capitals. */
  readonly mechanisms: readonly string[];
  /** SASL mechanisms in the old spelling `AUTH=` (SMTP only). */
  readonly legacy: readonly string[];
  /** Every way to send a password as it is, in the server's words: empty where none is offered. */
  readonly plain: readonly string[];
  /** Each capability in the server's own words. */
  readonly words: readonly string[];
}

export interface Reply {
  readonly ok: boolean;
  readonly text: string;
}

/** A user who has logged in. */
export interface Account {
  readonly name: string;
  /** The name, where it is an address; else that name at the mail domain. */
  readonly address: string;
}

/** The first actions of a user after a login, judged as a check of verify. */
export interface UseResult {
  readonly check: 'send' | 'mailbox' | 'maildrop';
  readonly status: Finding['status'];
  readonly text: string;
}

/** What SMTP, IMAP and POP3 have in common. Each function is one command and its whole answer. */
export interface Protocol {
  /** Reads the greeting and gives its text; throws when it is none, or turns us away. */
  greet(wire: Wire): Promise<string>;
  /** EHLO, CAPABILITY, CAPA. */
  offer(wire: Wire): Promise<Offer>;
  /** Tries to log in as nobody, in the clear. `ok`: the server was willing to look at it. Null: not tried (SMTP). */
  tryPlain(wire: Wire): Promise<Reply | null>;
  /** Asks for TLS; `ok`: the handshake may start. */
  startTls(wire: Wire): Promise<Reply>;
  /**
   * AUTH PLAIN with this response, base64; only ever called inside TLS. The answer may be slow: PAM and Dovecot put off a
   * refusal by 2 s each, and Dovecot by up to 15 s for an address that failed before.
   */
  login(wire: Wire, response: string): Promise<Reply>;
  /**
   * After a login: does what a mail client does first, with one round trip where the protocol allows it. No message is read,
   * sent or changed.
   */
  use(wire: Wire, account: Account, offer: Offer): Promise<UseResult>;
  readonly goodbye: string;
  /** Name of the command for TLS. */
  readonly command: 'STARTTLS' | 'STLS';
  /** Mechanisms that must be offered inside TLS. */
  readonly expects: readonly string[];
}

/** SASL mechanisms that send the password, or a token that is as good, as it is. */
export const PLAIN_MECHANISMS = ['PLAIN', 'LOGIN', 'XOAUTH2', 'OAUTHBEARER'];

/** Names used where nothing must exist: `.invalid` is reserved for that (RFC 2606). */
export const NOBODY = 'harden-mail-probe';
export const CLIENT = 'harden-mail.invalid';
