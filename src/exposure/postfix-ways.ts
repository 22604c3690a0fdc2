import { activeServices, type MasterService } from '../formats/postfix/master-cf.ts';
import { PORT_NAMES, type AuthOffer, type TlsLevel, type WayOut } from '../model/index.ts';
import { parametersOf, type Config, type HostFacts, type Parameters } from './config.ts';

/** One smtpd as master.cf starts it. */
export interface Smtpd {
  /** `submission/inet`, `smtpd/pass` */
  readonly id: string;
  readonly service: MasterService;
  readonly parameters: Parameters;
  readonly behind: '' | 'postscreen';
  readonly addresses: readonly string[];
  readonly port: number | null;
  readonly tls: TlsLevel;
  readonly auth: AuthOffer;
  /** Why smtpd serves nobody: TLS is required but unavailable, or its level is invalid; null if it serves. */
  readonly dead: string | null;
  readonly proxy: string;
  readonly filters: readonly string[];
  readonly certificates: readonly string[];
}

/** Every smtpd that TCP clients can reach, in the order of master.cf. */
export function smtpdsOf({ postfix }: Config, facts: HostFacts): Smtpd[] {
  if (!postfix) return [];
  const services = activeServices(postfix.master);
  return services.flatMap((service): Smtpd[] => {
    if (service.command === 'smtpd' && service.type === 'inet') return [smtpdOf(postfix, facts, service, service, '')];
    if (service.command !== 'postscreen' || service.type !== 'inet') return [];
    const wanted = parametersOf(postfix.main, service, facts).of('smtpd_service_name');
    const inner = services.find(({ name, type, command }) => name === wanted && type === 'pass' && command === 'smtpd');
    return inner ? [smtpdOf(postfix, facts, inner, service, 'postscreen')] : [];
  });
}

/** An smtpd without any `-o` of its own: only main.cf applies. Its line is 0. */
export function plainSmtpd({ postfix }: Config, facts: HostFacts): Smtpd[] {
  if (!postfix) return [];
  const columns = { private_: 'n', unpriv: '-', chroot: '-', wakeup: '-', maxproc: '-', args: [], options: [] };
  const service = { name: 'smtp', type: 'inet', command: 'smtpd', ...columns, line: 0, index: 0 };
  return [smtpdOf(postfix, facts, service, service, '')];
}

/** @param front the entry that listens: postscreen's, if it is in front of the service */
function smtpdOf(
  { main }: NonNullable<Config['postfix']>,
  facts: HostFacts,
  service: MasterService,
  front: MasterService,
  behind: Smtpd['behind'],
): Smtpd {
  const parameters = parametersOf(main, service, facts);
  const { address, port } = endpointOf(front.name);
  const everywhere = interfaces(parametersOf(main, null, facts).of('inet_interfaces'));
  const tls = tlsOf(parameters);
  const dead = deadOf(parameters, tls);
  const auth = authOf(parameters, tls, facts);
  const upstream = behind
    ? parametersOf(main, front, facts).of('postscreen_upstream_proxy_protocol')
    : parameters.of('smtpd_upstream_proxy_protocol');
  return {
    id: `${service.name}/${service.type}`,
    service,
    parameters,
    behind,
    addresses: address === null ? everywhere : [address],
    port,
    tls,
    dead,
    auth: dead === null ? auth : { ...auth, offered: 'never' },
    proxy: upstream,
    filters: filtersOf(parameters),
    certificates: certificatesOf(parameters),
  };
}

/** `10.8.0.1:submission` → its address and port; without an address Postfix listens on `inet_interfaces`. */
export function endpointOf(name: string): { readonly address: string | null; readonly port: number | null } {
  const [, address, last = name] = /^(.*):([^:\]]*)$/.exec(name) ?? [];
  const named = Object.entries(PORT_NAMES).find(([, names]) => names.includes(last));
  const port = named ? Number(named[0]) : /^\d+$/.test(last) ? Number(last) : null;
  return { address: address === undefined ? null : address.replace(/^\[(.*)\]$/, '$1'), port };
}

function interfaces(value: string): string[] {
  const words = value.split(/[\s,]+/).filter(Boolean);
  if (words.length === 0 || words.includes('all')) return ['*'];
  return words.flatMap((word) => (/^(loopback-only|localhost)$/.test(word) ? ['127.0.0.1', '::1'] : [word.replace(/^\[(.*)\]$/, '$1')])); // oxfmt-ignore
}

/** smtpd.c, pre_jail_init: the level overrides the parameters of Postfix before 2.3. */
function tlsOf(parameters: Parameters): TlsLevel {
  if (parameters.isYes('smtpd_tls_wrappermode')) return 'implicit';
  const level = levelOf(parameters);
  return level === 'may' ? (hasTls(parameters) ? 'optional' : 'none') : level === 'none' ? 'none' : 'required';
}

function levelOf(parameters: Parameters): string {
  const level = parameters.of('smtpd_tls_security_level').toLowerCase();
  // smtpd reads levels for clients as `encrypt`, with a warning.
  if (['verify', 'secure', 'fingerprint'].includes(level)) return 'encrypt';
  if (level !== '') return level;
  if (parameters.isYes('smtpd_enforce_tls')) return 'encrypt';
  return parameters.isYes('smtpd_use_tls') ? 'may' : 'none';
}

