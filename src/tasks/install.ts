import type { Policy } from '../model.ts';
import type { Task } from './task.ts';

/** certbot is of no use to who brings a certificate. */
export function packagesFor({ own }: Policy): string[] {
  return ['postfix', 'dovecot-imapd', 'dovecot-pop3d', ...(own ? [] : ['certbot'])];
}

/** The programs that the recipe configures. What is installed already is not touched, not even for an upgrade. */
export const install: Task = {
  name: 'install',
  title: 'Postfix, Dovecot with IMAP and POP3, and certbot are installed',
  actions: ({ packages }, policy) => {
    const missing = packagesFor(policy).filter((name) => packages[name]?.status !== 'installed');
    return missing.length > 0 ? [{ kind: 'install', packages: missing }] : [];
  },
};
