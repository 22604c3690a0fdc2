/** A directory that answers the filters of a host for one user: its entries, and the words of its schema. */
import { quote } from '../formats/text/shell-quote.ts';
import { encoded } from './sql-server.ts';
import { expanded } from './lookup-variables.ts';
import type { Lookup } from './lookups.ts';
import type { Resident } from './resident.ts';

interface Entry {
  readonly dn: string;
  readonly isPerson: boolean;
  readonly attributes: Map<string, Set<string>>;
}

const BIND = 'rehearsal';

export class Directory {
  private readonly entries: Entry[] = [];
  private readonly resident: Resident;

  constructor(lookups: readonly Lookup[], resident: Resident) {
    this.resident = resident;
    const own = lookups.filter(({ kind, role }) => kind === 'ldap' && role !== 'other' && role !== 'users');
    // An entry whose name a login is bound to comes first, then the deepest.
    const depth = ({ settings }: Lookup): number => (userDn(settings) === undefined ? baseOf(settings).length : 10_000);
    for (const lookup of own.toSorted((one, other) => depth(other) - depth(one))) this.answer(lookup);
  }

  private answer(lookup: Lookup): void {
    const { settings, role, map } = lookup;
    const { login, address } = this.resident;
    const domain = address.slice(address.indexOf('@') + 1);
    const by = map === undefined ? 'dovecot' : 'postfix';
    const key = role === 'domain' ? domain : by === 'postfix' ? address : login;
    const isPerson = role !== 'domain';
    const [base = ''] = expanded(baseOf(settings), by, key);
    const bound = userDn(settings);
    const dn = bound === undefined ? null : (expanded(bound, by, key)[0] ?? null);
    const entry = this.entry(dn, base, isPerson, isPerson ? 'rehearsal' : domain);
    for (const filter of expanded(filterOf(settings, role), by, key)) this.satisfy(entry, filter);
    for (const [attribute, field] of map === undefined
      ? fieldsOf(settings, role)
      : ([[settings['result_attribute'] ?? 'maildrop', '']] as const)) {
      // oxfmt-ignore
      const first = attribute.split(/[\s,]+/)[0] ?? '';
      const [wanted] = field === 'password' ? [this.password()] : this.resident.wants(role)(field);
      if (!has(entry, first)) add(entry, first, wanted ?? (/quota|size|storage/i.test(first) ? '1073741824' : 'rehearsal')); // oxfmt-ignore
    }
    if (isPerson) add(entry, 'userPassword', this.password());
  }

  /** In a scheme that slapd and Dovecot know. */
  private password(): string {
    return this.resident.passwords.find((one) => one.startsWith('{CRYPT}')) ?? this.resident.password;
  }

  private entry(dn: string | null, base: string, isPerson: boolean, name: string): Entry {
    const found = this.entries.find((one) => one.isPerson === isPerson && (dn === null ? one.dn.toLowerCase().endsWith(base.toLowerCase()) : one.dn === dn)); // oxfmt-ignore
    if (found) return found;
    const made = { dn: dn ?? `cn=${name},${base}`, isPerson, attributes: new Map<string, Set<string>>() };
    const [, attribute = 'cn', value = name] = /^([\w-]+)=((?:[^,\\]|\\.)*)/.exec(made.dn) ?? [];
    add(made, attribute, value.replaceAll('\\', ''));
    this.entries.push(made);
    return made;
  }

  /** `(&(a=1)(|(b=2)(c=*))(!(d=3)))`: every part that is not denied is made to hold. */
  private satisfy(entry: Entry, filter: string): void {
    const kept = filter.replace(/\(!\s*\((?:[^()]|\((?:[^()]|\([^()]*\))*\))*\)\s*\)/g, '');
    for (const [, name = '', value = ''] of kept.matchAll(/\(\s*([\w-]+)\s*[~<>]?=\s*([^()]*)\)/g)) {
      const text = value.replace(/\\([\da-f]{2})/gi, (_, hex: string) => String.fromCharCode(parseInt(hex, 16)));
      if (text.trim() === '*') {
        if (!has(entry, name)) add(entry, name, 'rehearsal');
      } else add(entry, name, text.replaceAll('*', ''));
    }
  }

