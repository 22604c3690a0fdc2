import { CLIENT_CLASSES, DESTINATIONS, TLS_LEVELS } from '../model/index.ts';
import type { AuthOffer, AuthSocket, ClientClass, Destination, WayIn } from '../model/index.ts';
import { CLIENTS } from './clients.ts';
import type { Config, HostFacts } from './config.ts';
import { acceptsMore, byDefault, REFUSES, type Witness } from './decide.ts';
import { listsOf, notUnderstood, outlineOf, type Outline } from './exposure-map.ts';
import { entryTakesLogins, type Smtpd } from './postfix-ways.ts';
import type { Program } from './program.ts';

/** A configuration with its map, for comparison. */
export interface Model extends Outline {
  readonly config: Config;
  readonly facts: HostFacts;
}

export function modelOf(config: Config, facts: HostFacts): Model {
  return { config, facts, ...outlineOf(config, facts) };
}

/** The subject of a difference; for each kind, one direction is looser and the other stricter. */
export type Aspect =
  | 'mail' //       who may relay or deliver
  | 'way' //        a listener that did not exist before
  | 'tls'
  | 'clear' //      passwords before TLS
  | 'login' //      AUTH at all, for a way in that takes no mail
  | 'backend' //    another user database
  | 'mechanisms'
  | 'addresses'
  | 'filters'
  | 'proxy'
  | 'networks'
  | 'socket'
  | 'out';

export interface Difference {
  readonly aspect: Aspect;
  /** The id of the way in or way out, or the socket's path. */
  readonly id: string;
  readonly client?: ClientClass;
  readonly destination?: Destination;
  /** The state now and after the change, as parts of a sentence. */
  readonly before: string;
  readonly after: string;
  /** The model cannot prove that nothing becomes looser. */
  readonly unproven?: true;
}

/** Everything that `after` allows and `before` does not. With swapped arguments: everything that becomes stricter. */
export function looserThan(before: Model, after: Model): Difference[] {
  return [
    ...after.ways.flatMap((way) => looserWay(way, before, after)),
    ...after.sockets.flatMap((socket) => looserSocket(socket, before)),
    ...after.out.flatMap(({ id, tls }): Difference[] => {
      const old = before.out.find((one) => one.id === id);
      if (!old || old.tls === tls || outRank(tls) > outRank(old.tls)) return [];
      return [{ aspect: 'out', id, before: old.tls, after: tls }];
    }),
  ];
}

/** Levels of the SMTP client, lax to strict; `dane` falls back to `may` if there is no TLSA record. */
function outRank(level: string): number {
  return ['none', 'may', 'dane', 'encrypt', 'dane-only', 'fingerprint', 'verify', 'secure'].indexOf(level);
}

function looserWay(way: WayIn, before: Model, after: Model): Difference[] {
  const old = before.ways.find(({ id }) => id === way.id);
  if (!old) return [{ aspect: 'way', id: way.id, before: 'not there', after: `listens on ${endpoint(way)}` }];
  const of = (aspect: Aspect, from: string, to: string): Difference => ({
    aspect,
    id: way.id,
    before: from,
    after: to,
  });
  const found: Difference[] = [];
  if (TLS_LEVELS.indexOf(way.tls) < TLS_LEVELS.indexOf(old.tls)) found.push(of('tls', old.tls, way.tls));
  if (way.auth.offered === 'always' && old.auth.offered !== 'always')
    found.push(of('clear', old.auth.offered, 'always'));
  if (way.daemon === 'dovecot' && way.auth.offered !== 'never' && old.auth.offered === 'never') {
    found.push(of('login', 'no login', way.auth.offered));
  }
  if (way.auth.offered !== 'never' && old.auth.offered !== 'never') found.push(...looserBackend(way, old.auth, of));
  if (isWider(way.addresses, old.addresses))
    found.push(of('addresses', old.addresses.join(' '), way.addresses.join(' ')));
  const lost = old.filters.filter((one) => !one.startsWith('no_') && !way.filters.includes(one));
  const skipped = way.filters.filter((one) => one.startsWith('no_') && !old.filters.includes(one));
  if (lost.length + skipped.length > 0) found.push(of('filters', lost.join(', '), skipped.join(', ')));
  if (way.proxy !== old.proxy) found.push(of('proxy', old.proxy, way.proxy));
  return [...found, ...looserMail(way.id, before, after)];
}

function looserBackend(
  way: WayIn,
  old: AuthOffer,
  of: (aspect: Aspect, from: string, to: string) => Difference,
): Difference[] {
  const { type, path, mechanisms } = way.auth;
  const found: Difference[] = [];
  const backend = (one: Pick<AuthOffer, 'type' | 'path'>): string => `${one.type} ${one.path}`.trim();
  if (old.type === '') return [];
  if (type !== old.type || path !== old.path) found.push(of('backend', backend(old), backend(way.auth)));
  else if (mechanisms.some((one) => !old.mechanisms.includes(one))) {
    found.push(of('mechanisms', old.mechanisms.join(' '), mechanisms.join(' ')));
  }
  return found;
}

