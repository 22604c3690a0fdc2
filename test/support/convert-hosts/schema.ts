/** The form of host.json: one configuration of Dovecot 2.3, with the users who have their sessions. README.md has an example. */

import { z } from 'zod';

const commands = z.record(z.string(), z.array(z.string())).default({});

export const CONVERT_HOST = z.strictObject({
  /** The configuration in one sentence. */
  description: z.string().endsWith('.'),
  /** Passwords by login name. */
  users: z.record(z.string(), z.string()),
  /** Further logins, right or wrong: name and password. */
  logins: z.array(z.tuple([z.string(), z.string()])).default([]),
  /** Logins with a token: mechanism (xoauth2, oauthbearer), name, token. */
  tokens: z.array(z.tuple([z.enum(['xoauth2', 'oauthbearer']), z.string(), z.string()])).default([]),
  /** Folders that each user makes: names in mutf7, `/` between them. */
  folders: z.array(z.string()).default(['Work', 'Work/Reports', 'Entw&APw-rfe', 'Old Mail']),
  /** Where Dovecot's LMTP listens: the path of a socket, or a port; null: nowhere. */
  lmtp: z.union([z.string(), z.number()]).nullable().default(null),
  lda: z.boolean().default(true),
  pop3: z.boolean().default(true),
  sieve: z.boolean().default(false),
  /** Deliver to user+Work as well. */
  detail: z.boolean().default(false),
  /** Size in kilobytes of a mail that exceeds the users' quota. */
  over: z.number().default(0),
  /** IMAP commands of users, by login name: before the move, as a question on both hosts, and after it. `@SUBJECT` at the end of one is a mail. */
  seed: commands,
  ask: commands,
  use: commands,
  /** Commands on the host whose output is compared. */
  shows: z.array(z.string()).default([]),
  /** Folders, besides the usual ones, that move to the new host. */
  moves: z.array(z.string()).default([]),
  /** Its database `mail`, which moves to the new host. */
  database: z.enum(['mariadb', 'postgresql']).optional(),
  /** Answers that may differ: a pattern of the difference, the reason, and the release where only one differs. */
  differs: z.array(z.strictObject({ what: z.string(), why: z.string(), on: z.string().optional() })).default([]),
  /** A pattern that the converted configuration does not have. */
  lacks: z.string().optional(),
  /** The conversion is refused, rightly, with a reason that fits this pattern. */
  refused: z.string().optional(),
  /** Is among the few that `npm test` runs. */
  sample: z.boolean().default(false),
});
export type ConvertHost = z.infer<typeof CONVERT_HOST>;