  /** Makes the directory, from nothing. */
  script(lookups: readonly Lookup[]): string {
    const own = lookups.filter(({ kind }) => kind === 'ldap');
    const binds = own.flatMap(
      ({ settings }) => settings['dn'] ?? settings['bind_dn'] ?? settings['ldap_auth_dn'] ?? [],
    );
    const reading = [...new Set(binds.filter((dn) => dn.includes('=')))].filter((dn) => this.entries.every((one) => one.dn !== dn)); // oxfmt-ignore
    const entries = [...this.entries.map(withClasses), ...reading.map(readerEntry)];
    const parents = [...new Set(entries.flatMap(({ dn }) => parentsOf(dn)))].filter((dn) => entries.every((one) => one.dn !== dn)); // oxfmt-ignore
    const all = [...parents.toSorted((one, other) => one.length - other.length).map(parentEntry), ...entries];
    const attributes = new Set(all.flatMap((entry) => [...entry.attributes.keys()]));
    for (const { settings } of own) for (const name of (settings['result_attribute'] ?? '').split(/[\s,]+/)) if (name !== '') attributes.add(name); // oxfmt-ignore
    const classes = new Set(all.flatMap((entry) => [...(entry.attributes.get('objectClass') ?? [])]));
    const ports = own.flatMap(({ settings }) => settings['server_port'] ?? `${settings['uris'] ?? ''} ${settings['ldap_uris'] ?? ''} ${settings['server_host'] ?? ''} ${settings['hosts'] ?? ''}`.match(/(?<=[\w.\]]:)\d+/g) ?? []); // oxfmt-ignore
    const urls = [...new Set(['389', ...ports])].map((port) => `ldap://0.0.0.0:${port}/`);
    return SLAPD.replace('@URLS@', () => [...urls, 'ldapi:///'].join(' '))
      .replace('@ATTRIBUTES@', () => [...attributes].map(quote).join(' '))
      .replace('@CLASSES@', () => [...classes].map(quote).join(' '))
      .replace('@LDIF@', () => encoded(all.map(ldif).join('\n\n')));
  }
}

function baseOf(settings: Lookup['settings']): string {
  return settings['search_base'] ?? settings['base'] ?? settings['ldap_base'] ?? '';
}

function userDn(settings: Lookup['settings']): string | undefined {
  return settings['auth_bind_userdn'] ?? settings['bind_userdn'] ?? settings['passdb_ldap_bind_userdn'];
}

function filterOf(settings: Lookup['settings'], role: Lookup['role']): string {
  const own = role === 'password' ? settings['pass_filter'] : role === 'user' ? settings['user_filter'] : undefined;
  const named = own ?? settings['query_filter'] ?? settings['filter'] ?? settings['ldap_filter'];
  return named ?? (role === 'password' || role === 'user' ? '(&(objectClass=posixAccount)(uid=%u))' : '(mailacceptinggeneralid=%s)'); // oxfmt-ignore
}

/** `[attribute, field of Dovecot]`, of `mail=user,userPassword=password`, of `=home=/x/%{ldap:uid}`, and of the fields of 2.4. */
function fieldsOf(settings: Lookup['settings'], role: Lookup['role']): (readonly [string, string])[] {
  const text = (role === 'password' ? settings['pass_attrs'] : settings['user_attrs']) ?? '';
  const pairs = text.split(',').flatMap((pair): (readonly [string, string])[] => {
    const [, attribute = '', field = ''] = /^\s*([\w-]+)=([\w-]+)/.exec(pair) ?? [];
    if (attribute !== '') return [[attribute, field]];
    return templates(/^\s*=([\w-]+)=(.*)$/.exec(pair));
  });
  const later = Object.entries(settings).flatMap(([field, value]) => (/attrs$/.test(field) ? [] : templates([field, field, value]))); // oxfmt-ignore
  return [...pairs, ...later];
}

/** A template that is one attribute has the value of the field; others have a name in the place of an attribute. */
function templates(found: readonly (string | undefined)[] | null): (readonly [string, string])[] {
  // oxfmt-ignore
  const [, field = '', value = ''] = found ?? [];
  return [...value.matchAll(/%\{ldap:([\w-]+)[^}]*\}/g)].map(([whole, name = '']) => [name, whole === value.trim() ? field : '']); // oxfmt-ignore
}

function has({ attributes }: Entry, name: string): boolean {
  return [...attributes.keys()].some((one) => one.toLowerCase() === name.toLowerCase());
}

function add({ attributes }: Entry, name: string, value: string): void {
  const key = [...attributes.keys()].find((one) => one.toLowerCase() === name.toLowerCase()) ?? (name.toLowerCase() === 'objectclass' ? 'objectClass' : name); // oxfmt-ignore
  const values = attributes.get(key) ?? new Set<string>();
  attributes.set(key, values);
  if (key !== 'userPassword' || values.size === 0) values.add(value);
}

