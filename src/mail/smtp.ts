import { CLIENT } from './protocol.ts';
import type { Offer, Protocol } from './protocol.ts';
import { show } from '../formats/text/show.ts';
import type { Wire } from './wire.ts';
import { ProtocolError } from './wire.ts';

/** One reply, RFC 5321 §4.2: lines `250-text`, the last one `250 text`. */
export async function readReply(wire: Wire): Promise<{ code: number; lines: string[]; text: string }> {
  const lines: string[] = [];
  for (;;) {
    const line = await wire.line();
    const [, code, more, text = ''] = /^([2-5]\d\d)(?:([- ])(.*))?$/.exec(line) ?? [];
    if (!code) throw new ProtocolError(`this is not SMTP: "${show(line)}"`);
    lines.push(text);
    if (more !== '-') return { code: Number(code), lines, text: `${code} ${text}` };
  }
}

function parseEhlo(lines: readonly string[]): Offer {
  // The first line is the greeting; keywords are not case-sensitive.
  const extensions = lines.slice(1).map((line) => line.toUpperCase().trim());
  const words = (start: string) =>
    extensions.filter((line) => line.startsWith(start)).flatMap((line) => line.slice(start.length).split(/\s+/));
  return {
    starttls: extensions.includes('STARTTLS'),
    mechanisms: words('AUTH '),
    legacy: words('AUTH='),
    // By SMTP no mechanism at all is wanted before TLS: that is what smtpd_tls_auth_only promises.
    plain: extensions.filter((line) => /^AUTH([\s=]|$)/.test(line)),
    words: lines.slice(1),
  };
}

export const smtp: Protocol = {
  async greet(wire) {
    // postscreen sends `220-…` first and the rest seconds later: `read` waits for the last line.
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
  goodbye: 'QUIT',
  command: 'STARTTLS',
  expects: ['PLAIN', 'LOGIN'],
};
