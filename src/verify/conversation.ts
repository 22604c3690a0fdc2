import type { Duplex } from 'node:stream';
import type { SecureContext, TLSSocket } from 'node:tls';
import type { Expectation } from './judge-certificate.ts';
import { judgeCertificate } from './judge-certificate.ts';
import type { CheckId, NoteCheck } from './checks/index.ts';
import type { Port } from './mail-ports.ts';
import { legacyOffer, loginOffer, noLoginOffer } from './offers.ts';
import type { Offer, Protocol } from '../mail/protocol.ts';
import { show } from '../formats/text/show.ts';
import { PROTOCOLS } from '../mail/protocols.ts';
import { smtp } from '../mail/smtp.ts';
import { askAsStranger, ConversationEnded } from './strangers.ts';
import { addressOf, logIn, useAccount, type User } from './user.ts';
import type { Wire } from '../mail/wire.ts';
import { openWire, ProtocolError, reason } from '../mail/wire.ts';

/** The check that a user's session proves, by protocol. */
const USE = { smtp: 'send', imap: 'mailbox', pop3: 'maildrop' } as const satisfies Record<Port['protocol'], CheckId>;

export interface Probe {
  /** Awaited before a login in the clear is tried, and once TLS is established. */
  readonly wanted: Promise<{
    readonly expectation: Expectation;
    readonly servername: string;
    /** Try a login in the clear where none is offered. */
    readonly tryLogin: boolean;
    /** Ask on 25 whether the server accepts mail for elsewhere, and mail for the mail domain. */
    readonly tryRelay: boolean;
    /** Do users log in on 25 too? */
    readonly authOn25: boolean;
    /** Replaces the mechanisms that the protocol expects. */
    readonly mechanisms?: readonly string[];
    readonly context: () => SecureContext;
  }>;
  /** The assumed values until `wanted` resolves, so that TLS need not wait for it. */
  readonly assumed?: { readonly servername: string; readonly context: () => SecureContext };
  readonly timeout: number;
  readonly user?: User;
  /** The host itself made the connection. Its daemons may trust it more than a connection from outside. */
  readonly local: boolean;
  /** Opens another connection to the same port. */
  readonly again: () => Promise<Duplex>;
}

export interface Conversation {
  /** True if the server greeted: only then the findings are about this server. */
  readonly greeted: boolean;
  /** The assumed name is not the wanted one, so the findings are about the wrong name. */
  readonly misnamed: boolean;
}

/**
 * Talks to one port and notes what it sees. Ends at the first failure that makes the rest impossible, so that one cause
 * gives one failure.
 */
export async function converse(stream: Duplex, port: Port, probe: Probe, note: NoteCheck): Promise<Conversation> {
  const protocol = PROTOCOLS[port.protocol];
  const wire = openWire(stream, probe.timeout);
  let under: CheckId = 'answers';
  let greeted = false;
  let refusal: Promise<void> | undefined;
  const greet = async () => {
    under = 'answers';
    const greeting = await protocol.greet(wire);
    greeted = true;
    note('answers', 'pass', `answers: "${show(greeting, 80)}"`);
  };
  try {
    if (port.tls === 'starttls') {
      await greet();
      under = 'no-plain-login';
      const offer = await protocol.offer(wire);
      refusal = plainLogin(wire, protocol, offer, probe, note);
      refusal.catch(() => {}); // awaited below
      if (!probe.assumed) await refusal;
      under = 'starttls';
      if (!offer.starttls) throw new ProtocolError(`does not offer ${protocol.command}`);
      const reply = await protocol.startTls(wire);
      if (!reply.ok) throw new ProtocolError(`offers ${protocol.command} but refuses it: "${show(reply.text)}"`);
      // CVE-2011-0411 as a client sees it: this text would be taken for text from inside TLS.
      const more = wire.leftover();
      if (more) throw new ProtocolError(`says more in the clear after granting ${protocol.command}: "${show(more)}"`);
      note('starttls', 'pass', `offers ${protocol.command} and grants it`);
    }
    under = 'tls';
    const { servername, context } = probe.assumed ?? (await probe.wanted);
    const tls = await wire.secure({ context: context(), servername });
    // Start reading inside TLS before `wanted` is known.
    const inside = (async () => {
      if (port.tls === 'implicit') await greet();
      under = 'auth';
      return protocol.offer(wire);
    })();
    inside.catch(() => {}); // awaited below
    const { expectation, authOn25, tryRelay, mechanisms } = await probe.wanted;
    if (await isMisnamed(probe)) return { greeted, misnamed: true };
    const proven = session(tls, expectation, note);
    if (proven === null) return { greeted, misnamed: false };

    const offer = await inside;
    const forUsers = port.port !== 25 || authOn25;
    if (forUsers) loginOffer(mechanisms ?? protocol.expects, offer, note);
    else noLoginOffer(offer, note);
    if (forUsers && port.port === 25 && offer.mechanisms.length) legacyOffer(offer, note);
    const { domain } = expectation;
    if (port.port === 25 && tryRelay) await askAsStranger(wire, { domain, local: probe.local }, offer, note);
    if (forUsers && probe.user && !port.optional) {
      under = 'login';
      const { name } = probe.user;
      if (await logIn(wire, protocol, probe.user, proven, note)) {
        under = USE[port.protocol];
        await useAccount(wire, protocol, { name, address: addressOf(name, domain) }, offer, note);
      }
    }
    await refusal;
  } catch (error) {
    // A server may refuse a name that it does not know.
    if (under === 'tls' && (await isMisnamed(probe).catch(() => false))) return { greeted, misnamed: true };
    if (!(error instanceof ConversationEnded))
      note(under, 'fail', error instanceof ProtocolError ? error.message : reason(error));
    await refusal?.catch(() => {});
  } finally {
    wire.close(protocol.goodbye);
  }
  return { greeted, misnamed: false };
}

