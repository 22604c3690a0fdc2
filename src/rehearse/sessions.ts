/** The work of the user of the rehearsal: gets mail, sends mail, and looks at all folders over IMAP and POP3. */
import { connect as dial } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { createSecureContext } from 'node:tls';
import { CLIENT, type Protocol } from '../mail/protocol.ts';
import { PROTOCOLS } from '../mail/protocols.ts';
import { readReply } from '../mail/smtp-reply.ts';
import { openWire, reason, type Wire } from '../mail/wire.ts';
import { IMAP_PORTS, MAIL_PORTS, POP3_PORTS, SUBMISSION_PORTS } from '../model/index.ts';
import { show } from '../formats/text/show.ts';
import { assertActive, putScript, SIEVE_PORT } from './manage-sieve.ts';
import type { Person } from './resident.ts';

/** By what was tried: `mail by 25`, `send by 465`. Null: it worked; else the reason why not. */
export type Tries = Readonly<Record<string, string | null>>;

export interface UserView {
  readonly tries: Tries;
  /** A line for each folder, subscription and message, over IMAP; and for each message over POP3. */
  readonly mail: readonly string[];
}

const TIMEOUT = 15_000;
/** Milliseconds that a mail may be in the queue. */
const PATIENCE = 30_000;
/** The same for a mail for another folder, once the others have arrived. */
const FILING_PATIENCE = 5000;
/** Milliseconds between two mails of other servers. */
const BETWEEN = 5000;
const FOLDERS = ['Rehearsal', 'Rehearsal/Sub folder', 'Archive-2025', 'Lists', 'Lists/announce'];

