import type { Facts, Note, Policy } from '../../model/index.ts';
import { keptFor } from '../../tasks/kept.ts';
import { servedCertificate } from '../../tasks/served.ts';
import { takesLogins } from '../serving/logins.ts';
import { parseCertificate } from '../../x509/pem.ts';
import { mainReader, type Workspace } from '../workspace.ts';

/** Notes on what strict costs, and on what it leaves to the admin. */
export function strictNotes(before: Workspace, now: Workspace, facts: Facts, policy: Policy): Note[] {
  if (policy.profile !== 'strict' || !now.postfix) return [];
  const read = mainReader(now);
  const isSet = (name: string): boolean => (read(name) ?? '') !== '';
  const { chain } = servedCertificate(facts, policy);
  const types = keptFor(policy, 'postfix')?.pairs.map(({ keyType }) => keyType);
  const isRsa =
    types?.includes('rsa') ?? (chain !== null && parseCertificate(chain)?.publicKey.asymmetricKeyType === 'rsa');
  const remedy = policy.own || types ? 'one with an RSA key serves all' : '--key-type rsa gets one that serves all';
  const refusesClear = policy.asked?.includes('require-tls-inbound');
  const noPop3 = policy.asked?.includes('no-pop3');
  return [
    ...(takesLogins(before)
      ? [{ task: 'sasl', level: 'warning', text: 'users can no longer log in on port 25 to send mail: tell them to use 465 (TLS) or 587 (STARTTLS)' } as const] // oxfmt-ignore
      : []),
    ...(isSet('smtpd_sender_login_maps')
      ? []
      : [info('sasl', 'a user who has logged in may send under any address: only you know which address belongs to which user (smtpd_sender_login_maps, reject_sender_login_mismatch)')]), // oxfmt-ignore
    ...(chain === null || isRsa || refusesClear
      ? []
      : [info('starttls', `the certificate has an ECDSA key: servers that know only RSA bring their mail in clear; ${remedy}`)]), // oxfmt-ignore
    ...(noPop3 ? [] : [info('dovecot-ssl', 'POP3 stays open (110, 995), because no file tells who uses it: if nobody does, --no-pop3 closes it')]), // oxfmt-ignore
  ];
}

function info(task: Note['task'], text: string): Note {
  return { task, level: 'info', text };
}
