/** Mail that arrives while a copy is upgraded. */
import { setTimeout as sleep } from 'node:timers/promises';
import { CLIENT } from '../mail/protocol.ts';
import { IMAP_PORTS } from '../model/index.ts';
import { handIn, ImapSession, loggedIn, missingIn, openConversation, PATIENCE } from './conversations.ts';
import type { Person } from './resident.ts';

/** Milliseconds between two mails of other servers. */
const BETWEEN = 5000;

/** Hands in a mail every few seconds, as other servers do; `stop` gives the subjects of those that were accepted. */
export function keepSending(address: string, person: Person): { readonly stop: () => Promise<string[]> } {
  const accepted: string[] = [];
  let stopped = false;
  const loop = async (): Promise<void> => {
    for (let number = 1; !stopped; number++, await sleep(BETWEEN)) {
      const subject = `during the upgrade, number ${number}.`;
      try {
        const { wire, protocol } = await openConversation(address, 25);
        await handIn(wire, `sender@${CLIENT}`, person.address, subject);
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
    const missing = await missingIn(new ImapSession(wire), 'INBOX', subjects, PATIENCE);
    wire.close(protocol.goodbye);
    return missing;
  } catch {
    return [...subjects];
  }
}
