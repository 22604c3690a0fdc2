import { NOBODY, PLAIN_MECHANISMS } from './protocol.ts';
import type { Offer, Protocol } from './protocol.ts';
import { show } from '../formats/text/show.ts';
import type { Wire } from './wire.ts';
import { ProtocolError } from './wire.ts';

const TAG = 'hm';

interface Answer {
  /** OK, NO or BAD; `+` if the server asks for more. */
  readonly state: string;
  readonly text: string;
  readonly untagged: readonly string[];
}

/** Reads up to the tagged line of the one pending command (RFC 9051 §7), or up to a request for more. */
async function read(wire: Wire): Promise<Answer> {
  const untagged: string[] = [];
  for (;;) {
    const line = await wire.line();
    const [, state, text = ''] = /^hm (OK|NO|BAD)\b ?(.*)$/i.exec(line) ?? [];
    if (state) return { state: state.toUpperCase(), text: `${state} ${text}`, untagged };
    if (/^\+( |$)/.test(line)) return { state: '+', text: line, untagged };
    if (/^\* BYE\b/i.test(line)) throw new ProtocolError(`turns us away: "${show(line)}"`);
    if (!line.startsWith('* ')) throw new ProtocolError(`this is not IMAP: "${show(line)}"`);
    untagged.push(line.slice(2));
  }
}

/** STATUS comes before SELECT: a client should not send STATUS for the selected mailbox (RFC 9051 §6.3.11). */
const SESSION = ['LIST "" "*"', 'STATUS INBOX (MESSAGES)', 'SELECT INBOX'] as const;

/** Sends all commands at once, as IMAP allows (RFC 9051 §5.5), and reads until each has its tagged line. */
async function readAll(wire: Wire, commands: readonly string[]): Promise<Pick<Answer, 'state' | 'text'>[]> {
  for (const [index, command] of commands.entries()) wire.send(`${TAG}${index} ${command}`, 'slow');
  const answers = new Map<number, Pick<Answer, 'state' | 'text'>>();
  // A folder's name may be a literal: then the line continues after it.
  for (let isLiteral = false; answers.size < commands.length;) {
    const line = await wire.line();
    const [, index, state, text = ''] = /^hm(\d) (OK|NO|BAD)\b ?(.*)$/i.exec(line) ?? [];
    if (!isLiteral && state) answers.set(Number(index), { state: state.toUpperCase(), text: `${state} ${text}` });
    else if (!isLiteral && /^\* BYE\b/i.test(line)) throw new ProtocolError(`turns us away: "${show(line)}"`);
    else if (!isLiteral && !line.startsWith('* ')) throw new ProtocolError(`this is not IMAP: "${show(line)}"`);
    isLiteral = /\{\d+\}$/.test(line);
  }
  return commands.map((_, index) => answers.get(index) ?? { state: 'BAD', text: 'no answer' });
}

function parseCapability(words: readonly string[]): Offer {
  const mechanisms = words.filter((word) => word.startsWith('AUTH=')).map((word) => word.slice(5));
  return {
    starttls: words.includes('STARTTLS'),
    mechanisms,
    legacy: [],
    plain: [
      ...(words.includes('LOGINDISABLED') ? [] : ['LOGIN (no LOGINDISABLED)']),
      ...mechanisms.filter((name) => PLAIN_MECHANISMS.includes(name)).map((name) => `AUTH=${name}`),
    ],
    words,
  };
}

export const imap: Protocol = {
  async greet(wire) {
    const line = await wire.line();
    if (/^\* OK\b/i.test(line)) return line.slice(2).replace(/\[CAPABILITY [^\]]*\] ?/i, '');
    if (/^\* (BYE|PREAUTH)\b/i.test(line))
      throw new ProtocolError(
        /^\* BYE/i.test(line) ? `turns us away: "${show(line)}"` : `lets everybody in without a login: "${show(line)}"`,
      );
    throw new ProtocolError(`this is not IMAP: "${show(line)}"`);
  },
  async offer(wire) {
    wire.send(`${TAG} CAPABILITY`);
    const answer = await read(wire);
    const line = answer.untagged.find((text) => /^CAPABILITY /i.test(text));
    if (answer.state !== 'OK' || line === undefined)
      throw new ProtocolError(`does not tell its capabilities: "${show(answer.text)}"`);
    return parseCapability(line.toUpperCase().split(/\s+/).slice(1));
  },
  async tryPlain(wire) {
    wire.send(`${TAG} LOGIN ${NOBODY} ${NOBODY}`);
    const answer = await read(wire);
    // A server that calls the name or the password wrong, or cannot look them up, has processed them.
    const looked = /\[(AUTHENTICATIONFAILED|UNAVAILABLE|AUTHORIZATIONFAILED|EXPIRED)\]/i.test(answer.text);
    return { ok: looked || !/^(NO|BAD)$/.test(answer.state), text: answer.text };
  },
  async startTls(wire) {
    wire.send(`${TAG} STARTTLS`);
    const answer = await read(wire);
    return { ok: answer.state === 'OK', text: answer.text };
  },
  async login(wire, response) {
    wire.send(`${TAG} AUTHENTICATE PLAIN`);
    const challenge = await read(wire);
    if (challenge.state !== '+') return { ok: false, text: challenge.text };
    wire.send(response, 'slow');
    const answer = await read(wire);
    return { ok: answer.state === 'OK', text: answer.text };
  },
  async use(wire) {
    const answers = await readAll(wire, SESSION);
    for (const [index, { state, text }] of answers.entries()) {
      const command = SESSION[index] ?? '';
      // RFC 5530: another session of this user locks the mailbox.
      if (/\[INUSE\]/i.test(text)) return { status: 'hint', text: `${command}: "${show(text)}"` };
      if (state !== 'OK') return { status: 'fail', text: `${command} fails: "${show(text)}"` };
    }
    const opened = answers.at(-1)?.text ?? '';
    if (/\[READ-ONLY\]/i.test(opened)) return { status: 'warn', text: `opens INBOX for reading only: "${show(opened)}"` }; // oxfmt-ignore
    return { status: 'pass', text: 'opens INBOX and lists the folders (LIST, STATUS, SELECT)' };
  },
  goodbye: `${TAG} LOGOUT`,
  command: 'STARTTLS',
  expects: ['PLAIN'],
};
