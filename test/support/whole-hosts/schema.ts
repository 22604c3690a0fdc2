/** The form of a host's data: host.json and sessions.json. What each field means for a host is in README.md. */

import { z } from 'zod';
import { EFFECTS } from './intended.ts';

const effect = z.enum(Object.keys(EFFECTS) as [string, ...string[]]);
const outcome = z.union([z.string(), z.array(z.string()).min(1)]);

export const HOST = z.strictObject({
  /** The host in one sentence. */
  description: z.string().endsWith('.'),
  /** The host is tried on each of them. */
  releases: z
    .array(z.enum(['bookworm', 'trixie']))
    .min(1)
    .default(['bookworm']),
  /** Full name of the host; its files name it. */
  name: z.string(),
  /** Packages that apt installs beside Postfix, Dovecot and certbot. */
  packages: z.array(z.string()).default([]),
  /** Passwords by login name. */
  users: z.record(z.string(), z.string()),
  /** What apply must do: `clean`, or decline before it writes, with a reason that fits the pattern. */
  apply: z.union([z.literal('clean'), z.strictObject({ declined: z.string() })]),
  /** Where apply may also decline (nothing is written) with a reason that fits this pattern. */
  mayDecline: z.string().optional(),
  /** Further arguments of every run. */
  flags: z.array(z.string()).default([]),
  /** PEM file on the host with the root of its own certificates. */
  ca: z.string().optional(),
  /** Folders in which delivered messages lie. */
  mailboxes: z.array(z.string()).default(['/var/mail', '/home', '/var/vmail', '/var/lib/sink']),
  /** What each port offers before apply, as the driver tells it; a port that is not listed is closed. */
  ports: z.record(z.string(), z.string()),
  /** Ports that want a PROXY header. */
  proxied: z.array(z.number()).default([]),
  /** Commands on the host whose output apply must not change: what the administrator chose. */
  keeps: z.array(z.string()).default([]),
  /** Commands on the host, and what each must print (a pattern) after apply. */
  afterwards: z.record(z.string(), z.string()).default({}),
  /** Effects of the recipe that may be seen on this host, and those of strict. */
  intended: z.array(effect).default([]),
  strict: z.array(effect).default([]),
  /** Is among the few that `npm test` runs. */
  sample: z.boolean().default(false),
});
export type Host = z.infer<typeof HOST>;

export const SESSION = z.strictObject({
  name: z.string(),
  kind: z.enum(['session', 'offers']).default('session'),
  protocol: z.enum(['smtp', 'imap', 'pop3', 'sieve']).default('smtp'),
  /** Which client; lib/driver.py has their addresses. */
  from: z
    .enum(['outside', 'office', 'own-network', 'infected', 'vpn', 'outside6', 'own-network6', 'loopback'])
    .default('outside'),
  /** Address of the host; default: its own. */
  at: z.string().optional(),
  port: z.number(),
  tls: z.enum(['none', 'starttls', 'implicit']),
  /** Name that the client asks for (SNI). */
  sni: z.string().optional(),
  /** RSA or ECDSA: TLS 1.2 with this type of key only. */
  keyType: z.enum(['RSA', 'ECDSA']).optional(),
  /** PEM on the host with certificate and key of the client. */
  clientCertificate: z.string().optional(),
  /** Client address to be told in a PROXY header. */
  proxy: z.string().optional(),
  user: z.string().optional(),
  password: z.string().optional(),
  mechanism: z.enum(['PLAIN', 'LOGIN', 'CRAM-MD5', 'SCRAM-SHA-256', 'EXTERNAL']).optional(),
  helo: z.string().optional(),
  mail: z.string().optional(),
  rcpt: z.array(z.string()).optional(),
  /** Send a message, and look where it is delivered. */
  deliver: z.boolean().optional(),
  /** A header line of the delivered message that is part of the outcome: `delivered X-Filter=yes`. */
  show: z.string().optional(),
  subject: z.string().optional(),
  body: z.string().optional(),
  'from header': z.string().optional(),
  /** The outcome before apply; after apply and in strict, where the recipe changes it, and the effect that does. */
  expect: z.string(),
  after: outcome.optional(),
  because: effect.optional(),
  strict: outcome.optional(),
  'because strict': effect.optional(),
});
export type Session = z.infer<typeof SESSION>;

/** What a session showed. The fields that are not there do not apply to it. */
export interface Result {
  readonly name: string;
  readonly outcome: string;
  /** One line for each command: verb and reply. */
  readonly replies: readonly string[];
  /** Names of the certificate that was served. */
  readonly names?: readonly string[];
  /** Login mechanisms offered in clear and inside TLS, and whether TLS is offered. */
  readonly clear?: readonly string[];
  readonly tls?: readonly string[];
  readonly starttls?: boolean;
  /** Mailboxes of the delivered message, and its X- header lines. */
  readonly where?: readonly string[];
  readonly headers?: Readonly<Record<string, string>>;
}
