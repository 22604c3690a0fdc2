import type { Task } from './task.ts';

const PACKAGES = ['postfix', 'dovecot-imapd', 'dovecot-pop3d', 'certbot'];

/** The programs that the recipe configures. What is installed already is not touched, not even for an upgrade. */
export const install: Task = {
  name: 'install',
  title: 'Postfix, Dovecot with IMAP and POP3, and certbot are installed',
  actions: ({ packages }) => {
    const missing = PACKAGES.filter((name) => packages[name]?.status !== 'installed');
    return missing.length > 0 ? [{ kind: 'install', packages: missing }] : [];
  },
};
