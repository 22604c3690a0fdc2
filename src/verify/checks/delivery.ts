import { meaningOf, type SmtpReply } from '../../mail/envelope.ts';
import { askAsStranger, knownRecipient } from '../strangers.ts';
import type { NoteFinding } from '../talk.ts';
import { type Check } from './check-record.ts';

export const deliveryCheck = {
  id: 'delivery',
  ports: [25],
  proves:
    'mail for a recipient of this host (root at the mail domain) causes no error of the server itself: no unreadable table, no wrong setting (4.3.Z, 4.5.Z, 5.3.Z; asked with the relay question up to RCPT, nothing is sent). Deferred by policy: a hint; a domain for which the host accepts no mail: no finding',
  recipe: [],
  fixedBy: () => [],
  async asksInside(talk, note) {
    if (!talk.tryRelay) return;
    const known = knownRecipient(talk);
    const answer = await askAsStranger(talk);
    if (!('why' in answer)) return judge(known, answer.here, note);
    if (answer.isSilent) note('hint', `whether it takes mail for ${known} is not seen: ${answer.why}`);
    else note('fail', `asked whether it takes mail for ${known}, the server breaks off: ${answer.why}`);
    return 'end';
  },
  weight: {
    severity: 'high',
    source: 'RFC 5321 §4.2.5, RFC 3463 §3.4',
    profile: null,
    postfix: ['local_recipient_maps', 'alias_maps', 'virtual_alias_maps', 'virtual_mailbox_maps'],
    dovecot: [],
  },
} as const satisfies Check;

function judge(known: string, reply: SmtpReply, note: NoteFinding): void {
  const { text } = reply;
  switch (meaningOf(reply)) {
    case 'taken':
      return note('pass', `takes mail for ${known}`);
    case 'refused':
      if (isElsewhere(reply)) return;
      return isAboutAddress(reply)
        ? note('pass', `knows its recipients, and has no ${known}: "${text}"`)
        : note('hint', `refuses us ("${text}"): whether it takes mail for ${known} is not seen`);
    case 'put-off':
      if (isElsewhere(reply)) return;
      return note('hint', `puts us off ("${text}"): whether it takes mail for ${known} is not seen`);
    case 'broken':
      return note('fail', `cannot take mail for ${known}: "${text}"`);
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
