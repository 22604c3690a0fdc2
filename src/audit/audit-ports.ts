import { imap } from '../mail/imap.ts';
import { pop3 } from '../mail/pop3.ts';
import type { Port } from '../verify/mail-ports.ts';
import type { Protocol } from '../mail/protocol.ts';
import { smtp } from '../mail/smtp.ts';

/** The ports of an audit. A port that does not answer gives no finding: an MX need not be a mail store too. */
export const AUDIT_PORTS: readonly Port[] = [
  { port: 25, protocol: 'smtp', tls: 'starttls' },
  { port: 110, protocol: 'pop3', tls: 'starttls', optional: true },
  { port: 143, protocol: 'imap', tls: 'starttls', optional: true },
  { port: 465, protocol: 'smtp', tls: 'implicit' },
  { port: 587, protocol: 'smtp', tls: 'starttls', optional: true },
  { port: 993, protocol: 'imap', tls: 'implicit' },
  { port: 995, protocol: 'pop3', tls: 'implicit' },
];

export const PROTOCOLS: Readonly<Record<Port['protocol'], Protocol>> = { smtp, imap, pop3 };