/** Can a handshake succeed? Without a certificate, or with a discarded keyword, smtpd refuses STARTTLS (454, 502). */
function hasTls(parameters: Parameters): boolean {
  return !discards(parameters, 'starttls') && hasCertificate(parameters);
}

function hasCertificate(parameters: Parameters): boolean {
  return ['smtpd_tls_chain_files', ...CERTIFICATES].some((name) => parameters.of(name) !== '');
}

function deadOf(parameters: Parameters, tls: TlsLevel): string | null {
  const level = levelOf(parameters);
  if (!/^(none|may|encrypt)$/.test(level) && !level.includes('$')) {
    return `smtpd_tls_security_level = ${level} is no level of a server: smtpd dies at start`;
  }
  if (tls === 'required' && !hasTls(parameters)) return 'TLS is required and cannot be had';
  return tls === 'implicit' && !hasCertificate(parameters) ? 'TLS comes first, and there is no certificate' : null;
}

/** Is the keyword discarded, and with it the command? An address map overrides the list; only `static:` maps can be read here. */
function discards(parameters: Parameters, keyword: string): boolean {
  const byAddress = parameters.of('smtpd_discard_ehlo_keyword_address_maps');
  const said = byAddress === '' ? parameters.of('smtpd_discard_ehlo_keywords') : (/^static:(.*)$/.exec(byAddress)?.[1] ?? ''); // oxfmt-ignore
  return said.toLowerCase().split(/[\s,{}]+/).includes(keyword); // oxfmt-ignore
}

/**
 * Is AUTH on at this smtpd, even if TLS keeps clients from it? A discarded keyword disables the command: AUTH gets 503, and
 * restrictions that need SASL apply. smtpd_sasl_exceptions_networks only removes AUTH from the EHLO reply: a client that sends
 * it anyway gets 235.
 */
export function entryTakesLogins(parameters: Parameters): boolean {
  return parameters.isYes('smtpd_sasl_auth_enable') && !discards(parameters, 'auth');
}

function authOf(parameters: Parameters, tls: TlsLevel, facts: HostFacts): AuthOffer {
  const exceptions = parameters.of('smtpd_sasl_exceptions_networks');
  const enabled = entryTakesLogins(parameters);
  const onlyInside = tls === 'implicit' || tls === 'required' || parameters.isYes('smtpd_tls_auth_only');
  const offered = !enabled || (tls === 'none' && onlyInside) ? 'never' : onlyInside ? 'inside-tls' : 'always';
  const [type, path] = hasBackend(parameters, facts) ? [parameters.of('smtpd_sasl_type').toLowerCase(), parameters.of('smtpd_sasl_path')] : ['', '']; // oxfmt-ignore
  return { offered, exceptions, type, path, mechanisms: [] };
}

/** With Postfix's defaults alone smtpd finds no login service and exits ("no SASL authentication mechanisms"). */
function hasBackend(parameters: Parameters, { cyrus }: HostFacts): boolean {
  if (parameters.from('smtpd_sasl_type') === 'default') return cyrus === true;
  return (
    parameters.of('smtpd_sasl_type').toLowerCase() !== 'dovecot' || parameters.from('smtpd_sasl_path') !== 'default'
  );
}

/** The filters that mail passes, one by one; `no_…` are disabled filters. */
function filtersOf(parameters: Parameters): string[] {
  const words = (name: string): string[] =>
    parameters
      .of(name)
      .split(/[\s,]+/)
      .filter(Boolean);
  const left = words('receive_override_options').map((word) => word.toLowerCase());
  const single = ['content_filter', 'smtpd_proxy_filter', 'cleanup_service_name'].flatMap((name) => {
    const value = parameters.of(name);
    return value === '' || value === 'cleanup' ? [] : [`${name} ${value}`];
  });
  const milters = left.includes('no_milters') ? [] : words('smtpd_milters').map((one) => `smtpd_milters ${one}`);
  return [...single, ...milters, ...left];
}

const CERTIFICATES = ['smtpd_tls_cert_file', 'smtpd_tls_eccert_file', 'smtpd_tls_dcert_file'];

function certificatesOf(parameters: Parameters): string[] {
  const chains = parameters.of('smtpd_tls_chain_files');
  if (chains !== '') return [`smtpd_tls_chain_files ${chains.replace(/[\s,]+/g, ', ')}`];
  return CERTIFICATES.flatMap((name) => {
    const path = parameters.of(name);
    return path === '' || path === 'none' ? [] : [`${name} ${path}`];
  });
}

/** The services that deliver mail to other hosts, with the TLS level of each (postconf(5), smtp_tls_security_level). */
export function waysOut({ postfix }: Config, facts: HostFacts, file: string): WayOut[] {
  if (!postfix) return [];
  return activeServices(postfix.master)
    .filter(({ command }) => command === 'smtp' || command === 'lmtp')
    .map((service) => ({
      id: `${service.name}/${service.type}`,
      program: service.command,
      tls: clientTls(parametersOf(postfix.main, service, facts), service.command),
      file,
      line: service.line,
    }));
}

function clientTls(parameters: Parameters, program: string): string {
  const level = parameters.of(`${program}_tls_security_level`).toLowerCase();
  if (level !== '') return level;
  if (parameters.isYes(`${program}_enforce_tls`)) {
    return parameters.of(`${program}_tls_enforce_peername`).toLowerCase() === 'no' ? 'encrypt' : 'verify';
  }
  return parameters.isYes(`${program}_use_tls`) ? 'may' : 'none';
}
