import type { Finding } from '../model/index.ts';
import type { Wire } from './wire.ts';

/** The capabilities that a server announces. */
export interface Offer {
  readonly starttls: boolean;
  /** SASL mechanisms, in upper case. */
  readonly mechanisms: readonly string[];
  /** SASL mechanisms in the old spelling `AUTH=` (SMTP only). */
  readonly legacy: readonly string[];
  /** Every way to send an unprotected password, in the server's words; empty if none is offered. */
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
  /** The name if it is an address, else that name at the mail domain. */
  readonly address: string;
}

/** The first actions of a user after a login, judged. */
export interface UseResult {
  readonly status: Finding['status'];
  readonly text: string;
}

/** The common operations of SMTP, IMAP and POP3. Each function is one command and its whole answer. */
export interface Protocol {
  /** Reads the greeting and returns its text; throws if it is no greeting of this protocol, or if the server turns us away. */
  greet(wire: Wire): Promise<string>;
  /** EHLO, CAPABILITY, CAPA. */
  offer(wire: Wire): Promise<Offer>;
  /** Tries to log in with a made-up name, in the clear. `ok`: the server processed the attempt. Null: not tried (SMTP). */
  tryPlain(wire: Wire): Promise<Reply | null>;
  /** Asks for TLS; `ok`: the handshake may start. */
  startTls(wire: Wire): Promise<Reply>;
  /**
   * AUTH PLAIN with this base64 response; only ever called inside TLS. The answer may be slow: PAM and Dovecot delay a refusal
   * by 2 s each, and Dovecot by up to 15 s for an address that failed before.
   */
  login(wire: Wire, response: string): Promise<Reply>;
  /**
   * After a login: does what a mail client does first, in one round trip if the protocol allows it. Reads, sends and changes no
   * message.
   */
  use(wire: Wire, account: Account, offer: Offer): Promise<UseResult>;
  readonly goodbye: string;
  /** Name of the command for TLS. */
  readonly command: 'STARTTLS' | 'STLS';
  /** Mechanisms that must be offered inside TLS. */
  readonly expects: readonly string[];
}

/** SASL mechanisms that send the password, or an equivalent token, unprotected. */
export const PLAIN_MECHANISMS = ['PLAIN', 'LOGIN', 'XOAUTH2', 'OAUTHBEARER'];

/** Names that must not exist anywhere: `.invalid` is reserved for that (RFC 2606). */
export const NOBODY = 'harden-mail-probe';
export const CLIENT = 'harden-mail.invalid';
