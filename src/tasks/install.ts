import type { Policy } from '../model/index.ts';
import { needsCertbot } from './sni.ts';
import type { Task } from './task.ts';

/** certbot is not needed when the administrator supplies every certificate. A Dovecot without IMAP and POP3 still answers for logins. */
export function packagesFor(policy: Policy): string[] {
  const servers = (['imap', 'pop3'] as const).filter((one) => !policy.leftOut?.includes(one));
  const dovecot = servers.length > 0 ? servers.map((one) => `dovecot-${one}d`) : policy.alone ? [] : ['dovecot-core'];
  return ['postfix', ...dovecot, ...(needsCertbot(policy) ? ['certbot'] : [])];
}

/** The programs that the recipe configures. An installed package is not touched, not even for an upgrade. */
export const install: Task = {
  name: 'install',
  title: 'Postfix, Dovecot with IMAP and POP3, and certbot are installed',
  actions: ({ packages }, policy) => {
    const missing = packagesFor(policy).filter((name) => packages[name]?.status !== 'installed');
    return missing.length > 0 ? [{ kind: 'install', packages: missing }] : [];
  },
};
