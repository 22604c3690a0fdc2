import { dovecotEntries, dovecotValue, type DovecotConfig, type DovecotEntry } from '../formats/dovecot/dovecot.ts';
import { isFilter, type Section } from '../formats/dovecot/dovecot-tree.ts';
import type { AuthOffer, AuthSocket, TlsLevel, WayIn } from '../model/index.ts';

/** The default listeners of each login service (service definitions of Dovecot 2.3 and 2.4). */
const SERVICES: readonly {
  readonly service: string;
  readonly protocol: string;
  readonly listeners: readonly { readonly name: string; readonly port: number; readonly ssl: boolean }[];
}[] = [
  { service: 'imap-login', protocol: 'imap', listeners: [listener('imap', 143), listener('imaps', 993, true)] },
  { service: 'pop3-login', protocol: 'pop3', listeners: [listener('pop3', 110), listener('pop3s', 995, true)] },
  {
    service: 'submission-login',
    protocol: 'submission',
    listeners: [listener('submission', 587), listener('submissions', 465, true)],
  },
  { service: 'managesieve-login', protocol: 'sieve', listeners: [listener('sieve', 4190)] },
];

function listener(name: string, port: number, ssl = false): { name: string; port: number; ssl: boolean } {
  return { name, port, ssl };
}

/** Every listener where users log in, with an additional row for each block that changes it for some connections. */
export function dovecotWays(config: DovecotConfig): WayIn[] {
  const served = words(valueOf(config, [], 'protocols') ?? '');
  const blocks = filterBlocks(config.top, []);
  return SERVICES.filter(({ protocol }) => served.includes(protocol)).flatMap(({ service, protocol, listeners }) => {
    const own = [...(config.top.sections.get(`service ${service}`)?.sections.values() ?? [])]
      .filter(({ header }) => header.startsWith('inet_listener '))
      .map(({ header }) => header.slice('inet_listener '.length));
    const extra = own.filter((name) => !listeners.some((one) => one.name === name)).map((name) => listener(name, 0));
    const protocolBlock = [`protocol ${protocol}`];
    return [...listeners, ...extra].flatMap((one): WayIn[] => {
      const path = [`service ${service}`, `inet_listener ${one.name}`];
      const port = Number(valueOf(config, path, 'port') ?? one.port);
      // 2.3 serves `submissions` only if it is set; port 0 disables a listener.
      if (port === 0 || (one.name === 'submissions' && !own.includes('submissions'))) return [];
      const address = valueOf(config, path, config.grammar === '2.4' ? 'listen' : 'address');
      const place = placeOf(config, path);
      const implicit = isYes(valueOf(config, path, 'ssl') ?? (one.ssl ? 'yes' : 'no'));
      // With ssl = no at the top, Dovecot does not open the TLS ports.
      if (implicit && (valueOf(config, [], 'ssl') ?? 'yes').toLowerCase() === 'no') return [];
      const row = (scopes: readonly (readonly string[])[], suffix: string): WayIn => {
        const tls = tlsOf(setting(config, 'ssl', scopes) ?? 'yes', implicit);
        const auth = authOf(config, tls, implicit, scopes);
        const proxy = isYes(valueOf(config, path, 'haproxy') ?? 'no') ? 'haproxy' : '';
        // 2.4 treats connections from a trusted proxy as secured.
        const secured = proxy !== '' && config.grammar === '2.4' && tls !== 'required' && !implicit;
        return {
          id: `${service}/${one.name}${suffix}`,
          daemon: 'dovecot',
          program: service,
          behind: '',
          addresses: words(address ?? valueOf(config, [], 'listen') ?? '*, ::').map((word) => (word === '::' ? '*' : word)).filter((word, at, all) => all.indexOf(word) === at), // oxfmt-ignore
          port,
          ...place,
          tls,
          auth: secured ? { ...auth, offered: 'always' } : auth,
          proxy,
          filters: [],
          certificates: certificatesOf(config, scopes),
          decisions: [],
        };
      };
      const special = blocks.filter((block) => block.every((header) => !header.startsWith('protocol ') || header === protocolBlock[0]) && block.join() !== protocolBlock.join()); // oxfmt-ignore
      const everybody = row([[], protocolBlock], '');
      return [everybody, ...trusted(config, everybody), ...special.map((block) => row([[], protocolBlock, block], ` (${block.join(' ')})`))]; // oxfmt-ignore
    });
  });
}

/** Settings that change logins if a block sets them. */
const DECIDES = ['ssl', 'disable_plaintext_auth', 'auth_allow_cleartext', 'auth_mechanisms', 'login_trusted_networks'];

/** The blocks (`remote 10.0.0.0/8`, `local … `, `protocol imap`) that set one of them, each as the path of its headers. */
function filterBlocks(section: Section, path: readonly string[]): string[][] {
  return [...section.sections.values()].filter(isFilter).flatMap((inner) => {
    const here = [...path, inner.header];
    const decides = DECIDES.some((name) => inner.settings.has(name));
    return [...(decides ? [here] : []), ...filterBlocks(inner, here)];
  });
}

/** The effective value in these scopes, the innermost last. */
function setting(config: DovecotConfig, name: string, scopes: readonly (readonly string[])[]): string | null {
  return scopes.map((scope) => valueOf(config, scope, name)).findLast((value) => value !== null) ?? null;
}

function valueOf(config: DovecotConfig, path: readonly string[], name: string): string | null {
  return dovecotValue(config, [...path, name])?.value ?? null;
}

