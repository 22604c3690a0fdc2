/** Port 25 as an unknown server sees it, without a login: mail for elsewhere, and mail for this host. */
import { offersPipelining, tryEnvelope, type SmtpReply } from '../mail/envelope.ts';
import { ELSEWHERE } from '../mail/ask-relay.ts';
import { ProtocolError, reason, Silence, type Wire } from '../mail/wire.ts';
import type { TalkInside } from './talk.ts';

export type StrangerAnswer =
  | {
      /** To a recipient elsewhere; absent if the host itself asks, which may relay. */
      readonly elsewhere?: { readonly mail: SmtpReply; readonly rcpt: SmtpReply | undefined };
      /** To a recipient of this host. */
      readonly here: SmtpReply;
    }
  /** The conversation broke: nothing more can be asked. */
  | { readonly why: string; readonly isSilent: boolean };

/** Not postmaster: Postfix accepts it without reading its tables. Debian's root is in them even without an alias. */
export function knownRecipient({ domain }: Pick<TalkInside, 'domain'>): string {
  return `root@${domain}`;
}

const asked = new WeakMap<Wire, Promise<StrangerAnswer>>();

/** One transaction for both questions, whichever check asks first. */
export function askAsStranger(talk: TalkInside): Promise<StrangerAnswer> {
  const answer = asked.get(talk.wire) ?? ask(talk);
  asked.set(talk.wire, answer);
  return answer;
}

async function ask({ wire, domain, local, offer }: TalkInside): Promise<StrangerAnswer> {
  const known = knownRecipient({ domain });
  // Elsewhere comes first: some servers refuse a second recipient of the null sender, which would hide an open relay.
  const recipients = local ? [known] : [ELSEWHERE, known];
  try {
    const { mail, rcpt } = await tryEnvelope(wire, { sender: '', recipients }, offersPipelining(offer));
    const here = rcpt[recipients.indexOf(known)] ?? rcpt.at(-1) ?? mail;
    return { here, ...(!local && { elsewhere: { mail, rcpt: rcpt[0] } }) };
  } catch (error) {
    // The server asks block lists and policy services now, which may take a while.
    const why = error instanceof ProtocolError ? error.message : reason(error);
    return { why, isSilent: error instanceof Silence };
  }
}
