/** A mail transaction up to RCPT, then RSET. DATA is never sent, so no mail is sent. */
import type { Offer } from './protocol.ts';
import { show } from '../formats/text/show.ts';
import { readReply } from './smtp-reply.ts';
import type { Wire } from './wire.ts';

export interface SmtpReply {
  readonly code: number;
  /** Safe to show in a finding. */
  readonly text: string;
}

export interface Envelope {
  /** The empty string is the null sender, which no server may refuse (RFC 5321 §4.5.5). */
  readonly sender: string;
  readonly recipients: readonly string[];
}

export interface EnvelopeReplies {
  readonly mail: SmtpReply;
  /** In the order of the recipients; empty if MAIL was refused, shorter if the server ended the session (421) in between. */
  readonly rcpt: readonly SmtpReply[];
}

/** @param pipelining the server has offered PIPELINING: all commands go in one round trip (RFC 2920) */
export async function tryEnvelope(
  wire: Wire,
  { sender, recipients }: Envelope,
  pipelining: boolean,
): Promise<EnvelopeReplies> {
  const mailLine = `MAIL FROM:<${sender}>`;
  const rcptLines = recipients.map((recipient) => `RCPT TO:<${recipient}>`);
  // In one write: a server that answers the first line alone would hold back its other answers until the first is acknowledged.
  if (pipelining) wire.send([mailLine, ...rcptLines, 'RSET'].join('\r\n'));
  const answer = async (line: string): Promise<SmtpReply> => {
    if (!pipelining) wire.send(line);
    const { code, text } = await readReply(wire);
    return { code, text: show(text) };
  };
  const mail = await answer(mailLine);
  const rcpt: SmtpReply[] = [];
  let last = mail;
  for (const line of mail.code === 250 || pipelining ? rcptLines : []) {
    if (last.code === GOODBYE) break;
    last = await answer(line);
    if (mail.code === 250) rcpt.push(last);
  }
  if (last.code !== GOODBYE && (mail.code === 250 || pipelining)) await answer('RSET');
  return { mail, rcpt };
}

export function offersPipelining({ words }: Offer): boolean {
  return words.some((word) => word.trim().toUpperCase() === 'PIPELINING');
}

/** The server closes the connection after this reply. */
const GOODBYE = 421;

/**
 * `broken`: the server's own configuration or tables fail, or its disk is full (RFC 3463: X.3.Z and X.5.Z), for every client.
 * `put-off`: try again later, because of policy or load. `refused`: permanently.
 */
export type Meaning = 'taken' | 'put-off' | 'refused' | 'broken';

export function meaningOf({ code, text }: SmtpReply): Meaning {
  if (code < 300) return 'taken';
  if (/^\d{3} (?:4\.[35]|5\.3)\.(?!2\b)\d/.test(text)) return 'broken'; // X.3.2: accepts no mail at the moment (postscreen, load)
  return code < 500 ? 'put-off' : 'refused';
}
