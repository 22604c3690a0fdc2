import { show } from '../../formats/text/show.ts';
import { smtp } from '../../mail/smtp.ts';
import { type Check } from './check-record.ts';

export const authLegacyCheck = {
  id: 'auth-legacy',
  ports: [25],
  proves:
    'the spelling for old clients is offered too; a hint, never a failure, because nothing is less safe without it',
  recipe: ['ehlo localhost: 250-AUTH=PLAIN LOGIN'],
  fixedBy: (service) => (service === 'dovecot-ssl' ? ['restart'] : ['sasl', service, 'restart']),
  asksInside({ forUsers, offer }, note) {
    if (!forUsers || offer.mechanisms.length === 0) return;
    const missing = smtp.expects.filter((name) => !offer.legacy.includes(name));
    if (missing.length) note('hint', 'does not offer the old spelling AUTH=, which only very old clients need');
    else note('pass', `offers AUTH=${show(offer.legacy.join(' '))} for old clients as well`);
  },
  weight: {
    severity: 'info',
    source: 'Postfix SASL_README',
    profile: 'standard',
    postfix: ['broken_sasl_auth_clients'],
    dovecot: [],
  },
} as const satisfies Check;
