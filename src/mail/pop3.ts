import { NOBODY, PLAIN_MECHANISMS } from './protocol.ts';
import type { Offer, Protocol, Reply } from './protocol.ts';
import { show } from '../formats/text/show.ts';
import type { Wire } from './wire.ts';
import { ProtocolError } from './wire.ts';

/** One status line, RFC 1939 §3: `+OK …`, `-ERR …`, or `+ …` if the server asks for more (RFC 5034). */
async function read(wire: Wire): Promise<Reply & { more: boolean }> {
  const line = await wire.line();
  if (!/^(\+OK|-ERR|\+)( |$)/i.test(line)) throw new ProtocolError(`this is not POP3: "${show(line)}"`);
  return { ok: /^\+OK/i.test(line), more: /^\+( |$)/.test(line), text: line };
}

function parseCapa(lines: readonly string[]): Offer {
  const words = lines.map((line) => line.toUpperCase().trim().split(/\s+/));
  const mechanisms = words.filter(([name]) => name === 'SASL').flatMap(([, ...names]) => names);
  return {
    starttls: words.some(([name]) => name === 'STLS'),
    mechanisms,
    legacy: [],
    plain: [
      ...(words.some(([name]) => name === 'USER') ? ['USER'] : []),
      ...mechanisms.filter((name) => PLAIN_MECHANISMS.includes(name)).map((name) => `SASL ${name}`),
    ],
    words: lines,
  };
}

export const pop3: Protocol = {
  async greet(wire) {
    const reply = await read(wire);
    if (!reply.ok) throw new ProtocolError(`turns us away: "${show(reply.text)}"`);
    return reply.text;
  },
  async offer(wire) {
    wire.send('CAPA');
    const reply = await read(wire);
    // A server without CAPA (RFC 2449) is treated as offering nothing.
    if (!reply.ok) return parseCapa([]);
    const lines: string[] = [];
    for (let line = await wire.line(); line !== '.'; line = await wire.line()) lines.push(line);
    return parseCapa(lines);
  },
  async tryPlain(wire) {
    wire.send(`USER ${NOBODY}`);
    const { ok, text } = await read(wire);
    return { ok, text };
  },
  async startTls(wire) {
    wire.send('STLS');
    const { ok, text } = await read(wire);
    return { ok, text };
  },
  async login(wire, response) {
    wire.send('AUTH PLAIN');
    const challenge = await read(wire);
    if (!challenge.more) return { ok: false, text: challenge.text };
    wire.send(response, 'slow');
    const { ok, text } = await read(wire);
    return { ok, text };
  },
  async use(wire) {
    wire.send('STAT', 'slow');
    const { ok, text } = await read(wire);
    if (ok) return { status: 'pass', text: 'opens the maildrop (STAT)' };
    // RFC 2449 §8.1.1: another session of this user locks the maildrop.
    if (/\[IN-USE\]/i.test(text)) return { status: 'hint', text: `the maildrop is in use: "${show(text)}"` };
    return { status: 'fail', text: `does not open the maildrop: "${show(text)}"` };
  },
  goodbye: 'QUIT',
  command: 'STLS',
  expects: ['PLAIN'],
};
