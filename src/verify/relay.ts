/** Would the server take mail for elsewhere from somebody who has not logged in? */
import { NOBODY } from '../mail/protocol.ts';
import { show } from '../formats/text/show.ts';
import { readReply } from '../mail/smtp.ts';
import type { Wire } from '../mail/wire.ts';

export interface RelaySeen {
  /** The sender was taken, and so the question was asked. */
  readonly begun: boolean;
  readonly taken: boolean;
  readonly code: number;
  /** Fit for a finding. */
  readonly text: string;
}

/**
 * Never DATA: nothing is sent. The domain is reserved for examples (RFC 2606) and takes no mail.
 * @param sender empty: the sender that nobody may refuse (RFC 5321 §4.5.5)
 * @param pipelining the server has offered it: all in one round trip (RFC 2920)
 */
export async function askRelay(wire: Wire, sender: string, pipelining = false): Promise<RelaySeen> {
  const [mail, rcpt, reset] = [`MAIL FROM:<${sender}>`, `RCPT TO:<${NOBODY}@example.com>`, 'RSET'] as const;
  if (pipelining) for (const line of [mail, rcpt, reset]) wire.send(line);
  const answer = (line: string): ReturnType<typeof readReply> => {
    if (!pipelining) wire.send(line);
    return readReply(wire);
  };
  let last = await answer(mail);
  const begun = last.code === 250;
  if (begun || pipelining) {
    const second = await answer(rcpt);
    if (begun) last = second;
    await answer(reset);
  }
  return { begun, taken: begun && (last.code === 250 || last.code === 251), code: last.code, text: show(last.text) };
}

/** A server that puts off strangers (greylisting) has not said yet whether it would; Postfix's 454 "Relay access denied" has. */
export function putsOff({ code, text }: RelaySeen): boolean {
  return code >= 400 && code < 500 && !/relay/i.test(text);
}
