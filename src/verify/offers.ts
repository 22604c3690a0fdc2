/** The login mechanisms that a server offers inside TLS. */
import type { NoteCheck } from './checks/index.ts';
import type { Offer } from '../mail/protocol.ts';
import { show } from '../formats/text/show.ts';
import { smtp } from '../mail/smtp.ts';

export function loginOffer(expects: readonly string[], offer: Offer, note: NoteCheck): void {
  const missing = expects.filter((name) => !offer.mechanisms.includes(name));
  const offered = show(offer.mechanisms.join(' '));
  if (!missing.length) return note('auth', 'pass', `offers AUTH ${offered} inside TLS`);
  note(
    'auth',
    'fail',
    `does not offer AUTH ${missing.join(' ')} inside TLS, ${offered ? `only ${offered}` : 'nor any other'}`,
  );
}

/** For a port 25 that only serves other servers. */
export function noLoginOffer({ mechanisms, legacy }: Offer, note: NoteCheck): void {
  const offered = show([...mechanisms, ...legacy].join(' '));
  if (offered) note('auth', 'fail', `offers AUTH ${offered} inside TLS, where no user should log in`);
  else note('auth', 'pass', 'offers no login inside TLS either: users have 465 and 587');
}

export function legacyOffer(offer: Offer, note: NoteCheck): void {
  const missing = smtp.expects.filter((name) => !offer.legacy.includes(name));
  if (missing.length)
    note('auth-legacy', 'hint', 'does not offer the old spelling AUTH=, which only very old clients need');
  else note('auth-legacy', 'pass', `offers AUTH=${show(offer.legacy.join(' '))} for old clients as well`);
}
