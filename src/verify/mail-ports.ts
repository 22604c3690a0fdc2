/** The ports that verify looks at. */
import type { MailProtocol } from '../model/index.ts';

export interface Port {
  readonly port: number;
  readonly protocol: MailProtocol;
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
