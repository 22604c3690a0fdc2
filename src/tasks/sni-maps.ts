/** Postfix's SNI maps (name to certificate) that hold copies of the keys (`postmap -F`). Pure. */
import type { Note, Policy } from '../model/index.ts';
import { quote } from '../formats/text/shell-quote.ts';

/** The file extension of each type's index. */
const SUFFIXES: Readonly<Record<string, string>> = { hash: 'db', btree: 'db', lmdb: 'lmdb', cdb: 'cdb' };

/** Maps of these types hold copies: `hash:/etc/postfix/sni`. For other types smtpd reads the files when it starts. */
export function isIndexed(map: string): boolean {
  const [, type = '', path = ''] = /^(\w+):(.*)$/.exec(map) ?? [];
  return SUFFIXES[type] !== undefined && path.startsWith('/');
}

export function sniMapNotes({ sniMaps = [] }: Policy): Note[] {
  return sniMaps.map(({ map, setting }) => {
    const text = `${setting}: ${map} holds copies of keys and certificates, and a renewal does not update them: \`postmap -F ${map}\` does. harden-mail's renewal hook and certificate watch run it; another tool that renews one of these certificates must run it too, or the map must be of type texthash:, which has no copies`;
    return { task: 'starttls', level: 'info', text };
  });
}

/**
 * A shell function `remake_maps`, or an empty text. It builds each map beside the old one and then renames it, so an error leaves
 * the old map in place.
 */
export function remakeMaps({ sniMaps = [] }: Policy): string {
  if (sniMaps.length === 0) return '';
  const calls = sniMaps.map(({ map }) => {
    const [, type = '', path = ''] = /^(\w+):(.*)$/.exec(map) ?? [];
    return `  remake ${type} ${quote(path)} ${SUFFIXES[type]}\n`;
  });
  return `
# Maps of names to certificates hold copies of the keys: each is built beside the old one and then renamed.
remake() { # TYPE PATH SUFFIX
  [ -e "$2" ] || return 0
  new=$2.harden-mail
  if ! { (umask 077 && cp -p "$2" "$new") && postmap -F "$1:$new" && mv -f "$new.$3" "$2.$3"; }; then
    logger -t harden-mail -p mail.err "postmap -F $1:$2 failed: it still holds the old keys and certificates"
  fi
  rm -f "$new" "$new.$3"
}
remake_maps() {
${calls.join('')}}
`;
}
