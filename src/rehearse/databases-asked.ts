/** The databases that the daemons ask about users and addresses, and that no copy has. */
import type { Capture } from './capture.ts';
import { PATHS } from '../model/index.ts';

/** Map types of Postfix whose tables are in a server or in a file of another program. */
const MAP = /(?:^|[\s,={])(?:proxy:)?((?:mysql|pgsql|ldap|sqlite|mongodb|nis|nisplus):[^\s,{}]+)/g;
/** Drivers of Dovecot's passdb and userdb that ask another program. */
const DRIVER = 'sql|ldap|lua|dict|oauth2|imap|checkpassword|bsdauth|sia|vpopmail|nss';

/** `FILE: what it asks`, each once. */
export function databasesAsked({ files, read }: Pick<Capture, 'files' | 'read'>): string[] {
  const found = files.flatMap(({ path, bytes }) => {
    const text = bytes.replace(/^\s*#.*$/gm, '');
    if (path === PATHS.MAIN_CF || path === PATHS.MASTER_CF)
      return [...text.matchAll(MAP)].map(([, map = '']) => `${path}: ${map}`);
    return read.includes(path) ? driversIn(text).map((driver) => `${path}: driver ${driver}`) : [];
  });
  return [...new Set(found)];
}

/** `passdb { driver = sql }` of Dovecot 2.3, and `passdb sql { }` of 2.4. */
function driversIn(text: string): string[] {
  const blocks = text.match(/^\s*(?:passdb|userdb)\b[^{\n]*\{[^}]*/gm) ?? [];
  const driver = new RegExp(`(?:\\bdriver\\s*=\\s*|^\\s*(?:passdb|userdb)\\s+)(${DRIVER})\\s*(?:$|[{#])`, 'm');
  return blocks.flatMap((block) => driver.exec(block)?.[1] ?? []);
}
