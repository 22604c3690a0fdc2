/** One ordinary dialogue: the greeting, the offers before and inside TLS, and, in SMTP, whether the server relays. */
import { NOBODY } from '../mail/protocol.ts';
import { askRelay, type RelaySeen } from '../mail/ask-relay.ts';
import { show } from '../formats/text/show.ts';
import { readReply as smtpReply } from '../mail/smtp-reply.ts';
import { ProtocolError, type Wire } from '../mail/wire.ts';
import { open, turnedAway, type Target } from './ask.ts';
import { contextUpTo } from './context.ts';
import { PROTOCOLS } from '../mail/protocols.ts';

export interface SessionSeen {
  readonly greeting: string;
  readonly clear: readonly string[];
  readonly inside: readonly string[];
  /** Did Node's own TLS complete the handshake? */
  readonly secure: boolean;
  /** The version in Node's terms (`TLSv1.3`); empty without a session. */
  readonly version: string;
  /** DER; null if it was not seen. */
  readonly leaf: Buffer | null;
  /** Null if it was not tried: not SMTP, or no answer. */
  readonly smtp: SmtpSeen | null;
}

export interface SmtpSeen {
  /** A foreign sender's mail to a foreign recipient: the answer to RCPT, or to MAIL if the server refused that. */
  readonly relay: RelaySeen;
  /** The answers to VRFY for a name that does not exist, and for one that every server must have (RFC 5321 §4.5.1). */
  readonly vrfy: { readonly nobody: number; readonly postmaster: number };
  /** The answer to AUTH without an offer in the clear; null if it was offered, or the port has no clear text. */
  readonly auth: { readonly taken: boolean; readonly text: string } | null;
}

/** Throws TurnedAway if the port does not serve this client. */
export function lookInside(target: Target): Promise<SessionSeen> {
  return target.gate.through(async () => {
    const wire = await open(target);
    try {
      return await talk(wire, target);
    } catch (error) {
      throw turnedAway(error);
    } finally {
      wire.close(PROTOCOLS[target.port.protocol].goodbye);
    }
  });
}

async function talk(wire: Wire, { port, servername }: Target): Promise<SessionSeen> {
  const protocol = PROTOCOLS[port.protocol];
  const context = contextUpTo('TLSv1.3');
  const seen = {
    greeting: '',
    clear: [] as readonly string[],
    inside: [] as readonly string[],
    secure: false,
    version: '',
  };
  let leaf: Buffer | null = null;
  let auth: SmtpSeen['auth'] = null;
  /** False if the handshake fails: the dialogue then ends without TLS. */
  const secure = async (): Promise<boolean> => {
    try {
      const tls = await wire.secure({ context, servername });
      seen.version = tls.getProtocol() ?? '';
      leaf = tls.getPeerX509Certificate()?.raw ?? null;
      return true;
    } catch (error) {
      if (error instanceof ProtocolError) return false;
      throw error;
    }
  };
  if (port.tls === 'starttls') {
    seen.greeting = await protocol.greet(wire);
    const offer = await protocol.offer(wire);
    seen.clear = offer.words;
    if (port.protocol === 'smtp' && offer.plain.length === 0) auth = await unoffered(wire);
    if (offer.starttls && (await protocol.startTls(wire)).ok) {
      if (!(await secure())) return { ...seen, leaf, smtp: null };
      seen.secure = true;
    }
  } else if (await secure()) {
    seen.secure = true;
    seen.greeting = await protocol.greet(wire);
  } else return { ...seen, leaf, smtp: null };
  if (seen.secure) seen.inside = (await protocol.offer(wire)).words;
  return { ...seen, leaf, smtp: port.protocol === 'smtp' ? { ...(await probe(wire)), auth } : null };
}

/** Sends AUTH although it is not offered, and cancels it if the server accepts (RFC 4954 §4). */
async function unoffered(wire: Wire): Promise<SmtpSeen['auth']> {
  const { code, text } = await command(wire, 'AUTH PLAIN');
  if (code === 334) await command(wire, '*');
  return { taken: code === 334, text: show(text) };
}

/** If the foreign sender is refused, tries the empty sender, which a server must not refuse (RFC 5321 §4.5.5). */
async function probe(wire: Wire): Promise<Omit<SmtpSeen, 'auth'>> {
  const nobody = await command(wire, `VRFY ${NOBODY}`);
  const postmaster = await command(wire, 'VRFY postmaster');
  const foreign = await askRelay(wire, `${NOBODY}@example.net`);
  const relay = foreign.begun ? foreign : await askRelay(wire, '');
  return { relay, vrfy: { nobody: nobody.code, postmaster: postmaster.code } };
}

async function command(wire: Wire, line: string): Promise<{ code: number; text: string }> {
  wire.send(line);
  return smtpReply(wire);
}
