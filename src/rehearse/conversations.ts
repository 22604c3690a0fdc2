/** Conversations with the mail servers of a copy: one is opened, logged in to, and used to hand in or to find a message. */
import { connect as dial } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { createSecureContext } from 'node:tls';
import { CLIENT, type Protocol } from '../mail/protocol.ts';
import { PROTOCOLS } from '../mail/protocols.ts';
import { readReply } from '../mail/smtp-reply.ts';
import { openWire, type Wire } from '../mail/wire.ts';
import { MAIL_PORTS } from '../model/index.ts';
import { show } from '../formats/text/show.ts';
import type { Person } from './resident.ts';

/** Milliseconds for which a silent server is waited for. */
export const SILENCE = 15_000;
/** Milliseconds that a mail may be in the queue. */
export const PATIENCE = 30_000;

/** A conversation on a port, in TLS where it is offered. */
export async function openConversation(
  address: string,
  port: number,
  timeout = SILENCE,
): Promise<{ readonly wire: Wire; readonly protocol: Protocol }> {
  const kind = MAIL_PORTS.find((one) => one.port === port);
  if (!kind) throw new Error(`${port} is no mail port`);
  const protocol = PROTOCOLS[kind.protocol];
  const wire = openWire(dial({ host: address, port, noDelay: true }), timeout);
  const context = createSecureContext({});
  if (kind.tls === 'implicit') await wire.secure({ context, servername: '' });
  await protocol.greet(wire);
  const offer = await protocol.offer(wire);
  if (kind.tls === 'starttls' && offer.starttls && (await protocol.startTls(wire)).ok) {
    await wire.secure({ context, servername: '' });
    await protocol.offer(wire);
  }
  return { wire, protocol };
}

export async function loggedIn(
  address: string,
  port: number,
  { login, password }: Person,
  timeout = SILENCE,
): Promise<{ wire: Wire; protocol: Protocol }> {
  const talk = await openConversation(address, port, timeout);
  const { ok, text } = await talk.protocol.login(talk.wire, Buffer.from(`\0${login}\0${password}`).toString('base64'));
  if (!ok) throw new Error(`refuses the login: "${show(text)}"`);
  return talk;
}

/** Hands in one message. */
export async function handIn(wire: Wire, from: string, to: string, subject: string): Promise<void> {
  const say = async (line: string, code: number): Promise<void> => {
    wire.send(line, 'slow');
    const reply = await readReply(wire);
    if (reply.code !== code) throw new Error(`answers "${show(reply.text)}" to ${show(line.split(':')[0] ?? line)}`);
  };
  await say(`MAIL FROM:<${from}>`, 250);
  await say(`RCPT TO:<${to}>`, 250);
  await say('DATA', 354);
  await say(`From: <${from}>\r\nTo: <${to}>\r\nSubject: ${subject}\r\nMessage-ID: <${subject.replace(/\W/g, '-')}@${CLIENT}>\r\n\r\nA mail of the rehearsal.\r\n.`, 250); // oxfmt-ignore
}

export class ImapSession {
  private count = 0;

  private readonly wire: Wire;

  constructor(wire: Wire) {
    this.wire = wire;
  }

  async ask(command: string): Promise<string[]> {
    const tag = `r${++this.count}`;
    this.wire.send(`${tag} ${command}`, 'slow');
    const lines: string[] = [];
    for (;;) {
      const line = await this.wire.line();
      if (line.startsWith('+ ')) return lines;
      if (!line.startsWith(`${tag} `)) {
        lines.push(line);
        continue;
      }
      if (line.startsWith(`${tag} OK`)) return lines;
      throw new Error(`answers "${show(line)}" to ${command.split(' ')[0]}`);
    }
  }
}

/** Gives the name of the user's folders on this server. */
export async function folderNames(imap: ImapSession): Promise<(folder: string) => string> {
  const separator = /^\* LIST \([^)]*\) "(.)" /.exec((await imap.ask('LIST "" ""'))[0] ?? '')?.[1] ?? '/';
  const namespace = await imap.ask('NAMESPACE').catch(() => []);
  const prefix = /^\* NAMESPACE \(\("([^"]*)"/.exec(namespace[0] ?? '')?.[1] ?? '';
  return (folder) => `${prefix}${folder.replaceAll('/', separator)}`;
}

/** The subjects of which there is no message in the folder, after this many milliseconds. */
export async function missingIn(
  imap: ImapSession,
  folder: string,
  subjects: readonly string[],
  patience: number,
): Promise<string[]> {
  for (const deadline = Date.now() + patience; ; await sleep(300)) {
    await imap.ask(`SELECT "${folder}"`);
    const missing: string[] = [];
    for (const subject of subjects)
      if (!/ \d/.test((await imap.ask(`SEARCH SUBJECT "${subject}"`))[0] ?? '')) missing.push(subject);
    if (missing.length === 0 || Date.now() > deadline) return missing;
  }
}
