/** Would the server accept mail for elsewhere without a login? */
import { tryEnvelope } from '../mail/envelope.ts';
import { NOBODY } from '../mail/protocol.ts';
import type { Wire } from '../mail/wire.ts';

export interface RelaySeen {
  /** The server accepted the sender, so the question was asked. */
  readonly begun: boolean;
  readonly taken: boolean;
  readonly code: number;
  /** Safe to show in a finding. */
  readonly text: string;
}

/** The domain is reserved for examples (RFC 2606) and accepts no mail. */
export const ELSEWHERE = `${NOBODY}@example.com`;

/** @param sender empty: the null sender, which no server may refuse (RFC 5321 §4.5.5) */
export async function askRelay(wire: Wire, sender: string): Promise<RelaySeen> {
  const { mail, rcpt } = await tryEnvelope(wire, { sender, recipients: [ELSEWHERE] }, false);
  return relaySeen(mail, rcpt[0]);
}

/** @param rcpt the reply to a recipient elsewhere; absent if RCPT was not sent */
export function relaySeen(mail: Pick<RelaySeen, 'code' | 'text'>, rcpt: typeof mail | undefined): RelaySeen {
  const begun = mail.code === 250;
  const { code, text } = rcpt ?? mail;
  return { begun, taken: begun && (code === 250 || code === 251) && rcpt !== undefined, code, text };
}

/** True if the server only defers strangers (greylisting): the question stays open. Postfix's 454 "Relay access denied" answers it. */
export function putsOff({ code, text }: Pick<RelaySeen, 'code' | 'text'>): boolean {
  return code >= 400 && code < 500 && !/relay/i.test(text);
}
