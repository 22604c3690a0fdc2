import type { Facts, Lineage } from '../model.ts';
import { certificateRequest, lineageName, usableLineage } from './lineage.ts';
import type { Task } from './task.ts';

export const DEPLOY_HOOK = '/etc/letsencrypt/renewal-hooks/deploy/harden-mail';

/** A certificate for the mail domain, and daemons that take up its renewals. */
export const certbot: Task = {
  name: 'certbot',
  title: 'certbot keeps a certificate for the mail domain, and its renewals reach the daemons',
  actions: certificateRequest,
  notes: (facts, policy) => {
    const lineage = usableLineage(facts, policy);
    const stays = lineage !== null && certificateRequest(facts, policy).length === 0;
    return [...timerNote(facts), ...(stays ? renewalNote(lineage, facts) : [])];
  },
  files: (facts, policy) => [
    {
      path: DEPLOY_HOOK,
      bytes: deployHook(lineageName(facts, policy)),
      mode: '0755',
      owner: 'root:root',
      why: 'certbot runs it after each renewal; without it the daemons go on serving the old certificate until it expires.',
    },
  ],
};

function timerNote({ timer }: Facts): string[] {
  if (!timer || (timer.active && timer.enabled)) return [];
  const what = timer.active
    ? 'certbot.timer is not enabled, so that after the next boot nothing renews the certificate'
    : 'certbot.timer does not run, so that nothing renews the certificate';
  return [`${what}: systemctl enable --now certbot.timer, unless something else calls certbot renew`];
}

function renewalNote({ name, authenticator }: Lineage, { listeners }: Facts): string[] {
  if (authenticator === null) {
    return [`the certificate in /etc/letsencrypt/live/${name} is not certbot's: who made it must renew it`];
  }
  const holder = listeners.find(({ port }) => port === 80);
  if (authenticator !== 'standalone' || !holder) return [];
  return [
    `certbot renews ${name} by answering on port 80 itself (standalone), where ${holder.process || 'another program'} listens: that fails, unless a pre_hook stops it. \`certbot certonly --webroot -w FOLDER --cert-name ${name} -d …\` changes the way`,
  ];
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