/** A conversation on a port, in TLS where it is offered. */
async function open(
  address: string,
  port: number,
  timeout = TIMEOUT,
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

async function loggedIn(
  address: string,
  port: number,
  { login, password }: Person,
  timeout = TIMEOUT,
): Promise<{ wire: Wire; protocol: Protocol }> {
  const talk = await open(address, port, timeout);
  const { ok, text } = await talk.protocol.login(talk.wire, Buffer.from(`\0${login}\0${password}`).toString('base64'));
  if (!ok) throw new Error(`refuses the login: "${show(text)}"`);
  return talk;
}

/** Hands in one message. */
async function send(wire: Wire, from: string, to: string, subject: string): Promise<void> {
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

class Imap {
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

/** A mail with this word in its subject is filed by the user's script. */
const FILED = 'to be filed';
const FILING = 'filing by a Sieve script';
const FOR_FOLDER = 'mail by 25 for a folder';

/** Where the host delivers without Sieve, a mail for a folder is not sent a second time. */
const isOnce = (what: string, before: Tries): boolean => what === FOR_FOLDER && typeof before[FILING] === 'string';

/** Gives the name of the user's folders on this server. */
async function namesOf(imap: Imap): Promise<(folder: string) => string> {
  const separator = /^\* LIST \([^)]*\) "(.)" /.exec((await imap.ask('LIST "" ""'))[0] ?? '')?.[1] ?? '/';
  const namespace = await imap.ask('NAMESPACE').catch(() => []);
  const prefix = /^\* NAMESPACE \(\("([^"]*)"/.exec(namespace[0] ?? '')?.[1] ?? '';
  return (folder) => `${prefix}${folder.replaceAll('/', separator)}`;
}

/** Folders with sub-folders and subscriptions. Does nothing where a folder exists. */
async function makeFolders(imap: Imap, named: (folder: string) => string): Promise<void> {
  for (const folder of FOLDERS) {
    const name = `"${named(folder)}"`;
    await imap.ask(`CREATE ${name}`);
    if (!folder.startsWith('Archive')) await imap.ask(`SUBSCRIBE ${name}`);
  }
}

async function overImap(imap: Imap): Promise<string[]> {
  const seen: string[] = [];
  for (const line of await imap.ask('GETQUOTAROOT INBOX').catch(() => []))
    for (const [, resource, limit] of line.startsWith('* QUOTA ')
      ? line.matchAll(/\b(STORAGE|MESSAGE) \d+ (\d+)/g)
      : [])
      seen.push(`quota of ${limit} for ${resource}`);
  const list = await imap.ask('LIST "" "*"');
  for (const line of await imap.ask('LSUB "" "*"')) seen.push(`subscribed ${/(?:"[^"]*"|NIL) (.*)$/.exec(line)?.[1]}`);
  for (const line of list) {
    const [, flags = '', name = ''] = /^\* LIST \(([^)]*)\) (?:"[^"]*"|NIL) (.*)$/.exec(line) ?? [];
    if (name === '' || /\\noselect/i.test(flags)) continue;
    // A script in a Maildir is listed as a folder, and does not open.
    const selected = await imap.ask(`EXAMINE ${name}`).catch(() => null);
    if (!selected) {
      seen.push(`folder ${name} that does not open`);
      continue;
    }
    const validity = /UIDVALIDITY (\d+)/.exec(selected.join(' '))?.[1];
    seen.push(`folder ${name} ${validity}`);
    for (const found of await imap.ask('UID FETCH 1:* (UID FLAGS RFC822.SIZE)').catch(() => [])) {
      const [, uid] = /\bUID (\d+)/.exec(found) ?? [];
      const [, size] = /RFC822\.SIZE (\d+)/.exec(found) ?? [];
      if (uid !== undefined) seen.push(`message ${name} ${uid} of ${size} bytes`);
    }
  }
  return seen;
}

async function overPop3(wire: Wire): Promise<string[]> {
  wire.send('UIDL', 'slow');
  if (!(await wire.line()).startsWith('+OK')) throw new Error('does not list the maildrop');
  const seen: string[] = [];
  for (let line = await wire.line(); line !== '.'; line = await wire.line()) seen.push(`POP3 ${line.split(' ')[1]}`);
  return seen;
}

export interface Round {
  /** Part of each subject. */
  readonly name: string;
  /** Those of the first round. */
  readonly before?: Tries;
  /** Milliseconds for which a silent server is waited for. */
  readonly timeout?: number;
  /** The same for a mail in the queue. */
  readonly patience?: number;
}

/** @param listens ports that the copy's daemons hold */
export async function useMail(
  address: string,
  listens: ReadonlySet<number>,
  person: Person | null,
  { name: round, before = {}, timeout, patience }: Round,
): Promise<UserView> {
  const tries: Record<string, string | null> = {};
  const attempt = async (what: string, work: () => Promise<void>): Promise<void> => {
    tries[what] = await work().then(
      () => null,
      (error: unknown) => reason(error),
    );
  };
  const open25 = listens.has(25);
  if (!person) {
    if (open25)
      await attempt('a greeting on 25', async () => {
        const { wire, protocol } = await open(address, 25, timeout);
        wire.close(protocol.goodbye);
      });
    return { tries, mail: [] };
  }
  const sent: string[] = [];
  const scripts = listens.has(SIEVE_PORT);
  if (scripts) await attempt(`scripts by ${SIEVE_PORT}`, () => filing(address, listens, person, round));
  if (scripts && open25 && !isOnce(FOR_FOLDER, before))
    await attempt(FOR_FOLDER, async () => {
      const { wire, protocol } = await open(address, 25, timeout);
      await send(wire, `sender@${CLIENT}`, person.address, `${FILED} ${round}`);
      wire.close(protocol.goodbye);
    });
  if (open25)
    await attempt('mail by 25', async () => {
      const { wire, protocol } = await open(address, 25, timeout);
      await send(wire, `sender@${CLIENT}`, person.address, `by 25 ${round}`);
      sent.push(`by 25 ${round}`);
      wire.close(protocol.goodbye);
    });
  for (const port of SUBMISSION_PORTS.filter((one) => listens.has(one)))
    await attempt(`send by ${port}`, async () => {
      const { wire, protocol } = await loggedIn(address, port, person, timeout);
      await send(wire, person.address, person.address, `by ${port} ${round}`);
      sent.push(`by ${port} ${round}`);
      wire.close(protocol.goodbye);
    });
  let mail: string[] = [];
  for (const port of IMAP_PORTS.filter((one) => listens.has(one)))
    await attempt(`read by ${port}`, async () => {
      const { wire, protocol } = await loggedIn(address, port, person, timeout);
      const imap = new Imap(wire);
      if (round === 'as it is' && !scripts) await makeFolders(imap, await namesOf(imap)).catch(() => {});
      await attempt('delivery of these mails', () => arrival(imap, 'INBOX', sent, patience));
      if (tries[FOR_FOLDER] === null)
        await attempt(FILING, async () => arrival(imap, (await namesOf(imap))('Rehearsal'), [`${FILED} ${round}`], FILING_PATIENCE)); // oxfmt-ignore
      mail = await overImap(imap);
      wire.close(protocol.goodbye);
    });
  for (const port of POP3_PORTS.filter((one) => listens.has(one)))
    await attempt(`read by ${port}`, async () => {
      const { wire, protocol } = await loggedIn(address, port, person, timeout);
      const found = await overPop3(wire);
      mail = [...mail.filter((line) => !line.startsWith('POP3 ')), ...found];
      wire.close(protocol.goodbye);
    });
  return { tries, mail };
}

/** The first time: folders, and a script that files mails into one of them. Later the script must be there. */
async function filing(address: string, listens: ReadonlySet<number>, person: Person, round: string): Promise<void> {
  const port = IMAP_PORTS.find((one) => listens.has(one));
  if (round !== 'as it is' || port === undefined) return assertActive(address, person, TIMEOUT);
  const { wire, protocol } = await loggedIn(address, port, person);
  const imap = new Imap(wire);
  const named = await namesOf(imap);
  await makeFolders(imap, named).catch(() => {});
  wire.close(protocol.goodbye);
  return putScript(address, person, FILED, named('Rehearsal'), TIMEOUT);
}

/** A queue takes a moment. */
async function arrival(imap: Imap, folder: string, subjects: readonly string[], patience = PATIENCE): Promise<void> {
  const missing = await missingIn(imap, folder, subjects, patience);
  if (missing.length > 0) throw new Error(`not in ${folder}: ${missing.join(', ')}`);
}

async function missingIn(imap: Imap, folder: string, subjects: readonly string[], patience: number): Promise<string[]> {
  for (const deadline = Date.now() + patience; ; await sleep(300)) {
    await imap.ask(`SELECT "${folder}"`);
    const missing: string[] = [];
    for (const subject of subjects)
      if (!/ \d/.test((await imap.ask(`SEARCH SUBJECT "${subject}"`))[0] ?? '')) missing.push(subject);
    if (missing.length === 0 || Date.now() > deadline) return missing;
  }
}

/** The subjects that are not in the mailbox; all of them if it cannot be read. */
export async function undelivered(
  address: string,
  listens: readonly number[],
  person: Person,
  subjects: readonly string[],
): Promise<string[]> {
  const port = IMAP_PORTS.find((one) => listens.includes(one));
  if (port === undefined) return [...subjects];
  try {
    const { wire, protocol } = await loggedIn(address, port, person);
    const missing = await missingIn(new Imap(wire), 'INBOX', subjects, PATIENCE);
    wire.close(protocol.goodbye);
    return missing;
  } catch {
    return [...subjects];
  }
}

/** Hands in a mail every few seconds, as other servers do; `stop` gives the subjects of those that were accepted. */
export function keepSending(address: string, person: Person): { readonly stop: () => Promise<string[]> } {
  const accepted: string[] = [];
  let stopped = false;
  const loop = async (): Promise<void> => {
    for (let number = 1; !stopped; number++, await sleep(BETWEEN)) {
      const subject = `during the upgrade, number ${number}.`;
      try {
        const { wire, protocol } = await open(address, 25);
        await send(wire, `sender@${CLIENT}`, person.address, subject);
        accepted.push(subject);
        wire.close(protocol.goodbye);
      } catch {
        // Another server would try again later.
      }
    }
  };
  const done = loop();
  return {
    async stop() {
      stopped = true;
      await done;
      return accepted;
    },
  };
}

/** The things that the user had before and lacks now, in sentences. */
export function losses(before: UserView, now: UserView): string[] {
  const gone = Object.entries(before.tries).flatMap(([what, why]) => {
    const later = now.tries[what];
    if (why !== null || later === null || isOnce(what, before.tries)) return [];
    return [`${what} worked before, and does not now: ${later ?? 'the port is closed'}`];
  });
  const there = new Set(now.mail);
  const missing = before.mail.filter((line) => !there.has(line));
  return [...gone, ...(missing.length > 0 ? [`${missing.length} of ${before.mail.length} folders, subscriptions and messages are not as before, the first: ${missing[0]}`] : [])]; // oxfmt-ignore
}
