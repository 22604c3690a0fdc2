/** Postfix's maps from name to certificate that hold copies of the keys (`postmap -F`). Pure. */
import type { Note, Policy } from '../model/index.ts';
import { quote } from '../formats/text/shell-quote.ts';

/** What each type is kept in, beside its text. */
const SUFFIXES: Readonly<Record<string, string>> = { hash: 'db', btree: 'db', lmdb: 'lmdb', cdb: 'cdb' };

/** Maps of these types hold copies: `hash:/etc/postfix/sni`. Others read the files when smtpd starts. */
export function isIndexed(map: string): boolean {
  const [, type = '', path = ''] = /^(\w+):(.*)$/.exec(map) ?? [];
  return SUFFIXES[type] !== undefined && path.startsWith('/');
}

export function sniMapNotes({ sniMaps = [] }: Policy): Note[] {
  return sniMaps.map(({ map, setting }) => {
    const text = `${setting}: ${map} holds copies of keys and certificates, which a renewal leaves as they were: \`postmap -F ${map}\` makes them anew. The renewal hook and the watch of harden-mail do that; another tool that renews one of these certificates must do it too, or use texthash:, which needs no copies`;
    return { task: 'starttls', level: 'info', text };
  });
}

/**
 * A shell function `remake_maps`, or nothing. Each map is made anew beside the old one and put in its place whole, so that an
 * error leaves the old one.
 */
export function remakeMaps({ sniMaps = [] }: Policy): string {
  if (sniMaps.length === 0) return '';
  const calls = sniMaps.map(({ map }) => {
    const [, type = '', path = ''] = /^(\w+):(.*)$/.exec(map) ?? [];
    return `  remake ${type} ${quote(path)} ${SUFFIXES[type]}\n`;
  });
  return `
# Maps of names to certificates hold copies of the keys: each is made anew beside the old one, and put in its place whole.
remake() { # TYPE PATH SUFFIX
  [ -e "$2" ] || return 0
  new=$2.harden-mail
  if ! { (umask 077 && cp -p "$2" "$new") && postmap -F "$1:$new" && mv -f "$new.$3" "$2.$3"; }; then
    logger -t harden-mail -p mail.err "postmap -F $1:$2 failed: the keys and certificates in it are those of before"
  fi
  rm -f "$new" "$new.$3"
}
remake_maps() {
${calls.join('')}}
`;
}
