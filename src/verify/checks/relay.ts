import { putsOff, relaySeen } from '../../mail/ask-relay.ts';
import { askAsStranger } from '../strangers.ts';
import { type Check, byCertificate } from './check-record.ts';

export const relayCheck = {
  id: 'relay',
  ports: [25],
  proves:
    'without a login the server accepts no mail for elsewhere (asked up to RCPT, nothing is sent; not asked from the host itself). Accepted: a warning, because this machine may be in mynetworks; if it was refused before an apply, the apply is undone',
  recipe: [],
  fixedBy: byCertificate,
  warningUndoes: true,
  auditAsks: true,
  async asksInside(talk, note) {
    if (!talk.tryRelay || talk.local) return;
    const answer = await askAsStranger(talk);
    if ('why' in answer) return note('hint', `whether it takes mail for elsewhere is not seen: ${answer.why}`);
    const { elsewhere } = answer;
    if (!elsewhere) return;
    const seen = relaySeen(elsewhere.mail, elsewhere.rcpt);
    const { taken, text } = seen;
    if (taken)
      note('warn', `takes mail for elsewhere from us, who have not logged in ("${text}"): an open relay, unless this machine is meant to be in mynetworks`); // oxfmt-ignore
    else if (putsOff(seen))
      note('hint', `puts us off ("${text}"): whether it would take mail for elsewhere is not seen`);
    else note('pass', `takes no mail for elsewhere: "${text}"`);
  },
  weight: {
    severity: 'high',
    source: 'RFC 5321 §7.8, CWE-269',
    profile: null,
    postfix: ['smtpd_relay_restrictions', 'mynetworks'],
    dovecot: [],
  },
} as const satisfies Check;
