/** The databases that the daemons ask about users and addresses: those that a copy can have, and the others. */
import type { Capture } from './capture.ts';
import { PATHS } from '../model/index.ts';
import type { DatabaseKind } from './lookups.ts';

/** Map types of Postfix whose tables are in a server or in a file of another program. */
const MAP = /(?:^|[\s,={])(?:proxy:)?((mysql|pgsql|ldap|sqlite|mongodb|nis|nisplus):[^\s,{}]+)/g;
/** Drivers of Dovecot's passdb and userdb that no copy has. */
const FOREIGN = /^(dict|oauth2|imap|bsdauth|sia|vpopmail|nss)$/;
const SQL = /^[ \t]*(?:sql_)?driver[ \t]*=[ \t]*(mysql|pgsql|sqlite)[ \t]*$|=[ \t]*(mysql|pgsql|sqlite):\//gm;

export interface DatabasesAsked {
  /** A stand-in takes the place of these. */
  readonly kinds: readonly DatabaseKind[];
  /** `FILE: what it asks`: no stand-in exists. */
  readonly others: readonly string[];
}

export function databasesAsked({ files, read }: Pick<Capture, 'files' | 'read'>): DatabasesAsked {
  const kinds = new Set<DatabaseKind>();
  const others = new Set<string>();
  for (const { path, bytes } of files) {
    const text = bytes.replace(/^\s*#.*$/gm, '');
    if (path === PATHS.MAIN_CF || path === PATHS.MASTER_CF)
      for (const [, map = '', type = ''] of text.matchAll(MAP))
        if (isKind(type)) kinds.add(type);
        else others.add(`${path}: ${map}`);
    else if (path.startsWith(`${PATHS.DOVECOT}/`) || read.includes(path))
      for (const [, kind, ofDict] of text.matchAll(SQL)) kinds.add((kind ?? ofDict) as DatabaseKind);
    if (!read.includes(path)) continue;
    for (const driver of driversIn(text))
      if (driver === 'ldap') kinds.add('ldap');
      else if (FOREIGN.test(driver)) others.add(`${path}: driver ${driver}`);
  }
  return { kinds: [...kinds].toSorted(), others: [...others] };
}

function isKind(type: string): type is DatabaseKind {
  return ['mysql', 'pgsql', 'sqlite', 'ldap'].includes(type);
}

/** `passdb { driver = sql }` of Dovecot 2.3, and `passdb sql { }` of 2.4. */
function driversIn(text: string): string[] {
  const blocks = text.match(/^\s*(?:passdb|userdb)\b[^{\n]*\{[^}]*/gm) ?? [];
  const driver = /(?:\bdriver\s*=\s*|^\s*(?:passdb|userdb)\s+)(\w+)\s*(?:$|[{#])/m;
  return blocks.flatMap((block) => driver.exec(block)?.[1] ?? []);
}
