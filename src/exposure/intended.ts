import { PATHS, DESTINATIONS, type AuthOffer, type Replaceable, type WayIn } from '../model/index.ts';
import { CLIENTS } from './clients.ts';
import { letsStrangersIn, programFor, type Difference, type Model } from './compare.ts';
import { acceptsMore, REFUSES } from './decide.ts';
import { plainSmtpd, entryTakesLogins, type Smtpd } from './postfix-ways.ts';
import { referencesFor, userProgram } from './reference.ts';

/**
 * The intended effects of the recipe: everything that a plan may make looser, each with its condition. Any other loosening stops a
 * plan (guard.ts).
 */
export interface Intended {
  readonly id: string;
  /** For docs/promises.md: what opens, and under which condition. */
  readonly what: string;
  covers(difference: Difference, context: EffectContext): boolean;
  /** One line for the plan. */
  text(id: string): string;
}

export interface EffectContext {
  readonly before: Model;
  readonly after: Model;
  readonly replace: readonly Replaceable[];
}

export const INTENDED: readonly Intended[] = [
  {
    id: 'login-on-25',
    what: 'Users may log in on 25 after STARTTLS, if port 25 has every check and filter of their own ports and no additional address.',
    covers: (difference, context) => portOf(difference, context) === 25 && isAsNarrow(difference, context) && opensLogin(difference, context), // oxfmt-ignore
    text: (id) => `users may log in on ${id} after STARTTLS, and send`,
  },
  {
    id: 'login-on-users-port',
    what: 'Users may log in on an entry for 465 or 587 that served strangers until now, under the same checks as on their other ports.',
    covers: (difference, context) => {
      const port = portOf(difference, context);
      if (port !== 465 && port !== 587) return false;
      return opensLogin(difference, context) && servesStrangers(difference.id, context);
    },
    text: (id) => `users may log in on ${id}, and send`,
  },
  {
    id: 'users-relay',
    what: 'Users who could log in but not send may send, if every check of the same lists still runs.',
    covers: (difference, context) => isUsers(difference) && couldLogIn(difference, context) && keepsOwnChecks(difference, context), // oxfmt-ignore
    text: (id) => `users who log in on ${id} may send mail anywhere`,
  },
  {
    id: 'port-for-users',
    what: 'A new entry for 465 or 587: users only, inside TLS only, with the addresses, filters and checks of the entry that it is modelled on.',
    covers: newPort,
    text: (id) => `${id} is new: users log in there inside TLS, and send`,
  },
  {
    id: 'login-inside-tls',
    what: 'IMAP, POP3 and ManageSieve logins inside TLS, and ports 993 and 995, if there was no TLS before.',
    covers: ({ aspect, after, id }, context) =>
      (aspect === 'login' && after === 'inside-tls') || (aspect === 'way' && isTlsTwin(id, context)),
    text: (id) => `users may log in on ${id}, inside TLS`,
  },
  {
    id: 'login-beside-plain',
    what: 'The mechanism LOGIN in addition to PLAIN: the same users with the same passwords.',
    covers: ({ aspect, before, after }) => {
      if (aspect !== 'mechanisms') return false;
      const old = before.split(' ');
      return old.includes('plain') && after.split(' ').every((one) => one === 'login' || old.includes(one));
    },
    text: () => 'the mechanism LOGIN is offered beside PLAIN, for old mail clients',
  },
  {
    id: 'auth-socket',
    what: "The socket on which Postfix asks Dovecot, accessible to Postfix's own user only.",
    covers: ({ aspect, id }, { after }) => {
      const socket = aspect === 'socket' && after.sockets.find(({ path }) => path === id);
      if (!socket || !saslPaths(after).includes(id)) return false;
      return socket.user === 'postfix' && (Number.parseInt(socket.mode, 8) & 0o007) === 0;
    },
    text: (id) => `Postfix may ask Dovecot about passwords through ${id}`,
  },
  {
    id: 'replace-sasl',
    what: 'Another user database behind AUTH, with --replace sasl.',
    covers: ({ aspect }, { replace }) => aspect === 'backend' && replace.includes('sasl'),
    text: (id) => `${id} asks another user database (--replace sasl)`,
  },
  {
    id: 'replace-mechanisms',
    what: 'Mechanisms that admit other users, with --replace mechanisms.',
    covers: ({ aspect }, { replace }) => aspect === 'mechanisms' && replace.includes('mechanisms'),
    text: (id) => `${id} offers further mechanisms (--replace mechanisms)`,
  },
];

function isUsers({ aspect, client, unproven }: Difference): boolean {
  return aspect === 'mail' && !unproven && client !== undefined && CLIENTS[client].login !== 'none';
}

function portOf({ id }: Difference, { after }: EffectContext): number | null {
  return after.smtpds.find((one) => one.id === id)?.port ?? null;
}

function couldLogIn({ id }: Difference, { before }: EffectContext): boolean {
  return before.smtpds.some((one) => one.id === id && entryTakesLogins(one.parameters));
}

/** A class of user is accepted where there was no login, and meets the same checks as on the users' other ports. */
function opensLogin(difference: Difference, context: EffectContext): boolean {
  if (!isUsers(difference) || couldLogIn(difference, context)) return false;
  if (!passesFilters(difference, context)) return false;
  return keepsOwnChecks(difference, context) && meetsReference(difference, context);
}

