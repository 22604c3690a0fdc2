/** A mail transaction up to RCPT, and RSET after it: there is never a DATA, so nothing is sent. */
import type { Offer } from './protocol.ts';
import { show } from '../formats/text/show.ts';
import { readReply } from './smtp-reply.ts';
import type { Wire } from './wire.ts';

export interface SmtpReply {
  readonly code: number;
  /** Fit for a finding. */
  readonly text: string;
}

export interface Envelope {
  /** Empty: the null sender, which no server may refuse (RFC 5321 §4.5.5). */
  readonly sender: string;
  readonly recipients: readonly string[];
}

export interface EnvelopeReplies {
  readonly mail: SmtpReply;
  /** In the order of the recipients; empty where MAIL was refused, shorter where the server said goodbye (421) meanwhile. */
  readonly rcpt: readonly SmtpReply[];
}

/** @param pipelining the server has offered it: all in one round trip (RFC 2920) */
export async function tryEnvelope(
  wire: Wire,
  { sender, recipients }: Envelope,
  pipelining: boolean,
): Promise<EnvelopeReplies> {
  const mailLine = `MAIL FROM:<${sender}>`;
  const rcptLines = recipients.map((recipient) => `RCPT TO:<${recipient}>`);
  if (pipelining) for (const line of [mailLine, ...rcptLines, 'RSET']) wire.send(line);
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
 * `broken`: the server's own configuration or tables fail, or its disk is full (RFC 3463: X.3.Z and X.5.Z), and every client gets
 * that. `put-off`: try again later, by policy or load. `refused`: the server's last word.
 */
export type Meaning = 'taken' | 'put-off' | 'refused' | 'broken';

export function meaningOf({ code, text }: SmtpReply): Meaning {
  if (code < 300) return 'taken';
  if (/^\d{3} (?:4\.[35]|5\.3)\.(?!2\b)\d/.test(text)) return 'broken'; // X.3.2: takes no mail just now (postscreen, load)
  return code < 500 ? 'put-off' : 'refused';
}
