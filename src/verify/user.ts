/** The first actions of a user after the login. */
import { smtp } from '../mail/smtp.ts';
import type { NoteFinding, TalkInside } from './talk.ts';

/** The login if it is an address, else that name at the mail domain. */
export function addressOf(name: string, domain: string): string {
  return name.includes('@') ? name : `${name}@${domain}`;
}

/** Does what a mail client does first. Skips an address that SMTP cannot carry unquoted. */
export async function useAccount(
  { wire, protocol, offer, domain, user }: TalkInside,
  note: NoteFinding,
): Promise<void> {
  if (!user) return;
  const account = { name: user.name, address: addressOf(user.name, domain) };
  if (protocol === smtp && !/^(?=[\x21-\x7e]+$)[^<>"@]+@[^<>"@]+$/.test(account.address)) return;
  const { status, text } = await protocol.use(wire, account, offer);
  note(status, text);
}
