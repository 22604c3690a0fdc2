/** The entries of a mail client's account, from the map of the host. Pure. */
import type { DovecotConfig } from '../formats/dovecot/dovecot.ts';
import { dovecotValue } from '../formats/dovecot/dovecot.ts';
import type { ClientService, ClientSettings, ExposureMap, MailProtocol, WayIn } from '../model/index.ts';
import { parametersOf, type Config, type HostFacts } from './config.ts';

const PROTOCOLS: Readonly<Record<string, MailProtocol>> = {
  'imap-login': 'imap',
  'pop3-login': 'pop3',
  smtpd: 'smtp',
  'submission-login': 'smtp',
};
const ORDER: readonly MailProtocol[] = ['imap', 'pop3', 'smtp'];
const NAMES: Readonly<Record<MailProtocol, string>> = { imap: 'IMAP', pop3: 'POP3', smtp: 'SMTP' };

/** @param server the name that clients connect to, which the certificate has */
export function clientSettings(
  { ways }: Pick<ExposureMap, 'ways'>,
  config: Config,
  facts: HostFacts,
  server: string,
): ClientSettings {
  const reachable = ways.filter((way) => PROTOCOLS[way.program] !== undefined && isReached(way));
  const offered = reachable.flatMap(serviceOf);
  // 25 is for other servers; users send through it only where nothing else is there (RFC 8314, 3.3).
  const others = offered.some(({ protocol, port }) => protocol === 'smtp' && port !== 25);
  const services = offered.filter(({ port }) => port !== 25 || !others).sort(byProtocol);
  return {
    server,
    login: loginOf(config.dovecot),
    domains: domainsOf(config, facts, server),
    services: services.filter((one, at) => services.findIndex(({ port }) => port === one.port) === at),
    refused: refusedBy(reachable.toSorted((a, b) => rankOf(a) - rankOf(b))),
  };
}

/** For everybody: not an exception for a network, and not only on the loopback interface. */
function isReached({ id, port, addresses, proxy }: WayIn): boolean {
  const isLocal = addresses.length > 0 && addresses.every((one) => /^(127\.|::1$|localhost$)/.test(one));
  return port !== null && !id.includes(' (') && !isLocal && proxy === '';
}

function serviceOf(way: WayIn): ClientService[] {
  const { port, program, tls, auth, decisions } = way;
  const protocol = PROTOCOLS[program];
  if (port === null || protocol === undefined || tls === 'none' || auth.offered === 'never') return [];
  const sends = decisions.find(({ client, destination }) => client === 'user' && destination === 'relay');
  if (sends !== undefined && sends.verdict !== 'accepted' && sends.verdict !== 'unknown') return [];
  return [{ protocol, port, security: tls === 'implicit' ? 'tls' : 'starttls' }];
}

function byProtocol(one: ClientService, other: ClientService): number {
  const rank = ({ protocol, security }: ClientService): number =>
    2 * ORDER.indexOf(protocol) + (security === 'tls' ? 0 : 1);
  return rank(one) - rank(other) || one.port - other.port;
}

function rankOf({ program }: WayIn): number {
  return ORDER.indexOf(PROTOCOLS[program] ?? 'smtp');
}

/** `logins without TLS: IMAP 143, POP3 110` */
function refusedBy(ways: readonly WayIn[]): string[] {
  const named = ({ program, port }: WayIn): string => `${NAMES[PROTOCOLS[program] ?? 'smtp']} ${port}`;
  const of = (isMeant: (way: WayIn) => boolean): string => [...new Set(ways.filter(isMeant).map(named))].join(', ');
  const begins = ({ tls }: WayIn): boolean => tls === 'optional' || tls === 'required';
  const clear = of((way) => begins(way) && way.auth.offered === 'inside-tls' && way.port !== 25);
  const none = of(({ program, auth }) => program === 'smtpd' && auth.offered === 'never');
  return [
    ...(clear === '' ? [] : [`logins without TLS: ${clear}`]),
    ...(none === '' ? [] : [`logins of any kind: ${none}`]),
  ];
}

/** Users of the host itself (PAM) log in with their name; Dovecot takes an address for them only where it cuts off the domain. */
function loginOf(dovecot: DovecotConfig | null): ClientSettings['login'] {
  if (dovecot === null) return 'address';
  const passdbs = [...dovecot.top.sections.values()].filter(({ header }) => /^passdb\b/.test(header));
  const driver = ({ header, settings }: (typeof passdbs)[number]): string =>
    settings.get('driver')?.at(-1)?.value ??
    settings.get('passdb_driver')?.at(-1)?.value ??
    header.replace(/^passdb\s*/, '');
  const isSystem = passdbs.length > 0 && passdbs.every((one) => /^(pam|shadow|passwd|bsdauth)$/.test(driver(one)));
  const format = dovecotValue(dovecot, ['auth_username_format'])?.value ?? '';
  return isSystem && !/%L?n|username/.test(format) ? 'name' : 'address';
}

/** The domains that main.cf names itself; tables are not read. Without one, the name of the server. */
function domainsOf({ postfix }: Config, facts: HostFacts, server: string): string[] {
  if (postfix === null) return [server];
  const parameters = parametersOf(postfix.main, null, facts);
  const words = ['virtual_mailbox_domains', 'virtual_alias_domains', 'mydestination'].flatMap((name) =>
    parameters.of(name).split(/[\s,]+/),
  );
  const domains = words
    .map((word) => word.toLowerCase())
    .filter((word) => /^([a-z0-9]([a-z0-9-]*[a-z0-9])?\.)+[a-z0-9-]*[a-z][a-z0-9-]*$/.test(word))
    .filter((word) => !/(^|\.)localhost(\.|$)|\.localdomain$/.test(word));
  const own = (facts.postconf['myhostname'] ?? '').toLowerCase();
  const others = [...new Set(domains)].filter((one) => one !== own && one !== server.toLowerCase());
  return others.length > 0 ? others : [server];
}
