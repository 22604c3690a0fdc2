/** Certificates that the daemons keep because the administrator chose them. Pure. */
import type { Facts, Kept, MailDaemon, Note, Policy } from '../model/index.ts';

const DAEMONS = { postfix: 'dovecot', dovecot: 'postfix' } as const;
const NAMES = { postfix: 'Postfix', dovecot: 'Dovecot' } as const;

/** The certificate that a daemon keeps: its own, else the other daemon's; null if a certificate must be issued. */
export function keptFor({ kept }: Policy, daemon: MailDaemon): Kept | null {
  const other = kept?.[DAEMONS[daemon]];
  return kept?.[daemon] ?? (other?.shared ? other : null);
}

/** Do all daemons of the host keep a certificate, so that none must be issued? */
export function isKept(policy: Policy): boolean {
  return keptFor(policy, 'postfix') !== null && (policy.alone !== undefined || keptFor(policy, 'dovecot') !== null);
}

/** Kept certificates of both daemons, each once. */
export function allKept({ kept = {} }: Policy): Kept[] {
  return Object.values(kept);
}

/** For each certificate that stays: its files, the setting that names it, and the option that replaces it. */
export function keptNotes({ packages }: Facts, policy: Policy): Note[] {
  const told = (['postfix', 'dovecot'] as const).flatMap((daemon): Note[] => {
    const own = policy.kept?.[daemon];
    const one = keptFor(policy, daemon);
    if (!one || one.lineages.length > 0) return [];
    const task = daemon === 'postfix' ? 'starttls' : 'dovecot-ssl';
    const until = new Date(one.until * 1000).toISOString().slice(0, 10);
    if (own) {
      const paths = one.pairs.map(({ cert }) => cert).join(', ');
      const text = `${one.setting}: ${paths} (${one.names.join(', ')}; valid until ${until}) stays; --replace certificate replaces it with one from certbot`;
      return [{ task, level: 'info', text }];
    }
    const [{ cert }] = one.pairs;
    const text = `${NAMES[daemon]} serves no certificate that clients accept: it gets the one that ${NAMES[DAEMONS[daemon]]} serves, ${cert}`;
    return packages[daemon === 'postfix' ? 'postfix' : 'dovecot-core'] ? [{ task, level: 'info', text }] : [];
  });
  const rest = (policy.certificateNotes ?? []).map((text): Note => ({ task: 'certbot', level: 'warning', text }));
  const exposed = [...new Set(allKept(policy).flatMap((one) => (one.lineages.length === 0 ? one.exposed : [])))];
  return [...told, ...rest, ...exposed.map(exposedNote)];
}

function exposedNote(key: string): Note {
  const text = `the private key ${key} can be read by every user of the host: chmod o= ${key}; anyone who has read it can impersonate this host, so replace the key too`;
  return { task: 'certbot', level: 'warning', text };
}
