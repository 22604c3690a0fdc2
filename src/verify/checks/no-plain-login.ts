import { show } from '../../formats/text/show.ts';
import type { Protocol } from '../../mail/protocol.ts';
import { smtp } from '../../mail/smtp.ts';
import { openWire, ProtocolError, reason, type Wire } from '../../mail/wire.ts';
import type { NoteFinding, TalkInClear } from '../talk.ts';
import { STARTTLS_PORTS } from '../../model/index.ts';
import { type Check } from './check-record.ts';

export const noPlainLoginCheck = {
  id: 'no-plain-login',
  ports: STARTTLS_PORTS,
  proves:
    'before TLS nobody can log in: no AUTH on 25 and 587 in either spelling; on 143 LOGINDISABLED, on 110 no USER, and a login tried with a made-up name is refused',
  recipe: ['ehlo localhost: no 250-AUTH PLAIN LOGIN, no 250-AUTH=PLAIN LOGIN (smtpd_tls_auth_only = yes)'],
  fixedBy: () => ['plaintext', 'restart'],
  async asksInClear(talk, note) {
    const { wire, protocol, offer, local } = talk;
    const offered = offer.plain.map((way) => show(way, 60)).join(', ');
    // By SMTP the host itself sees what every client sees. Dovecot trusts connections from the host itself, and offers them more.
    const proves = !local || protocol === smtp;
    if (offered && proves) return note('fail', `offers a login in clear: ${offered}`);
    if (offered) return note('hint', 'seen from the host itself: whether others may log in in clear is not proven');
    if (protocol === smtp) return note('pass', 'offers no login in clear');
    return talk.isAssumed ? tryElsewhere(talk, note) : tryOn(wire, protocol, talk, note);
  },
  weight: {
    severity: 'high',
    source: 'RFC 8314 §3, CWE-319',
    profile: 'standard',
    postfix: ['smtpd_tls_auth_only'],
    dovecot: ['disable_plaintext_auth', 'auth_allow_cleartext', 'ssl'],
  },
} as const satisfies Check;

/**
 * The conversation does not wait until it is known whether to try a login: the try has a connection of its own. That server may
 * time out while it waits, hence the second attempt.
 */
async function tryElsewhere(talk: TalkInClear, note: NoteFinding): Promise<void> {
  const { protocol } = talk;
  for (let attempt = 1; ; attempt++) {
    let other: Wire | undefined;
    try {
      other = openWire(await talk.again(), talk.timeout);
      await protocol.greet(other);
      if (await talk.isMisnamed()) return;
      return await tryOn(other, protocol, talk, note);
    } catch (error) {
      if (attempt === 1) continue;
      const why = error instanceof ProtocolError ? error.message : reason(error);
      return note('hint', `offers no login in clear; whether it takes one could not be tried: ${why}`);
    } finally {
      other?.close(protocol.goodbye);
    }
  }
}

/** Notes whether the server also refuses a login in the clear. */
async function tryOn(wire: Wire, protocol: Protocol, { tryLogin }: TalkInClear, note: NoteFinding): Promise<void> {
  const reply = (await tryLogin()) ? await protocol.tryPlain(wire) : null;
  if (reply?.ok) return note('fail', `takes a login in clear: "${show(reply.text)}"`);
  note('pass', reply ? 'offers no login in clear and refuses one' : 'offers no login in clear');
}
