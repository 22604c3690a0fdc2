import { show } from '../../formats/text/show.ts';
import type { Offer } from '../../mail/protocol.ts';
import type { NoteFinding } from '../talk.ts';
import { ALL_PORTS, type Check } from './check-record.ts';

export const authCheck = {
  id: 'auth',
  ports: ALL_PORTS,
  proves:
    'inside TLS a password login is offered: PLAIN and LOGIN by SMTP, PLAIN by IMAP and POP3; with the profile strict no login on 25',
  recipe: ['ehlo localhost: 250-AUTH PLAIN LOGIN'],
  fixedBy: (service) => (service === 'dovecot-ssl' ? ['restart'] : ['sasl', service, 'restart']),
  warnsOnOwn: true,
  asksInside({ forUsers, mechanisms, protocol, offer }, note) {
    if (forUsers) loginOffer(mechanisms ?? protocol.expects, offer, note);
    else noLoginOffer(offer, note);
  },
  weight: {
    severity: 'medium',
    source: 'RFC 4954, RFC 8314 §3',
    profile: 'standard',
    postfix: ['smtpd_sasl_auth_enable'],
    dovecot: ['auth_mechanisms'],
  },
} as const satisfies Check;

function loginOffer(expects: readonly string[], { mechanisms }: Offer, note: NoteFinding): void {
  const missing = expects.filter((name) => !mechanisms.includes(name));
  const offered = show(mechanisms.join(' '));
  if (!missing.length) return note('pass', `offers AUTH ${offered} inside TLS`);
  note('fail', `does not offer AUTH ${missing.join(' ')} inside TLS, ${offered ? `only ${offered}` : 'nor any other'}`);
}

/** For a port 25 that only serves other servers. */
function noLoginOffer({ mechanisms, legacy }: Offer, note: NoteFinding): void {
  const offered = show([...mechanisms, ...legacy].join(' '));
  if (offered) note('fail', `offers AUTH ${offered} inside TLS, where no user should log in`);
  else note('pass', 'offers no login inside TLS either: users have 465 and 587');
}