/** Attributes that a class must have. */
const MUST: Readonly<Record<string, readonly string[]>> = {
  posixaccount: ['cn', 'uid', 'uidNumber', 'gidNumber', 'homeDirectory'],
  shadowaccount: ['uid'],
  account: ['uid'],
  inetorgperson: ['cn', 'sn'],
  organizationalrole: ['cn'],
  organizationalunit: ['ou'],
  organization: ['o'],
  domain: ['dc'],
};
const STRUCTURAL = ['inetorgperson', 'organizationalperson', 'person', 'account', 'organizationalunit', 'organization', 'domain', 'organizationalrole', 'groupofnames']; // oxfmt-ignore

function withClasses(entry: Entry): Entry {
  const own = [...(entry.attributes.get('objectClass') ?? [])].map((name) => name.toLowerCase());
  if (!own.some((name) => STRUCTURAL.includes(name))) add(entry, 'objectClass', entry.isPerson ? 'inetOrgPerson' : 'organizationalRole'); // oxfmt-ignore
  add(entry, 'objectClass', 'extensibleObject');
  for (const name of [...(entry.attributes.get('objectClass') ?? [])])
    for (const attribute of MUST[name.toLowerCase()] ?? [])
      if (!has(entry, attribute)) add(entry, attribute, /Number$/.test(attribute) ? '5000' : attribute === 'homeDirectory' ? '/nonexistent' : 'rehearsal'); // oxfmt-ignore
  return entry;
}

function named(dn: string): Entry {
  const entry: Entry = { dn, isPerson: false, attributes: new Map() };
  const [, attribute = 'cn', value = BIND] = /^([\w-]+)=((?:[^,\\]|\\.)*)/.exec(dn) ?? [];
  add(entry, attribute, value);
  return entry;
}

function parentEntry(dn: string): Entry {
  return withClasses(named(dn));
}

/** An account with which a daemon reads: its password is the stand-in. */
function readerEntry(dn: string): Entry {
  const entry = named(dn);
  add(entry, 'userPassword', BIND);
  return withClasses(entry);
}

function parentsOf(dn: string): string[] {
  const parts = dn.split(/(?<!\\),\s*/);
  return parts.slice(1).map((_, index) => parts.slice(index + 1).join(','));
}

function ldif({ dn, attributes }: Entry): string {
  const lines = [...attributes].flatMap(([name, values]) =>
    [...values].map((value) => `${name}: ${value.replace(/[\r\n]+/g, ' ')}`),
  );
  return [`dn: ${dn}`, ...lines].join('\n');
}

const SLAPD = `install -d /run/slapd
install -d -m 700 /var/lib/rehearsal-ldap
cd /etc/ldap/schema
number=0
{
  for schema in core cosine inetorgperson nis; do [ ! -f $schema.schema ] || echo "include /etc/ldap/schema/$schema.schema"; done
  for name in @ATTRIBUTES@; do
    number=$((number + 1))
    grep -qi "'$name'" core.schema cosine.schema inetorgperson.schema nis.schema 2>/dev/null || [ "$name" = objectClass ] ||
      echo "attributetype ( 1.3.6.1.4.1.32473.1.$number NAME '$name' EQUALITY caseIgnoreMatch SUBSTR caseIgnoreSubstringsMatch SYNTAX 1.3.6.1.4.1.1466.115.121.1.15 )"
  done
  for name in @CLASSES@; do
    number=$((number + 1))
    grep -qi "'$name'" core.schema cosine.schema inetorgperson.schema nis.schema 2>/dev/null || [ "$name" = extensibleObject ] ||
      echo "objectclass ( 1.3.6.1.4.1.32473.2.$number NAME '$name' SUP top AUXILIARY )"
  done
  cat <<'END OF CONFIGURATION'
allow bind_v2 bind_anon_cred
database ldif
suffix ""
rootdn cn=rehearsal
rootpw rehearsal
directory /var/lib/rehearsal-ldap
access to * by * read
END OF CONFIGURATION
} >/root/rehearsal-slapd.conf
systemctl mask slapd >/dev/null 2>&1
@LDIF@ | slapadd -c -q -f /root/rehearsal-slapd.conf >&2 || true
systemd-run -q --unit rehearsal-ldap -p Restart=on-failure /usr/sbin/slapd -d 0 -f /root/rehearsal-slapd.conf -h '@URLS@'
for try in $(seq 50); do ldapsearch -x -H ldapi:/// -s base -b '' >/dev/null 2>&1 && break; sleep 0.1; done`;
