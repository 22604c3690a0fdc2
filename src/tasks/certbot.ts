import { basename, dirname } from 'node:path/posix';
import { PATHS, type Facts, type Lineage, type Policy } from '../model/index.ts';
import { isKept } from './kept.ts';
import { certificateRequest, usableLineage } from './lineage.ts';
import { remakeMaps } from './sni-maps.ts';
import { certificateRequests, lineagesOf, needsCertbot, parts } from './sni.ts';
import { watchFiles, watchNotes } from './watch.ts';
import type { OwnFile, Task } from './task.ts';

/** The files that make certbot's renewals trust the authority of --acme-ca. */
export const RENEWAL_TRUST: readonly string[] = [PATHS.ACME_CA, PATHS.ACME_CA_UNIT];

/** A certificate for the mail domain, and daemons that load each renewal. */
export const certbot: Task = {
  name: 'certbot',
  title: 'certbot keeps a certificate for the mail domain, and the daemons load each renewal',
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

/** Warnings about each certificate that stays: whether it will be renewed, and whether its key is secret. */
function lineageNotes(part: ReturnType<typeof parts>[number]): string[] {
  const { facts, policy } = part;
  if (certificateRequest(facts, policy).length > 0) return [];
  const usable = usableLineage(facts, policy);
  const served = isKept(policy) ? facts.lineages.filter(({ name }) => lineagesOf(part).includes(name)) : usable ? [usable] : []; // oxfmt-ignore
  return served.flatMap((lineage) => [...renewalNote(lineage, facts), ...keyNote(lineage)]);
}

function hookFile(lineages: readonly string[], policy: Policy): OwnFile {
  return {
    path: PATHS.DEPLOY_HOOK,
    bytes: deployHook([...new Set(lineages)], policy),
    mode: '0755',
    owner: 'root:root',
    why: 'certbot runs it after each renewal. Without it the daemons serve the old certificate until it expires.',
  };
}

/**
 * certbot has no option for the roots of an authority's own HTTPS; it reads an environment variable. Only certbot's renewals get
 * it: the host's other programs do not trust the authority. The host's own roots change with upgrades, so each renewal joins both.
 */
function trustFiles({ request: { acmeCa } = {} }: Policy): OwnFile[] {
  if (acmeCa === undefined) return [];
  const shared = { mode: '0644', owner: 'root:root', why: "Renewals trust the authority's own HTTPS (--acme-ca)." };
  return [
    { ...shared, path: PATHS.ACME_CA, bytes: `${acmeCa.trim()}\n` },
    {
      ...shared,
      path: PATHS.ACME_CA_UNIT,
      bytes: `# Written by harden-mail: renewals trust the roots of --acme-ca in addition to the host's own.
[Service]
RuntimeDirectory=${basename(dirname(PATHS.ACME_CA_BUNDLE))}
ExecStartPre=-/bin/sh -c 'cat ${PATHS.HOST_ROOTS} ${PATHS.ACME_CA} >${PATHS.ACME_CA_BUNDLE}'
Environment=REQUESTS_CA_BUNDLE=${PATHS.ACME_CA_BUNDLE}
`,
    },
  ];
}

function keyNote({ name, exposed }: Lineage): string[] {
  if (!exposed) return [];
  const key = `${PATHS.LIVE}/${name}/privkey.pem`;
  return [
    `the private key ${key} can be read by every user of the host: chmod o= "$(readlink -f ${key})"; anyone who has read it can impersonate this host, so replace the key too: certbot renew --force-renewal --cert-name ${name}`,
  ];
}

function timerNote({ timer }: Facts): string[] {
  if (!timer || (timer.active && timer.enabled)) return [];
  const what = timer.active
    ? 'certbot.timer is not enabled, so nothing renews the certificate after the next boot'
    : 'certbot.timer does not run, so nothing renews the certificate';
  return [`${what}: systemctl enable --now certbot.timer, unless something else calls certbot renew`];
}

function renewalNote({ name, authenticator, hooked }: Lineage, { listeners }: Facts): string[] {
  if (authenticator === null) {
    return [
      `the certificate in ${PATHS.LIVE}/${name} was not issued through certbot, so certbot does not renew it: renew it with the tool that made it`,
    ];
  }
  const holder = listeners.find(({ port }) => port === 80);
  if (authenticator !== 'standalone' || hooked || !holder) return [];
  return [
    `certbot renews ${name} with its own server on port 80 (standalone), but ${holder.process || 'another program'} listens there: the renewal fails unless a hook stops that program (--pre-hook, when a certificate is requested). To change the method: \`certbot certonly --webroot -w FOLDER --cert-name ${name} -d …\``,
  ];
}

/** Reloads through systemd, so that systemd knows the time of the reload. A stopped daemon loads the certificate when it starts. */
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
# Written by harden-mail: after certbot has renewed the mail certificate, Postfix and Dovecot reload.
# certbot runs this for every certificate it renews, with the certificate's folder in RENEWED_LINEAGE.
${ours}
logger -t harden-mail ${says('was renewed: reloading Postfix and Dovecot')}
${policy.sniMaps ? `${remakeMaps(policy).trimStart()}remake_maps\n` : ''}if [ -d ${PATHS.SYSTEMD} ]; then
  systemctl try-reload-or-restart postfix dovecot
else
  postfix reload && doveadm reload
fi || {
  logger -t harden-mail -p mail.err ${says('was renewed, but Postfix or Dovecot was not reloaded')}
  exit 1
}
`;
}
