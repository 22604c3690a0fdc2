/** Port 25 as an unknown server sees it, without a login: mail for elsewhere, and mail for this host. */
import type { NoteCheck } from './checks/index.ts';
import { meaningOf, offersPipelining, tryEnvelope, type SmtpReply } from '../mail/envelope.ts';
import type { Offer } from '../mail/protocol.ts';
import { ELSEWHERE, putsOff, relaySeen, type RelaySeen } from '../mail/ask-relay.ts';
import { ProtocolError, reason, Silence, type Wire } from '../mail/wire.ts';

export interface StrangerQuestion {
  /** The mail domain of the host. */
  readonly domain: string;
  /** The host itself asks. It may relay, so the question about mail for elsewhere is left out. */
  readonly local: boolean;
}

/** One transaction for both questions. If the conversation breaks, notes what that means and throws. */
export async function askAsStranger(
  wire: Wire,
  { domain, local }: StrangerQuestion,
  offer: Offer,
  note: NoteCheck,
): Promise<void> {
  // Not postmaster: Postfix accepts it without reading its tables. Debian's root is in them even without an alias.
  const known = `root@${domain}`;
  // Elsewhere comes first: some servers refuse a second recipient of the null sender, which would hide an open relay.
  const recipients = local ? [known] : [ELSEWHERE, known];
  try {
    const { mail, rcpt } = await tryEnvelope(wire, { sender: '', recipients }, offersPipelining(offer));
    if (!local) relaying(relaySeen(mail, rcpt[0]), note);
    delivery(known, rcpt[recipients.indexOf(known)] ?? rcpt.at(-1) ?? mail, note);
  } catch (error) {
    const why = error instanceof ProtocolError ? error.message : reason(error);
    // The server asks block lists and policy services now, which may take a while.
    if (!local) note('relay', 'hint', `whether it takes mail for elsewhere is not seen: ${why}`);
    if (error instanceof Silence) note('delivery', 'hint', `whether it takes mail for ${known} is not seen: ${why}`);
    else note('delivery', 'fail', `asked whether it takes mail for ${known}, the server breaks off: ${why}`);
    throw new ConversationEnded();
  }
}

/** The conversation has ended, and the findings about it are noted already. */
export class ConversationEnded extends Error {}

function relaying(seen: RelaySeen, note: NoteCheck): void {
  const { taken, text } = seen;
  if (taken)
    note('relay', 'warn', `takes mail for elsewhere from us, who have not logged in ("${text}"): an open relay, unless this machine is meant to be in mynetworks`); // oxfmt-ignore
  else if (putsOff(seen))
    note('relay', 'hint', `puts us off ("${text}"): whether it would take mail for elsewhere is not seen`); // oxfmt-ignore
  else note('relay', 'pass', `takes no mail for elsewhere: "${text}"`);
}

function delivery(known: string, reply: SmtpReply, note: NoteCheck): void {
  const { text } = reply;
  switch (meaningOf(reply)) {
    case 'taken':
      return note('delivery', 'pass', `takes mail for ${known}`);
    case 'refused':
      if (isElsewhere(reply)) return;
      return isAboutAddress(reply)
        ? note('delivery', 'pass', `knows its recipients, and has no ${known}: "${text}"`)
        : note('delivery', 'hint', `refuses us ("${text}"): whether it takes mail for ${known} is not seen`);
    case 'put-off':
      if (isElsewhere(reply)) return;
      return note('delivery', 'hint', `puts us off ("${text}"): whether it takes mail for ${known} is not seen`);
    case 'broken':
      return note('delivery', 'fail', `cannot take mail for ${known}: "${text}"`);
  }
}

/** RFC 3463, X.1.Z: the server has read its tables of recipients. */
function isAboutAddress({ text }: SmtpReply): boolean {
  return /^\d{3} 5\.1\.\d/.test(text);
}

/** The host accepts no mail for this domain, so the reply proves nothing. An address in the reply does not count. */
function isElsewhere({ text }: SmtpReply): boolean {
  return /relay/i.test(text.replace(/<[^>]*>/g, ''));
}
