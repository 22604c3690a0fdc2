import type { MailProtocol } from './words.ts';

/** The mail ports in order. TLS begins with the first byte (`implicit`), or when the client asks for it (`starttls`). */
export const MAIL_PORTS = [
  { port: 25, protocol: 'smtp', tls: 'starttls' },
  { port: 110, protocol: 'pop3', tls: 'starttls' },
  { port: 143, protocol: 'imap', tls: 'starttls' },
  { port: 465, protocol: 'smtp', tls: 'implicit' },
  { port: 587, protocol: 'smtp', tls: 'starttls' },
  { port: 993, protocol: 'imap', tls: 'implicit' },
  { port: 995, protocol: 'pop3', tls: 'implicit' },
] as const satisfies readonly { port: number; protocol: MailProtocol; tls: 'implicit' | 'starttls' }[];

const among = (isIn: (one: (typeof MAIL_PORTS)[number]) => boolean): readonly number[] =>
  MAIL_PORTS.filter(isIn).map(({ port }) => port);

export const STARTTLS_PORTS = among(({ tls }) => tls === 'starttls');

/** Postfix's: 25 for other servers, and those on which users submit mail. */
export const SMTP_PORTS = among(({ protocol }) => protocol === 'smtp');
export const SUBMISSION_PORTS = SMTP_PORTS.filter((port) => port !== 25);

/** Dovecot's: users read mail there. */
export const READING_PORTS = among(({ protocol }) => protocol !== 'smtp');
export const IMAP_PORTS = among(({ protocol }) => protocol === 'imap');
export const POP3_PORTS = among(({ protocol }) => protocol === 'pop3');

/** The names that master.cf uses for the mail ports (services(5), Postfix known_tcp_ports), each once. */
export const PORT_NAMES: Readonly<Record<number, readonly string[]>> = {
  25: ['smtp', '25'],
  465: ['465', 'smtps', 'submissions', 'ssmtp', 'urd'],
  587: ['587', 'submission'],
};
