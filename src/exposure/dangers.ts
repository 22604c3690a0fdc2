import { mainValue } from '../formats/postfix/main-cf.ts';
import { SMTP_PORTS, type Danger, type ExposureMap, type WayIn } from '../model/index.ts';
import type { Config, HostFacts } from './config.ts';

/** Dangers in the present configuration, regardless of their origin; the most dangerous first. */
export function dangersOf(map: Omit<ExposureMap, 'dangers'>, config: Config, _facts: HostFacts): Danger[] {
  return [
    ...map.ways.flatMap(openRelay),
    ...wideNetworks(map, config),
    ...map.ways.flatMap(authOnReinjection),
    ...map.ways.flatMap(noBackend),
    ...map.ways.flatMap(plaintextLogins),
    ...map.ways.flatMap(anySender),
    ...map.sockets.flatMap((socket): Danger[] => {
      if (socket.kind !== 'unix' || (Number.parseInt(socket.mode, 8) & 0o006) === 0) return [];
      const { path, mode, file, line } = socket;
      const text = `every local user can try passwords on the socket ${path} (mode ${mode})`;
      return [{ id: 'open-auth-socket', text, file, line, hint: 'mode = 0660 with user and group postfix is enough' }];
    }),
  ];
}

function verdict(way: WayIn, client: string, destination: string): string {
  return way.decisions.find((one) => one.client === client && one.destination === destination)?.verdict ?? '';
}

function openRelay(way: WayIn): Danger[] {
  if (isLoopback(way) || verdict(way, 'stranger', 'relay') !== 'accepted') return [];
  const { id, file, line } = way;
  const text = `${id} relays for everybody: an open relay`;
  return [
    { id: 'open-relay', text, file, line, hint: 'smtpd_relay_restrictions must end in reject_unauth_destination' },
  ];
}

/** Networks wider than a host's own: all addresses, or a prefix that no single site has. */
function wideNetworks({ networks }: Omit<ExposureMap, 'dangers'>, { postfix }: Config): Danger[] {
  const entry = postfix && mainValue(postfix.main, 'mynetworks');
  const wide = networks.split(/[\s,]+/).filter((one) => {
    const [, address = '', length = ''] = /^\[?([0-9a-f:.]+)\]?\/(\d+)$/i.exec(one) ?? [];
    if (address === '') return one === 'static:all';
    if (address.includes(':')) return Number(length) < 48 && !/^(fe80|fc|fd|::1)/i.test(address);
    return Number(length) < 16 && !/^(10|127)\./.test(address);
  });
  if (wide.length === 0 || !entry) return [];
  const text = `mynetworks holds ${wide.join(', ')}: every client there relays without a login`;
  const hint = 'List only the host itself and your own networks';
  return [{ id: 'wide-mynetworks', text, file: postfix.main.file, line: entry.line, hint }];
}

/** A filter returns mail on this port; no user logs in there. */
function authOnReinjection(way: WayIn): Danger[] {
  if (way.daemon !== 'postfix' || !isLoopback(way) || way.auth.offered === 'never') return [];
  if (way.port !== null && SMTP_PORTS.includes(way.port)) return [];
  const { id, file, line } = way;
  const text = `${id} listens on the host itself and offers AUTH: programs of the host can try passwords there`;
  return [{ id: 'auth-on-reinjection', text, file, line, hint: '-o smtpd_sasl_auth_enable=no' }];
}

function plaintextLogins(way: WayIn): Danger[] {
  if (way.auth.offered !== 'always' || isLoopback(way)) return [];
  const { id, file, line } = way;
  const text = `${id} accepts passwords before TLS`;
  const hint = way.daemon === 'postfix' ? 'smtpd_tls_auth_only = yes' : 'disable_plaintext_auth = yes (2.4: auth_allow_cleartext = no)'; // oxfmt-ignore
  return [{ id: 'plaintext-logins', text, file, line, hint }];
}

function noBackend(way: WayIn): Danger[] {
  if (way.auth.offered === 'never' || way.auth.type !== '') return [];
  const { id, file, line } = way;
  const text = `${id} offers AUTH, but no backend is set up: smtpd exits at each connection`;
  return [
    {
      id: 'auth-without-backend',
      text,
      file,
      line,
      hint: 'smtpd_sasl_type = dovecot and smtpd_sasl_path = private/auth',
    },
  ];
}

function anySender(way: WayIn): Danger[] {
  if (way.auth.offered === 'never' || verdict(way, 'user-foreign-sender', 'relay') !== 'accepted') return [];
  const { id, file, line } = way;
  const text = `${id}: a user who has logged in may send under any address`;
  const hint =
    'smtpd_sender_login_maps and reject_authenticated_sender_login_mismatch limit each user to their own addresses';
  return [{ id: 'any-sender', text, file, line, hint }];
}

function isLoopback({ addresses }: WayIn): boolean {
  return addresses.length > 0 && addresses.every((one) => /^(127\.|::1$|localhost$)/.test(one));
}
