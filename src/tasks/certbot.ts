import { X509Certificate } from 'node:crypto';
import type { Facts, Lineage } from '../model.ts';
import type { Task } from './task.ts';

export const DEPLOY_HOOK = '/etc/letsencrypt/renewal-hooks/deploy/harden-mail';

/** A certificate for the mail domain, and daemons that take up its renewals. */
export const certbot: Task = {
  name: 'certbot',
  title: 'certbot keeps a certificate for the mail domain, and its renewals reach the daemons',
  actions: (facts, { domain, email, acmeServer }) =>
    usableLineage(facts, domain)
      ? []
      : [
          {
            kind: 'certificate',
            name: lineageName(facts, domain),
            domain,
            ...(email !== undefined && { email }),
            ...(acmeServer !== undefined && { acmeServer }),
          },
        ],
  notes: (facts, { domain }) => [...timerNote(facts), ...byHandNote(usableLineage(facts, domain))],
  files: (facts, { domain }) => [
    {
      path: DEPLOY_HOOK,
      bytes: deployHook(lineageName(facts, domain)),
      mode: '0755',
      owner: 'root:root',
      why: 'certbot runs it after each renewal; without it the daemons go on serving the old certificate until it expires.',
    },
  ],
};

/** The name certbot keeps the certificate under, or will. */
export function lineageName(facts: Facts, domain: string): string {
  return usableLineage(facts, domain)?.name ?? nameToAskFor(facts, domain);
}

/**
 * One of its own of that name is got anew; else the first name that is free, as certbot counts them. Where something
 * that is not certbot's has the name, certbot would fail only after the authority has issued.
 */
function nameToAskFor({ lineages, takenNames }: Facts, domain: string): string {
  for (let n = 0; ; n++) {
    const name = n === 0 ? domain : `${domain}-${String(n).padStart(4, '0')}`;
    if (!takenNames.includes(name) || lineages.some((lineage) => lineage.name === name && lineage.own)) return name;
  }
}

/**
 * The certificate that certbot keeps for the domain: the lineage of that name, else one whose certificate covers it.
 * One without its key, not valid yet or any more by the host's clock, or for other names is none.
 */
export function usableLineage(facts: Facts, domain: string): Lineage | null {
  const usable = facts.lineages.filter((lineage) => lineage.key && covers(lineage.chain, domain, facts.now));
  return usable.find((lineage) => lineage.name === domain) ?? usable[0] ?? null;
}

function covers(chain: string, domain: string, now: number): boolean {
  try {
    const certificate = new X509Certificate(chain);
    const [from, to] = [certificate.validFrom, certificate.validTo].map((date) => Date.parse(date) / 1000);
    return certificate.checkHost(domain) !== undefined && from! <= now && now < to!;
  } catch {
    return false;
  }
}

function timerNote({ timer }: Facts): string[] {
  if (!timer || (timer.active && timer.enabled)) return [];
  const what = timer.active
    ? 'certbot.timer is not enabled, so that after the next boot nothing renews the certificate'
    : 'certbot.timer does not run, so that nothing renews the certificate';
  return [`${what}: systemctl enable --now certbot.timer, unless something else calls certbot renew`];
}

function byHandNote(lineage: Lineage | null): string[] {
  if (!lineage || lineage.own) return [];
  return [`the certificate in /etc/letsencrypt/live/${lineage.name} is not certbot's: who made it must renew it`];
}

/** Through systemd, which then knows when they were reloaded; one that does not run takes it up when it is started. */
function deployHook(lineage: string): string {
  return `#!/bin/sh
# Written by harden-mail: after certbot has renewed the mail certificate, Postfix and Dovecot take it up.
# certbot runs this for every certificate it renews, with the folder of each in RENEWED_LINEAGE.
[ "\${RENEWED_LINEAGE##*/}" = '${lineage}' ] || exit 0
logger -t harden-mail 'certificate ${lineage} was renewed: reloading Postfix and Dovecot'
if [ -d /run/systemd/system ]; then
  systemctl try-reload-or-restart postfix dovecot
else
  postfix reload && doveadm reload
fi || {
  logger -t harden-mail -p mail.err 'certificate ${lineage} was renewed, but Postfix or Dovecot was not reloaded'
  exit 1
}
`;
}
