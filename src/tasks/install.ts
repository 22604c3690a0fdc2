import type { Policy } from '../model.ts';
import { needsCertbot } from './sni.ts';
import type { Task } from './task.ts';

/** certbot is of no use to who brings all certificates. */
export function packagesFor(policy: Policy): string[] {
  return ['postfix', 'dovecot-imapd', 'dovecot-pop3d', ...(needsCertbot(policy) ? ['certbot'] : [])];
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
