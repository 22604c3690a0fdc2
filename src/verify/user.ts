/** A user: the login, and what a mail client does after it. */
import type { NoteCheck } from './checks/index.ts';
import type { Account, Offer, Protocol } from '../mail/protocol.ts';
import { show } from '../formats/text/show.ts';
import { smtp } from '../mail/smtp.ts';
import type { Wire } from '../mail/wire.ts';

export interface User {
  readonly name: string;
  readonly password: string;
}

/** Logs in; returns whether the server accepted the login. @param proven the server proved its identity */
export async function logIn(
  wire: Wire,
  protocol: Protocol,
  user: User,
  proven: boolean,
  note: NoteCheck,
): Promise<boolean> {
  if (!proven) {
    note('login', 'hint', 'not tried: a password is not sent to a server that did not prove who it is');
    return false;
  }
  const response = Buffer.from(`\0${user.name}\0${user.password}`).toString('base64');
  const reply = await protocol.login(wire, response);
  // A server that echoes unknown input must not bring the password into a report.
  const safe = reply.text.replaceAll(response, '***');
  if (reply.ok) note('login', 'pass', `logs ${show(user.name)} in`);
  else note('login', 'fail', `does not log ${show(user.name)} in: "${show(safe)}"`);
  return reply.ok;
}

/** The login if it is an address, else that name at the mail domain. */
export function addressOf(name: string, domain: string): string {
  return name.includes('@') ? name : `${name}@${domain}`;
}

/** Uses what the login gave access to. Skips an address that SMTP cannot carry unquoted. */
export async function useAccount(
  wire: Wire,
  protocol: Protocol,
  account: Account,
  offer: Offer,
  note: NoteCheck,
): Promise<void> {
  if (protocol === smtp && !/^(?=[\x21-\x7e]+$)[^<>"@]+@[^<>"@]+$/.test(account.address)) return;
  const { check, status, text } = await protocol.use(wire, account, offer);
  note(check, status, text);
}
