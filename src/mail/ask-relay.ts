/** Would the server take mail for elsewhere from somebody who has not logged in? */
import { tryEnvelope } from '../mail/envelope.ts';
import { NOBODY } from '../mail/protocol.ts';
import type { Wire } from '../mail/wire.ts';

export interface RelaySeen {
  /** The sender was taken, and so the question was asked. */
  readonly begun: boolean;
  readonly taken: boolean;
  readonly code: number;
  /** Fit for a finding. */
  readonly text: string;
}

/** The domain is reserved for examples (RFC 2606) and takes no mail. */
export const ELSEWHERE = `${NOBODY}@example.com`;

/** @param sender empty: the sender that nobody may refuse (RFC 5321 §4.5.5) */
export async function askRelay(wire: Wire, sender: string): Promise<RelaySeen> {
  const { mail, rcpt } = await tryEnvelope(wire, { sender, recipients: [ELSEWHERE] }, false);
  return relaySeen(mail, rcpt[0]);
}

/** @param rcpt the reply to a recipient elsewhere; absent where it did not come to that */
export function relaySeen(mail: Pick<RelaySeen, 'code' | 'text'>, rcpt: typeof mail | undefined): RelaySeen {
  const begun = mail.code === 250;
  const { code, text } = rcpt ?? mail;
  return { begun, taken: begun && (code === 250 || code === 251) && rcpt !== undefined, code, text };
}

/** A server that puts off strangers (greylisting) has not said yet whether it would; Postfix's 454 "Relay access denied" has. */
export function putsOff({ code, text }: Pick<RelaySeen, 'code' | 'text'>): boolean {
  return code >= 400 && code < 500 && !/relay/i.test(text);
}
