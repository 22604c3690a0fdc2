/** The ports that verify looks at. */
import type { MailProtocol } from '../model/index.ts';

export interface Port {
  readonly port: number;
  readonly protocol: MailProtocol;
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
