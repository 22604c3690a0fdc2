import { CLIENT } from './protocol.ts';
import { meaningOf, offersPipelining, tryEnvelope } from './envelope.ts';
import type { Offer, Protocol } from './protocol.ts';
import { show } from '../formats/text/show.ts';
import { readReply } from './smtp-reply.ts';
import { ProtocolError } from './wire.ts';

function parseEhlo(lines: readonly string[]): Offer {
  // The first line is the greeting. Keywords are not case-sensitive.
  const extensions = lines.slice(1).map((line) => line.toUpperCase().trim());
  const words = (start: string) =>
    extensions.filter((line) => line.startsWith(start)).flatMap((line) => line.slice(start.length).split(/\s+/));
  return {
    starttls: extensions.includes('STARTTLS'),
    mechanisms: words('AUTH '),
    legacy: words('AUTH='),
    // Before TLS, SMTP must offer no mechanism at all: smtpd_tls_auth_only promises that.
    plain: extensions.filter((line) => /^AUTH([\s=]|$)/.test(line)),
    words: lines.slice(1),
  };
}

export const smtp: Protocol = {
  async greet(wire) {
    // postscreen sends `220-…` first and the rest seconds later: `readReply` waits for the last line.
    const reply = await readReply(wire);
    if (reply.code !== 220) throw new ProtocolError(`turns us away: "${show(reply.text)}"`);
    return reply.text;
  },
  async offer(wire) {
    wire.send(`EHLO ${CLIENT}`);
    const reply = await readReply(wire);
    if (reply.code !== 250) throw new ProtocolError(`refuses EHLO: "${show(reply.text)}"`);
    return parseEhlo(reply.lines);
  },
  tryPlain: () => Promise.resolve(null),
  async startTls(wire) {
    wire.send('STARTTLS');
    const reply = await readReply(wire);
    return { ok: reply.code === 220, text: reply.text };
  },
  async login(wire, response) {
    wire.send('AUTH PLAIN');
    const challenge = await readReply(wire);
    if (challenge.code !== 334) return { ok: false, text: challenge.text };
    wire.send(response, 'slow');
    const reply = await readReply(wire);
    return { ok: reply.code === 235, text: reply.text };
  },
  async use(wire, { name, address }, offer) {
    const envelope = { sender: address, recipients: [address] };
    const { mail, rcpt } = await tryEnvelope(wire, envelope, offersPipelining(offer));
    const reply = rcpt[0] ?? mail;
    const what = `mail from ${show(address)} to ${show(address)}`;
    switch (meaningOf(reply)) {
      case 'taken':
        return { status: 'pass', text: `takes ${what}` };
      case 'put-off':
        return { status: 'hint', text: `puts ${what} off: "${reply.text}"` };
      case 'refused': {
        const guess = name === address ? '' : ` (is that an address of ${show(name)}?)`;
        return { status: 'warn', text: `refuses ${what}${guess}: "${reply.text}"` };
      }
      case 'broken':
        return { status: 'fail', text: `cannot take ${what}: "${reply.text}"` };
    }
  },
  goodbye: 'QUIT',
  command: 'STARTTLS',
  expects: ['PLAIN', 'LOGIN'],
};
