import type { Duplex } from 'node:stream';
import type { SecureContext, TLSSocket } from 'node:tls';
import type { Expectation } from './judge-certificate.ts';
import { judgeCertificate } from './judge-certificate.ts';
import { checksOn, type CheckId, type NoteCheck } from './checks/index.ts';
import type { Port } from './mail-ports.ts';
import type { Offer } from '../mail/protocol.ts';
import type { NoteFinding, TalkInClear, TalkInside, User } from './talk.ts';
import { show } from '../formats/text/show.ts';
import { PROTOCOLS } from '../mail/protocols.ts';
import { openWire, ProtocolError, reason } from '../mail/wire.ts';

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
  const { local, user } = probe;
  let under: CheckId = 'answers';
  let greeted = false;
  let inClear: Promise<void> | undefined;
  const noteAs =
    (check: CheckId): NoteFinding =>
    (status, text) =>
      note(check, status, text);
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
      inClear = askInClear(offer);
      inClear.catch(() => {}); // awaited below
      if (!probe.assumed) await inClear;
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
    const { domain } = expectation;
    const forUsers = port.port !== 25 || authOn25;
    await askInside({ wire, protocol, port, offer, local, domain, forUsers, tryRelay, proven, ...(mechanisms && { mechanisms }), ...(user && { user }) }); // oxfmt-ignore
    await inClear;
  } catch (error) {
    // A server may refuse a name that it does not know.
    if (under === 'tls' && (await isMisnamed(probe).catch(() => false))) return { greeted, misnamed: true };
    note(under, 'fail', error instanceof ProtocolError ? error.message : reason(error));
    await inClear?.catch(() => {});
  } finally {
    wire.close(protocol.goodbye);
  }
  return { greeted, misnamed: false };

  /** With an assumed name the conversation goes on meanwhile, so an error of these checks is theirs to note. */
  async function askInClear(offer: Offer): Promise<void> {
    const { assumed, again, timeout } = probe;
    const talk: TalkInClear = {
      wire,
      protocol,
      port,
      offer,
      local,
      again,
      timeout,
      isAssumed: assumed !== undefined,
      isMisnamed: () => isMisnamed(probe),
      tryLogin: async () => (await probe.wanted).tryLogin,
    };
    for (const { id, asksInClear } of checksOn(port.port)) {
      if (!asksInClear) continue;
      if (!assumed) under = id;
      await asksInClear(talk, noteAs(id));
    }
  }

  async function askInside(talk: TalkInside): Promise<void> {
    for (const { id, asksInside } of checksOn(port.port)) {
      if (!asksInside) continue;
      under = id;
      if ((await asksInside(talk, noteAs(id))) === 'end') return;
    }
  }
}

/** True if the assumed name is not the wanted one. */
async function isMisnamed({ assumed, wanted }: Probe): Promise<boolean> {
  return assumed !== undefined && (await wanted).servername !== assumed.servername;
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
