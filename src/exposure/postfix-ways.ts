import { activeServices, type Service } from '../formats/postfix-master.ts';
import { PORT_NAMES, type AuthOffer, type TlsLevel, type WayOut } from '../model.ts';
import { parametersOf, type Config, type HostFacts, type Parameters } from './config.ts';

/** One smtpd as master.cf starts it. */
export interface Smtpd {
  /** `submission/inet`, `smtpd/pass` */
  readonly id: string;
  readonly service: Service;
  readonly parameters: Parameters;
  readonly behind: '' | 'postscreen';
  readonly addresses: readonly string[];
  readonly port: number | null;
  readonly tls: TlsLevel;
  readonly auth: AuthOffer;
  readonly proxy: string;
  readonly filters: readonly string[];
  readonly certificates: readonly string[];
}

/** Every smtpd that TCP clients reach, in the order of master.cf. */
export function smtpdsOf({ postfix }: Config, facts: HostFacts): Smtpd[] {
  if (!postfix) return [];
  const services = activeServices(postfix.master);
  const everywhere = interfaces(parametersOf(postfix.main, null, facts).of('inet_interfaces'));
  return services.flatMap((service): Smtpd[] => {
    if (service.command === 'smtpd' && service.type === 'inet') return [smtpd(service, service, '')];
    if (service.command !== 'postscreen' || service.type !== 'inet') return [];
    const inner = services.find(({ type, command }) => type === 'pass' && command === 'smtpd');
    return inner ? [smtpd(inner, service, 'postscreen')] : [];
  });

  function smtpd(service: Service, front: Service, behind: Smtpd['behind']): Smtpd {
    const parameters = parametersOf(postfix!.main, service, facts);
    const { address, port } = endpointOf(front.name);
    const tls = tlsOf(parameters);
    const upstream = behind
      ? parametersOf(postfix!.main, front, facts).of('postscreen_upstream_proxy_protocol')
      : parameters.of('smtpd_upstream_proxy_protocol');
    return {
      id: `${service.name}/${service.type}`,
      service,
      parameters,
      behind,
      addresses: address === null ? everywhere : [address],
      port,
      tls,
      auth: authOf(parameters, tls),
      proxy: upstream,
      filters: filtersOf(parameters),
      certificates: certificatesOf(parameters),
    };
  }
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

/** smtpd.c, pre_jail_init: the level outranks the words of Postfix before 2.3. */
function tlsOf(parameters: Parameters): TlsLevel {
  if (parameters.isYes('smtpd_tls_wrappermode')) return 'implicit';
  const level = parameters.of('smtpd_tls_security_level').toLowerCase();
  if (level === 'encrypt') return 'required';
  if (level !== '') return level === 'may' ? 'optional' : 'none';
  if (parameters.isYes('smtpd_enforce_tls')) return 'required';
  return parameters.isYes('smtpd_use_tls') ? 'optional' : 'none';
}

function authOf(parameters: Parameters, tls: TlsLevel): AuthOffer {
  const exceptions = parameters.of('smtpd_sasl_exceptions_networks');
  // A discarded keyword disables the command: AUTH gets 503 "authentication not enabled", and restrictions that need SASL
  // hold. smtpd_sasl_exceptions_networks only leaves AUTH out of the EHLO reply: a client that sends it anyway gets 235.
  const hidden = parameters.of('smtpd_discard_ehlo_keywords').toLowerCase().split(/[\s,]+/).includes('auth'); // oxfmt-ignore
  const enabled = parameters.isYes('smtpd_sasl_auth_enable') && !hidden;
  const onlyInside = tls === 'implicit' || tls === 'required' || parameters.isYes('smtpd_tls_auth_only');
  const offered = !enabled || (tls === 'none' && onlyInside) ? 'never' : onlyInside ? 'inside-tls' : 'always';
  const [type, path] = [parameters.of('smtpd_sasl_type').toLowerCase(), parameters.of('smtpd_sasl_path')];
  return { offered, exceptions, type, path, mechanisms: [] };
}

const FILTERS = [
  'content_filter',
  'smtpd_proxy_filter',
  'smtpd_milters',
  'cleanup_service_name',
  'receive_override_options',
];

function filtersOf(parameters: Parameters): string[] {
  return FILTERS.flatMap((name) => {
    const value = parameters.of(name);
    if (value === '' || (name === 'cleanup_service_name' && value === 'cleanup')) return [];
    return [`${name} ${value}`];
  });
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

/** The services that hand mail on, with the TLS that each asks for (postconf(5), smtp_tls_security_level). */
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