function isWider(now: readonly string[], before: readonly string[]): boolean {
  return !before.includes('*') && now.some((one) => !before.includes(one));
}

/** Parameters other than the lists that decide about mail. */
const ALSO = [
  ...['smtpd_delay_reject', 'smtpd_sasl_auth_enable', 'smtpd_sasl_exceptions_networks', 'smtpd_discard_ehlo_keywords'],
  ...['smtpd_sender_login_maps', 'mynetworks', 'smtpd_tls_security_level', 'smtpd_tls_auth_only'],
];
const LISTS = ['client', 'helo', 'sender', 'relay', 'recipient', 'data', 'end_of_data'].map((one) => `smtpd_${one}_restrictions`); // oxfmt-ignore

/** All parameters that decide about mail at this smtpd: if they are equal, no comparison is needed. */
function signature(smtpd: Smtpd): string {
  const before = signatures.get(smtpd);
  if (before !== undefined) return before;
  const { parameters } = smtpd;
  const classes = parameters.of('smtpd_restriction_classes');
  const names = [...LISTS, ...ALSO, ...classes.split(/[\s,]+/).filter(Boolean)];
  const all = [classes, ...names.map((name) => parameters.of(name).replace(/\s+/g, ' '))].join('\n');
  signatures.set(smtpd, all);
  return all;
}

const signatures = new WeakMap<Smtpd, string>();

function looserMail(id: string, before: Model, after: Model): Difference[] {
  const now = after.smtpds.find((one) => one.id === id);
  const old = before.smtpds.find((one) => one.id === id);
  if (!now || !old || now === old || signature(now) === signature(old)) return [];
  const unclear = notUnderstood(now) ?? notUnderstood(old) ?? tooLong(now) ?? tooLong(old);
  if (unclear !== null) return [{ aspect: 'mail', id, before: unclear, after: 'not known', unproven: true }];
  const networks = [old, now].map(({ parameters }) => parameters.of('mynetworks').split(/[\s,]+/).toSorted().join(' ')); // oxfmt-ignore
  const [was = '', is = ''] = networks;
  const wider: Difference[] = was === is ? [] : [{ aspect: 'networks', id, before: was, after: is }];
  return [
    ...wider,
    ...CLIENT_CLASSES.flatMap((client) =>
      DESTINATIONS.flatMap((destination): Difference[] => {
        const found = acceptsMore(
          programFor(now, client, destination, after.facts),
          programFor(old, client, destination, before.facts),
        );
        if (found === null) return [];
        const about = { aspect: 'mail', id, client, destination } as const;
        return [{ ...about, before: refusedBy(found), after: acceptedBy(found) }];
      }),
    ),
  ];
}

/**
 * The program that this class meets at this smtpd; a user cannot send where AUTH is off. AUTH that waits for TLS does not count as
 * a limit, even if there is no TLS yet: the recipe turns TLS on.
 */
export function programFor(smtpd: Smtpd, client: ClientClass, destination: Destination, facts: HostFacts): Program {
  if (CLIENTS[client].login !== 'none' && !entryTakesLogins(smtpd.parameters)) return REFUSES;
  return listsOf(smtpd, client, destination, facts);
}

/** Do the lists let a stranger deliver mail for this host? Otherwise the entry is limited to networks, certificates or users. */
export function letsStrangersIn(smtpd: Smtpd, facts: HostFacts): boolean {
  return byDefault(listsOf(smtpd, 'stranger', 'local', facts)).end === 'accept';
}

/** The check that refuses in one program and does not run, or does not decide, in the other. */
function refusedBy({ other }: Witness): string {
  return other.by;
}

function acceptedBy({ one }: Witness): string {
  return one.by;
}

function looserSocket(socket: AuthSocket, before: Model): Difference[] {
  const old = before.sockets.find(({ path }) => path === socket.path);
  const who = ({ mode, user, group }: AuthSocket): string => `${mode} ${user}:${group}`.trim();
  const of = (from: string): Difference => ({ aspect: 'socket', id: socket.path, before: from, after: who(socket) });
  if (!old) return [of('not there')];
  const wider = Number.parseInt(socket.mode || '0', 8) & ~Number.parseInt(old.mode || '0', 8);
  return wider !== 0 || socket.user !== old.user || socket.group !== old.group ? [of(who(old))] : [];
}

export function endpoint({ addresses, port }: Pick<WayIn, 'addresses' | 'port'>): string {
  return `${addresses.length === 1 && addresses[0] === '*' ? 'every address' : addresses.join(' ')}, port ${port ?? 'unknown'}`; // oxfmt-ignore
}

/** A cap: longer lists are not compared, and no real list comes near. */
const LONGEST = 100_000;

function tooLong({ parameters }: Smtpd): string | null {
  const name = LISTS.find((list) => parameters.of(list).length > LONGEST);
  return name === undefined ? null : `${name} (${parameters.of(name).length} characters)`;
}
