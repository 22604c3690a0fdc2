/** A file's content with one char per byte (latin1): no byte is lost, whatever the file's encoding. */
export type Bytes = string;

export const PROFILES = ['standard', 'strict'] as const;
export type Profile = (typeof PROFILES)[number];

/** Opt-ins of the strict profile, each with an option of that name. */
export const WISHES = ['require-tls-inbound', 'no-pop3'] as const;
export type Wish = (typeof WISHES)[number];

/** Choices of the administrator that apply replaces only with explicit consent (--replace). */
export const REPLACEABLE = ['sasl', 'mechanisms', 'certificate', 'mta'] as const;
export type Replaceable = (typeof REPLACEABLE)[number];

export const MAIL_DAEMONS = ['postfix', 'dovecot'] as const;
export type MailDaemon = (typeof MAIL_DAEMONS)[number];

export const MAIL_PROTOCOLS = ['smtp', 'imap', 'pop3'] as const;
export type MailProtocol = (typeof MAIL_PROTOCOLS)[number];

/** In certbot's terms. */
export const KEY_TYPES = ['ecdsa', 'rsa'] as const;
export type KeyType = (typeof KEY_TYPES)[number];

/** The same in Node's terms. */
export const NODE_KEY_TYPES: Readonly<Record<KeyType, string>> = { ecdsa: 'ec', rsa: 'rsa' };

/** Services that a host can serve or leave out (--serve, --no-serve). `smtp` is port 25: mail from other servers. */
export const SERVICES = ['smtp', 'imap', 'pop3'] as const;
export type Service = (typeof SERVICES)[number];

export const TASKS = [
  'install',
  'certbot',
  'sasl',
  'starttls',
  'smtps',
  'plaintext',
  'dovecot-ssl',
  'restart',
] as const;
export type TaskName = (typeof TASKS)[number];