function tlsOf(ssl: string, implicit: boolean): TlsLevel {
  const word = ssl.toLowerCase();
  if (word === 'no') return 'none';
  return implicit ? 'implicit' : word === 'required' ? 'required' : 'optional';
}

/** Clients in login_trusted_networks count as secured: they may log in in clear, in 2.3 even if TLS is required. */
function trusted(config: DovecotConfig, everybody: WayIn): WayIn[] {
  const networks = valueOf(config, [], 'login_trusted_networks') ?? '';
  if (networks === '' || everybody.tls === 'implicit') return [];
  if (config.grammar === '2.4' && everybody.tls === 'required') return [];
  const { id, auth } = everybody;
  const tls = everybody.tls === 'required' ? 'optional' : everybody.tls;
  return [
    { ...everybody, id: `${id} (login_trusted_networks ${networks})`, tls, auth: { ...auth, offered: 'always' } },
  ];
}

function authOf(
  config: DovecotConfig,
  tls: TlsLevel,
  implicit: boolean,
  scopes: readonly (readonly string[])[],
): AuthOffer {
  const old = setting(config, 'disable_plaintext_auth', scopes);
  const clear = config.grammar === '2.4' ? isYes(setting(config, 'auth_allow_cleartext', scopes) ?? 'no') : old !== null && !isYes(old); // oxfmt-ignore
  // A TLS port hangs up on a client for which ssl is off.
  // 2.4 refuses the combination: doveconf at start; inside a block, every session hangs up.
  const contradicts = config.grammar === '2.4' && clear && (setting(config, 'ssl', scopes) ?? '').toLowerCase() === 'required'; // oxfmt-ignore
  const inside = implicit || tls === 'implicit' || tls === 'required' || !clear;
  return {
    offered: contradicts ? 'never' : inside ? (tls === 'none' ? 'never' : 'inside-tls') : 'always',
    exceptions: '',
    type: 'dovecot',
    path: databases(config).join('; '),
    mechanisms: mechanismsOf(config),
  };
}

/** The mechanisms of `auth_mechanisms`; Dovecot's default is PLAIN alone. */
export function mechanismsOf(config: DovecotConfig): string[] {
  return words((valueOf(config, [], 'auth_mechanisms') ?? 'plain').toLowerCase());
}

/** The user databases, in order: `passdb pam`, `passdb passwd-file /etc/dovecot/users`. */
function databases({ top }: DovecotConfig): string[] {
  return [...top.sections.values()]
    .filter(({ header }) => /^passdb\b/.test(header))
    .map((section) => {
      const told = ['driver', 'args', 'passdb_driver', 'passwd_file_path', 'ldap_base']
        .flatMap((name) => section.settings.get(name)?.at(-1)?.value ?? [])
        .join(' ');
      return told === '' ? section.header : `passdb ${told}`;
    });
}

function certificatesOf(config: DovecotConfig, scopes: readonly (readonly string[])[]): string[] {
  const names = config.grammar === '2.4' ? ['ssl_server_cert_file', 'ssl_server_alt_cert_file'] : ['ssl_cert', 'ssl_alt_cert']; // oxfmt-ignore
  return names.flatMap((name) => {
    const value = setting(config, name, scopes);
    return value === null || value === '' ? [] : [`${name} ${value.replace(/^<\s*/, '')}`];
  });
}

/** The permissions that a mode sets: Dovecot reads a mode without a leading zero as a decimal number (660 is 0224). */
function modeOf(value: string): string {
  const bits = Number.parseInt(value, value.startsWith('0') ? 8 : 10);
  return Number.isNaN(bits) ? value : (bits & 0o777).toString(8).padStart(4, '0');
}

/** The sockets on which other programs ask Dovecot to check a password. */
export function authSockets(config: DovecotConfig): AuthSocket[] {
  const { top, root } = config;
  const service = top.sections.get('service auth');
  return [...(service?.sections.values() ?? [])].flatMap((section): AuthSocket[] => {
    const [, kind, path = ''] = /^(unix|inet)_listener (.*)$/.exec(section.header) ?? [];
    // These give information about users or are for Dovecot's own processes; they check no password.
    if (kind === undefined || /(^|[-/])(userdb|master|login|token-login|tokenlogin)$/.test(path)) return [];
    const of = (name: string): string => section.settings.get(name)?.at(-1)?.value ?? '';
    const place = [...section.settings.values()].flat().toSorted((a, b) => a.order - b.order)[0];
    return [
      {
        path: kind === 'inet' ? `inet:${of('address') || of('listen') || '*'}:${of('port')}` : path,
        kind: kind as 'unix' | 'inet',
        mode: kind === 'inet' ? '' : modeOf(of('mode') || '0600'),
        user:
          of('user') || (path === 'auth-client' ? (valueOf(config, [], 'default_internal_user') ?? 'dovecot') : 'root'),
        group: of('group') || 'root',
        file: place?.file ?? root,
        line: place?.setting.line ?? 1,
      },
    ];
  });
}

function placeOf(config: DovecotConfig, path: readonly string[]): { readonly file: string; readonly line: number } {
  const found = ['port', 'ssl', 'address', 'listen'].flatMap((name): readonly DovecotEntry[] => dovecotEntries(config, [...path, name])); // oxfmt-ignore
  const [first] = found;
  return first ? { file: first.file, line: first.line } : { file: config.root, line: 1 };
}

function words(value: string): string[] {
  return value.split(/[\s,]+/).filter(Boolean);
}

function isYes(value: string): boolean {
  return /^(yes|y|1|true)$/i.test(value);
}
