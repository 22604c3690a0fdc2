import type { Facts, Lineage, Policy } from '../model/index.ts';
import { isKept } from './kept.ts';
import { certificateRequest, usableLineage } from './lineage.ts';
import { remakeMaps } from './sni-maps.ts';
import { certificateRequests, lineagesOf, needsCertbot, parts } from './sni.ts';
import { watchFiles, watchNotes } from './watch.ts';
import type { OwnFile, Task } from './task.ts';

export const DEPLOY_HOOK = '/etc/letsencrypt/renewal-hooks/deploy/harden-mail';
const ACME_CA = '/etc/letsencrypt/harden-mail-acme-ca.pem';
const RENEWALS = '/etc/systemd/system/certbot.service.d/acme-ca.conf';
/** What has renewals trust the authority. */
export const RENEWAL_TRUST: readonly string[] = [ACME_CA, RENEWALS];

/** A certificate for the mail domain, and daemons that take up its renewals. */
export const certbot: Task = {
  name: 'certbot',
  title: 'certbot keeps a certificate for the mail domain, and its renewals reach the daemons',
  actions: certificateRequests,
  notes: (facts, policy) => {
    const told = parts(facts, policy).flatMap((part) => (part.policy.own ? [] : lineageNotes(part)));
    return [...(needsCertbot(policy) ? timerNote(facts) : []), ...told, ...watchNotes(facts, policy)];
  },
  files: (facts, policy) => {
    const watch = watchFiles(facts, policy);
    if (facts.packages['certbot']?.status !== 'installed' || !needsCertbot(policy)) return watch;
    return [hookFile(parts(facts, policy).flatMap(lineagesOf), policy), ...trustFiles(policy), ...watch];
  },
};

/** Of each that stays: whether it will be renewed, and whether its key is secret. */
function lineageNotes(part: ReturnType<typeof parts>[number]): string[] {
  const { facts, policy } = part;
  if (certificateRequest(facts, policy).length > 0) return [];
  const usable = usableLineage(facts, policy);
  const served = isKept(policy) ? facts.lineages.filter(({ name }) => lineagesOf(part).includes(name)) : usable ? [usable] : []; // oxfmt-ignore
  return served.flatMap((lineage) => [...renewalNote(lineage, facts), ...keyNote(lineage)]);
}

function hookFile(lineages: readonly string[], policy: Policy): OwnFile {
  return {
    path: DEPLOY_HOOK,
    bytes: deployHook([...new Set(lineages)], policy),
    mode: '0755',
    owner: 'root:root',
    why: 'certbot runs it after each renewal; without it the daemons go on serving the old certificate until it expires.',
  };
}

/**
 * certbot knows no option for the roots of an authority's own HTTPS, only the environment. The host's other programs trust it
 * no more than before, and the host's own roots, which change with upgrades, are put together with it at each renewal.
 */
function trustFiles({ acmeCa }: Policy): OwnFile[] {
  if (acmeCa === undefined) return [];
  const shared = { mode: '0644', owner: 'root:root', why: "Renewals trust the authority's own HTTPS (--acme-ca)." };
  return [
    { ...shared, path: ACME_CA, bytes: `${acmeCa.trim()}\n` },
    {
      ...shared,
      path: RENEWALS,
      bytes: `# Written by harden-mail: renewals trust the roots of --acme-ca beside the host's own.
[Service]
RuntimeDirectory=harden-mail-certbot
ExecStartPre=-/bin/sh -c 'cat /etc/ssl/certs/ca-certificates.crt ${ACME_CA} >/run/harden-mail-certbot/roots.pem'
Environment=REQUESTS_CA_BUNDLE=/run/harden-mail-certbot/roots.pem
`,
    },
  ];
}

function keyNote({ name, exposed }: Lineage): string[] {
  if (!exposed) return [];
  const key = `/etc/letsencrypt/live/${name}/privkey.pem`;
  return [
    `the private key ${key} can be read by every user of the host: chmod o= "$(readlink -f ${key})"; whoever has read it can pose as this host, so have a new one made (certbot renew --force-renewal --cert-name ${name})`,
  ];
}

function timerNote({ timer }: Facts): string[] {
  if (!timer || (timer.active && timer.enabled)) return [];
  const what = timer.active
    ? 'certbot.timer is not enabled, so that after the next boot nothing renews the certificate'
    : 'certbot.timer does not run, so that nothing renews the certificate';
  return [`${what}: systemctl enable --now certbot.timer, unless something else calls certbot renew`];
}

function renewalNote({ name, authenticator, hooked }: Lineage, { listeners }: Facts): string[] {
  if (authenticator === null) {
    return [`the certificate in /etc/letsencrypt/live/${name} is not certbot's: who made it must renew it`];
  }
  const holder = listeners.find(({ port }) => port === 80);
  if (authenticator !== 'standalone' || hooked || !holder) return [];
  return [
    `certbot renews ${name} by answering on port 80 itself (standalone), where ${holder.process || 'another program'} listens: that fails, unless something stops it (--pre-hook, when a certificate is requested). \`certbot certonly --webroot -w FOLDER --cert-name ${name} -d …\` changes the way`,
  ];
}

/** Through systemd, which then knows when they were reloaded; one that does not run takes it up when it is started. */
function deployHook(lineages: readonly string[], policy: Policy): string {
  const [lineage = ''] = lineages;
  const one = `[ "\${RENEWED_LINEAGE##*/}" = '${lineage}' ] || exit 0`;
  const several = `lineage=\${RENEWED_LINEAGE##*/}
case $lineage in ${lineages.map((name) => `'${name}'`).join(' | ')}) ;; *) exit 0 ;; esac`;
  const [ours, says] =
    lineages.length === 1
      ? [one, (text: string) => `'certificate ${lineage} ${text}'`]
      : [several, (text: string) => `"certificate $lineage ${text}"`];
  return `#!/bin/sh
# Written by harden-mail: after certbot has renewed the mail certificate, Postfix and Dovecot take it up.
# certbot runs this for every certificate it renews, with the folder of each in RENEWED_LINEAGE.
${ours}
logger -t harden-mail ${says('was renewed: reloading Postfix and Dovecot')}
${policy.sniMaps ? `${remakeMaps(policy).trimStart()}remake_maps\n` : ''}if [ -d /run/systemd/system ]; then
  systemctl try-reload-or-restart postfix dovecot
else
  postfix reload && doveadm reload
fi || {
  logger -t harden-mail -p mail.err ${says('was renewed, but Postfix or Dovecot was not reloaded')}
  exit 1
}
`;
}
