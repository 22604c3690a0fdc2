/**
 * Mail from outside while a host is worked on: a client that sends as a mail server does. It tries again after 4xx, after a
 * connection that fails and after a TLS handshake that fails, and takes 5xx for final.
 */

import { once } from 'node:events';
import { connect as dial } from 'node:net';
import type { Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { connect as encrypt } from 'node:tls';

export interface OutsideMail {
  readonly subject: string;
  readonly to: string;
  /** Of each try that did not succeed, the answer, or why the connection ended. */
  readonly tries: string[];
  /** Milliseconds since the epoch. */
  readonly at: number;
  /** The answer that ended it: 250, or a refusal. Null: still waits. */
  end: string | null;
  /** A connection broke after the whole text was sent: the server may have it (RFC 1047), and the next try sends it once more. */
  inDoubt: boolean;
}

export interface OutsideSender {
  readonly mails: readonly OutsideMail[];
  /** Ends the stream of new mails, and waits until each has been accepted or refused. */
  finish(within: number): Promise<void>;
  stop(): void;
}

interface Target {
  readonly address: string;
  readonly from: string;
  readonly to: readonly string[];
  /** The words with which each subject begins. */
  readonly label: string;
  readonly every: number;
  /** Users log in on a port with TLS. A mail whose session fails is not sent again: its user sees the error. */
  readonly login?: { readonly user: string; readonly password: string };
}

const RETRY = 2000; // milliseconds
const PATIENCE = 20_000;

/** Sends numbered mails until it is stopped. */
export function sendFromOutside(target: Target): OutsideSender {
  const mails: OutsideMail[] = [];
  let making = true;
  let working = true;
  let clear = false;

  const make = async (): Promise<void> => {
    for (let n = 0; making; n += 1) {
      const to = target.to[n % target.to.length] ?? '';
      mails.push({ subject: `${target.label} ${n}`, to, tries: [], at: Date.now(), end: null, inDoubt: false });
      await sleep(target.every);
    }
  };
  const waiting = (): OutsideMail[] => mails.filter(({ end }) => end === null);
  const work = async (): Promise<void> => {
    while (working) {
      const due = waiting();
      let failed = due.length === 0;
      for (const mail of due) {
        const outcome = await attempt(target, mail, clear);
        clear = outcome.clear;
        mail.inDoubt ||= outcome.inDoubt;
        if (outcome.answer.startsWith('2') || target.login !== undefined) mail.end = outcome.answer;
        else if (outcome.answer.startsWith('5')) mail.end = outcome.answer;
        else {
          mail.tries.push(outcome.answer);
          failed = true;
          if (!outcome.answer.startsWith('4')) break; // The host is away: one probe is enough.
        }
        if (!working) break;
      }
      if (failed && working) await sleep(due.length === 0 ? 100 : RETRY);
    }
  };
  const running = Promise.all([make(), work()]);
  running.catch(() => {});
  return {
    mails,
    async finish(within) {
      making = false;
      for (const deadline = Date.now() + within; waiting().length > 0 && Date.now() < deadline;) await sleep(200);
      working = false;
      await running;
    },
    stop() {
      making = false;
      working = false;
    },
  };
}

interface Attempted {
  readonly answer: string;
  /** The next try is without TLS, as opportunistic TLS does it after a handshake that failed. */
  readonly clear: boolean;
  readonly inDoubt: boolean;
}

async function attempt(target: Target, mail: OutsideMail, clear: boolean): Promise<Attempted> {
  let secured = false;
  let inDoubt = false;
  const told = (answer: string, next = false): Attempted => ({ answer, clear: next, inDoubt });
  try {
    const line = await open(target.address, target.login ? 465 : 25);
    try {
      if (target.login) await line.secure();
      const greeting = await line.answer();
      if (!greeting.startsWith('2')) return told(greeting, clear);
      let offers = await line.ask('EHLO outside.example');
      if (!target.login && !clear && /STARTTLS/.test(offers)) {
        const ready = await line.ask('STARTTLS');
        if (!ready.startsWith('2')) return told(ready, clear);
        secured = true;
        await line.secure();
        offers = await line.ask('EHLO outside.example');
        secured = false;
      }
      const words = [
        ...(target.login ? [`AUTH PLAIN ${Buffer.from(`\0${target.login.user}\0${target.login.password}`).toString('base64')}`] : []), // oxfmt-ignore
        `MAIL FROM:<${target.from}>`,
        `RCPT TO:<${mail.to}>`,
        'DATA',
        `From: <${target.from}>\r\nTo: <${mail.to}>\r\nSubject: ${mail.subject}\r\nMessage-ID: <${mail.subject.replaceAll(' ', '-')}@outside.example>\r\n\r\ntext\r\n.`,
      ];
      let answer = offers;
      for (const word of words) {
        inDoubt = word.endsWith('\r\n.');
        answer = await line.ask(word);
        inDoubt = false;
        if (!/^[23]/.test(answer)) break;
      }
      line.say('QUIT');
      return told(answer);
    } finally {
      line.end();
    }
  } catch (error) {
    return told(`connection: ${(error as Error).message}`, secured);
  }
}

interface Line {
  say(text: string): void;
  /** A whole answer in one text, of several lines where the server gives several. */
  answer(): Promise<string>;
  ask(text: string): Promise<string>;
  secure(): Promise<void>;
  end(): void;
}

async function open(address: string, port: number): Promise<Line> {
  const plain = dial(port, address);
  let socket: Socket = plain;
  let unread = '';
  let over = '';
  let wake = (): void => {};
  const listen = (): void => {
    socket.setEncoding('latin1').on('data', (chunk) => {
      unread += String(chunk);
      wake();
    });
    socket.on('error', (error) => {
      over ||= error.message;
      wake();
    });
    socket.on('close', () => {
      over ||= 'it hung up';
      wake();
    });
  };
  const connecting = setTimeout(() => plain.destroy(new Error('no answer to connect')), PATIENCE);
  try {
    await once(plain, 'connect');
  } finally {
    clearTimeout(connecting);
  }
  listen();
  const line: Line = {
    say: (text) => void socket.write(`${text}\r\n`),
    async answer() {
      for (const deadline = Date.now() + PATIENCE; ;) {
        const whole = /^(?:\d{3}-.*\r\n)*\d{3}(?: .*)?\r\n/.exec(unread);
        if (whole) {
          unread = unread.slice(whole[0].length);
          return whole[0].trimEnd();
        }
        if (over !== '') throw new Error(over);
        if (Date.now() > deadline) throw new Error('no answer');
        await Promise.race([new Promise<void>((resolve) => (wake = resolve)), sleep(1000)]);
      }
    },
    ask: (text) => {
      line.say(text);
      return line.answer();
    },
    async secure() {
      plain.removeAllListeners('data');
      const inside = encrypt({ socket: plain, rejectUnauthorized: false });
      const failing = setTimeout(() => inside.destroy(new Error('no TLS')), PATIENCE);
      try {
        await once(inside, 'secureConnect');
      } finally {
        clearTimeout(failing);
      }
      socket = inside;
      listen();
    },
    end: () => plain.destroy(),
  };
  return line;
}
