/** A conversation with a daemon, line by line, in clear or inside TLS: our own client, which hides nothing. */

import assert from 'node:assert/strict';
import { X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import { connect as dial } from 'node:net';
import type { Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { connect as encrypt } from 'node:tls';
import type { TLSSocket } from 'node:tls';

export interface Talk {
  /** Sends a line, or text with another end. */
  say(line: string, end?: string): void;
  /** Reads lines up to one that matches, and gives them all. Rejects when the connection ends before, or after 20 s. */
  until(last: RegExp): Promise<string[]>;
  /** Both, one after the other. */
  ask(line: string, last: RegExp): Promise<string[]>;
  /** Goes on inside TLS; the certificate must be for the name, and lead to the root. */
  secure(): Promise<void>;
  /** What the server showed. */
  certificate(): X509Certificate;
  end(): void;
}

export interface Peer {
  readonly address: string;
  readonly port: number;
  /** Whom the certificate must be for, and the root (PEM) it must lead to. */
  readonly name: string;
  readonly root: string;
}

/** Last lines of an answer, by protocol. */
export const SMTP = /^\d{3}( |$)/;
export const IMAP = /^(a (OK|NO|BAD)|\* OK .*ready)/;
export const POP3 = /^(\+OK|-ERR)/;
export const POP3_LIST = /^(\.$|-ERR)/;

/** By port: what ends an answer, and what is said in clear to get TLS; nothing is said where TLS comes first. */
const BEFORE_TLS: Readonly<Record<number, readonly [RegExp, ...string[]]>> = {
  25: [SMTP, 'EHLO client.example', 'STARTTLS'],
  110: [POP3, 'STLS'],
  143: [IMAP, 'a STARTTLS'],
  465: [SMTP],
  587: [SMTP, 'EHLO client.example', 'STARTTLS'],
  993: [IMAP],
  995: [POP3],
};
export const MAIL_PORTS = [25, 110, 143, 465, 993, 995];

/** Serial number of the certificate that a port shows to who asks for the peer's name. */
async function serialShown(peer: Peer): Promise<string> {
  const [answer, ...words] = BEFORE_TLS[peer.port]!;
  const talk = await talkInClear(peer);
  try {
    if (words.length > 0) await talk.until(answer);
    for (const word of words) await talk.ask(word, answer);
    await talk.secure();
    return talk.certificate().serialNumber;
  } finally {
    talk.end();
  }
}

/** Every port shows the certificate with this serial number, within 10 s: daemons take up a reload in their own time. */
export async function assertShown(serial: string, ports: readonly number[], peer: Omit<Peer, 'port'>): Promise<void> {
  const wanted = ports.map((port) => `${port} ${serial}`);
  for (const deadline = Date.now() + 10_000; ; await sleep(300)) {
    const now = await Promise.all(ports.map(async (port) => `${port} ${await serialShown({ ...peer, port })}`));
    if (Date.now() > deadline || now.join() === wanted.join()) return assert.deepEqual(now, wanted, peer.name);
  }
}

export async function talkInClear(peer: Peer): Promise<Talk> {
  const socket = dial(peer.port, peer.address);
  await once(socket, 'connect');
  return talk(socket, peer);
}

export async function talkInTls(peer: Peer): Promise<Talk> {
  const made = await talkInClear(peer);
  await made.secure();
  return made;
}

function talk(start: Socket, { name, root }: Peer): Talk {
  let socket: Socket | TLSSocket = start;
  let unread = '';
  let ended = false;
  let wake = () => {};
  const listen = () => {
    socket.setEncoding('latin1').on('data', (chunk) => {
      unread += String(chunk);
      wake();
    });
    for (const end of ['end', 'close', 'error'])
      socket.on(end, () => {
        ended = true;
        wake();
      });
  };
  listen();

  const until: Talk['until'] = async (last) => {
    const lines: string[] = [];
    const deadline = AbortSignal.timeout(20_000);
    for (;;) {
      for (let at = unread.indexOf('\r\n'); at >= 0; at = unread.indexOf('\r\n')) {
        const line = unread.slice(0, at);
        unread = unread.slice(at + 2);
        lines.push(line);
        if (last.test(line)) return lines;
      }
      if (ended || deadline.aborted)
        throw new Error(`${ended ? 'it hung up' : 'no answer'}, after: ${JSON.stringify([...lines, unread])}`);
      await new Promise<void>((resolve) => {
        wake = resolve;
        deadline.addEventListener('abort', () => resolve(), { once: true });
      });
    }
  };
  const say: Talk['say'] = (line, end = '\r\n') => void socket.write(`${line}${end}`);

  return {
    say,
    until,
    async ask(line, last) {
      say(line);
      return until(last);
    },
    async secure() {
      if (unread !== '') throw new Error(`said before TLS and not read: ${JSON.stringify(unread)}`);
      start.removeAllListeners('data');
      const inside = encrypt({ socket: start, servername: name, ca: root, minVersion: 'TLSv1.2' });
      await once(inside, 'secureConnect');
      socket = inside;
      listen();
    },
    certificate() {
      if (!('getPeerX509Certificate' in socket)) throw new Error('not inside TLS');
      return socket.getPeerX509Certificate() ?? new X509Certificate('');
    },
    end: () => void socket.destroy(),
  };
}
