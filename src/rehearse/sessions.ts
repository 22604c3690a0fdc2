/** The work of the user of the rehearsal: gets mail, sends mail, and looks at all folders over IMAP and POP3. */
import { CLIENT } from '../mail/protocol.ts';
import { reason, type Wire } from '../mail/wire.ts';
import { IMAP_PORTS, POP3_PORTS, SUBMISSION_PORTS } from '../model/index.ts';
import {
  folderNames,
  handIn,
  ImapSession,
  loggedIn,
  missingIn,
  openConversation,
  PATIENCE,
  SILENCE,
} from './conversations.ts';
import { assertActive, putScript, SIEVE_PORT } from './manage-sieve.ts';
import type { Person } from './resident.ts';

/** By what was tried: `mail by 25`, `send by 465`. Null: it worked; else the reason why not. */
export type Tries = Readonly<Record<string, string | null>>;

export interface UserView {
  readonly tries: Tries;
  /** A line for each folder, subscription and message, over IMAP; and for each message over POP3. */
  readonly mail: readonly string[];
}

/** Milliseconds that a mail for another folder may be in the queue, once the others have arrived. */
const FILING_PATIENCE = 5000;
const FOLDERS = ['Rehearsal', 'Rehearsal/Sub folder', 'Archive-2025', 'Lists', 'Lists/announce'];

/** A mail with this word in its subject is filed by the user's script. */
const FILED = 'to be filed';
const FILING = 'filing by a Sieve script';
const FOR_FOLDER = 'mail by 25 for a folder';

/** Where the host delivers without Sieve, a mail for a folder is not sent a second time. */
const isOnce = (what: string, before: Tries): boolean => what === FOR_FOLDER && typeof before[FILING] === 'string';

/** Folders with sub-folders and subscriptions. Does nothing where a folder exists. */
async function makeFolders(imap: ImapSession, named: (folder: string) => string): Promise<void> {
  for (const folder of FOLDERS) {
    const name = `"${named(folder)}"`;
    await imap.ask(`CREATE ${name}`);
    if (!folder.startsWith('Archive')) await imap.ask(`SUBSCRIBE ${name}`);
  }
}

async function overImap(imap: ImapSession): Promise<string[]> {
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
        const { wire, protocol } = await openConversation(address, 25, timeout);
        wire.close(protocol.goodbye);
      });
    return { tries, mail: [] };
  }
  const sent: string[] = [];
  const scripts = listens.has(SIEVE_PORT);
  if (scripts) await attempt(`scripts by ${SIEVE_PORT}`, () => filing(address, listens, person, round));
  if (scripts && open25 && !isOnce(FOR_FOLDER, before))
    await attempt(FOR_FOLDER, async () => {
      const { wire, protocol } = await openConversation(address, 25, timeout);
      await handIn(wire, `sender@${CLIENT}`, person.address, `${FILED} ${round}`);
      wire.close(protocol.goodbye);
    });
  if (open25)
    await attempt('mail by 25', async () => {
      const { wire, protocol } = await openConversation(address, 25, timeout);
      await handIn(wire, `sender@${CLIENT}`, person.address, `by 25 ${round}`);
      sent.push(`by 25 ${round}`);
      wire.close(protocol.goodbye);
    });
  for (const port of SUBMISSION_PORTS.filter((one) => listens.has(one)))
    await attempt(`send by ${port}`, async () => {
      const { wire, protocol } = await loggedIn(address, port, person, timeout);
      await handIn(wire, person.address, person.address, `by ${port} ${round}`);
      sent.push(`by ${port} ${round}`);
      wire.close(protocol.goodbye);
    });
  let mail: string[] = [];
  for (const port of IMAP_PORTS.filter((one) => listens.has(one)))
    await attempt(`read by ${port}`, async () => {
      const { wire, protocol } = await loggedIn(address, port, person, timeout);
      const imap = new ImapSession(wire);
      if (round === 'as it is' && !scripts) await makeFolders(imap, await folderNames(imap)).catch(() => {});
      await attempt('delivery of these mails', () => arrival(imap, 'INBOX', sent, patience));
      if (tries[FOR_FOLDER] === null)
        await attempt(FILING, async () => arrival(imap, (await folderNames(imap))('Rehearsal'), [`${FILED} ${round}`], FILING_PATIENCE)); // oxfmt-ignore
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
  if (round !== 'as it is' || port === undefined) return assertActive(address, person, SILENCE);
  const { wire, protocol } = await loggedIn(address, port, person);
  const imap = new ImapSession(wire);
  const named = await folderNames(imap);
  await makeFolders(imap, named).catch(() => {});
  wire.close(protocol.goodbye);
  return putScript(address, person, FILED, named('Rehearsal'), SILENCE);
}

/** A queue takes a moment. */
async function arrival(
  imap: ImapSession,
  folder: string,
  subjects: readonly string[],
  patience = PATIENCE,
): Promise<void> {
  const missing = await missingIn(imap, folder, subjects, patience);
  if (missing.length > 0) throw new Error(`not in ${folder}: ${missing.join(', ')}`);
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