/** No user whom this entry's own checks refuse is accepted after the change. */
function keepsOwnChecks({ id, client, destination }: Difference, { before, after }: EffectContext): boolean {
  const [old, now] = [before, after].map(({ smtpds }) => smtpds.find((one) => one.id === id));
  if (!old || !now || !client || !destination) return false;
  return acceptsMore(programFor(now, client, destination, after.facts), userProgram(old, client, destination, before.facts)) === null; // oxfmt-ignore
}

/** For users who would be accepted where there is no login now: the check on their own ports that refuses them. */
export function missedCheck({ id, client, destination }: Difference, { before, after }: EffectContext): string | null {
  const now = after.smtpds.find((one) => one.id === id);
  if (!now || !client || !destination) return null;
  const program = programFor(now, client, destination, after.facts);
  for (const reference of referencesFor(before)) {
    const missed = acceptsMore(program, userProgram(reference, client, destination, before.facts));
    if (missed !== null) return `${missed.other.by} on ${reference.id}`;
    const filter = reference.filters.find((one) => !one.startsWith('no_') && !now.filters.includes(one));
    if (filter !== undefined) return `${filter} on ${reference.id}`;
  }
  return null;
}

function meetsReference({ id, client, destination }: Difference, { before, after }: EffectContext): boolean {
  const now = after.smtpds.find((one) => one.id === id);
  if (!now || !client || !destination) return false;
  const program = programFor(now, client, destination, after.facts);
  return referencesFor(before).some(
    (one) => acceptsMore(program, userProgram(one, client, destination, before.facts)) === null,
  );
}

/** Users log in only at addresses where they can already log in on their own ports. */
function isAsNarrow({ id }: Difference, { before, after }: EffectContext): boolean {
  const now = after.smtpds.find((one) => one.id === id);
  const known = referencesFor(before).flatMap(({ addresses }) => addresses);
  return known.includes('*') || (now?.addresses.every((one) => known.includes(one)) ?? false);
}

/** Mail from users still passes every filter that it passes on one of their ports now. */
function passesFilters({ id }: Difference, { before, after }: EffectContext): boolean {
  const now = after.smtpds.find((one) => one.id === id);
  return referencesFor(before).some((one) => one.filters.every((filter) => filter.startsWith('no_') || now?.filters.includes(filter))); // oxfmt-ignore
}

/** Anybody can deliver mail for this host there now: the entry is not limited to a network or to certificates. */
function servesStrangers(id: string, { before }: EffectContext): boolean {
  const smtpd = before.smtpds.find((one) => one.id === id);
  return smtpd !== undefined && letsStrangersIn(smtpd, before.facts);
}

function newPort(difference: Difference, { before, after }: EffectContext): boolean {
  const { aspect, id } = difference;
  const now = after.smtpds.find((one) => one.id === id);
  if (aspect !== 'way' || !now || (now.port !== 465 && now.port !== 587)) return false;
  if (now.auth.offered === 'always' || (now.tls !== 'implicit' && now.tls !== 'required')) return false;
  if (now.auth.offered !== 'never' && !isKnownBackend(now.auth, before.ways)) return false;
  return referencesFor(before).some((reference) => isWithin(now, reference, before, after));
}

/** As narrow as the entry that it is modelled on, and closed to every client without a login. */
function isWithin(now: Smtpd, reference: Smtpd, before: Model, after: Model): boolean {
  const addresses =
    reference.addresses.includes('*') || now.addresses.every((one) => reference.addresses.includes(one));
  const filters = reference.filters.every((one) => one.startsWith('no_') || now.filters.includes(one));
  const skips = now.filters.every((one) => !one.startsWith('no_') || reference.filters.includes(one));
  if (!addresses || !filters || !skips || now.proxy !== reference.proxy) return false;
  return (Object.keys(CLIENTS) as (keyof typeof CLIENTS)[]).every((client) =>
    DESTINATIONS.every((destination) => {
      const program = programFor(now, client, destination, after.facts);
      const bound =
        CLIENTS[client].login === 'none' ? REFUSES : userProgram(reference, client, destination, before.facts);
      return acceptsMore(program, bound) === null;
    }),
  );
}

/** The backend that users already use, if there is one. */
function isKnownBackend({ type, path }: AuthOffer, ways: readonly WayIn[]): boolean {
  const known = ways.filter(({ daemon, auth }) => daemon === 'postfix' && auth.offered !== 'never' && auth.type !== '');
  return known.length === 0 || known.some(({ auth }) => auth.type === type && auth.path === path);
}

/** Dovecot opens 993 and 995 when TLS is on (`ssl = no` closes them), on the addresses of 143 and 110. */
function isTlsTwin(id: string, { before, after }: EffectContext): boolean {
  const way = after.ways.find((one) => one.id === id);
  if (way?.daemon !== 'dovecot' || way.tls !== 'implicit' || way.auth.offered === 'always') return false;
  const plain = before.ways.find(
    (one) => one.daemon === 'dovecot' && one.program === way.program && one.tls === 'none',
  );
  return plain !== undefined && (plain.addresses.includes('*') || way.addresses.every((one) => plain.addresses.includes(one))); // oxfmt-ignore
}

/** The sockets on which Postfix looks for Dovecot, as absolute paths. */
function saslPaths({ smtpds, config, facts }: Model): string[] {
  const queue = facts.postconf['queue_directory'] || PATHS.QUEUE;
  return [...smtpds, ...plainSmtpd(config, facts)]
    .map(({ parameters }) => parameters.of('smtpd_sasl_path').replace(/^unix:/, ''))
    .filter((path) => path !== '' && !path.startsWith('inet:'))
    .map((path) => (path.startsWith('/') ? path : `${queue}/${path}`));
}