/** True if the assumed name is not the wanted one. */
async function isMisnamed({ assumed, wanted }: Probe): Promise<boolean> {
  return assumed !== undefined && (await wanted).servername !== assumed.servername;
}

async function plainLogin(wire: Wire, protocol: Protocol, offer: Offer, probe: Probe, note: NoteCheck): Promise<void> {
  const offered = offer.plain.map((way) => show(way, 60)).join(', ');
  // By SMTP the host itself sees what every client sees. Dovecot trusts connections from the host itself, and offers them more.
  const proves = !probe.local || protocol === smtp;
  if (offered && proves) return note('no-plain-login', 'fail', `offers a login in clear: ${offered}`);
  if (offered)
    return note(
      'no-plain-login',
      'hint',
      `seen from the host itself: whether others may log in in clear is not proven`,
    );
  if (protocol === smtp) return note('no-plain-login', 'pass', 'offers no login in clear');
  if (!probe.assumed) return refusing(wire, protocol, probe, note);
  // Do not delay the conversation until `wanted` says whether to try a login: try it on a second connection. That server may time
  // out while it waits, hence the second attempt.
  for (let attempt = 1; ; attempt++) {
    let other: Wire | undefined;
    try {
      other = openWire(await probe.again(), probe.timeout);
      await protocol.greet(other);
      if (await isMisnamed(probe)) return; // the whole look starts again
      return await refusing(other, protocol, probe, note);
    } catch (error) {
      if (attempt === 1) continue;
      const why = error instanceof ProtocolError ? error.message : reason(error);
      return note(
        'no-plain-login',
        'hint',
        `offers no login in clear; whether it takes one could not be tried: ${why}`,
      );
    } finally {
      other?.close(protocol.goodbye);
    }
  }
}

/** Notes whether the server also refuses a login in the clear. */
async function refusing(wire: Wire, protocol: Protocol, { wanted }: Probe, note: NoteCheck): Promise<void> {
  const { tryLogin } = await wanted;
  const reply = tryLogin ? await protocol.tryPlain(wire) : null;
  if (reply?.ok) return note('no-plain-login', 'fail', `takes a login in clear: "${show(reply.text)}"`);
  note('no-plain-login', 'pass', reply ? 'offers no login in clear and refuses one' : 'offers no login in clear');
}

/** Notes the findings about the TLS session. True if the server proved its identity; null without a certificate. */
function session(tls: TLSSocket, expectation: Expectation, note: NoteCheck): boolean | null {
  const leaf = tls.getPeerX509Certificate();
  if (!leaf) {
    note('tls', 'fail', 'serves no certificate');
    return null;
  }
  const version = tls.getProtocol() ?? 'unknown';
  const modern = version === 'TLSv1.2' || version === 'TLSv1.3';
  note('tls', modern ? 'pass' : 'fail', modern ? `speaks ${version}` : `speaks nothing better than ${version}`);
  const problem = tls.authorized ? null : String(tls.authorizationError);
  const verdicts = judgeCertificate(leaf, problem, expectation);
  for (const { check, status, text } of verdicts) note(check, status, text);
  const passed = (check: CheckId) => verdicts.some((one) => one.check === check && one.status === 'pass');
  return passed('certificate-served') || (passed('certificate-name') && passed('certificate-trust'));
}
