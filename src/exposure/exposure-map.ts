import type { DovecotConfig } from '../formats/dovecot/dovecot.ts';
import { PATHS, CLIENT_CLASSES, DESTINATIONS } from '../model/index.ts';
import type { AuthSocket, Decision, ExposureMap, WayIn, WayOut } from '../model/index.ts';
import { CLIENTS } from './clients.ts';
import { parametersOf, type Config, type HostFacts } from './config.ts';
import { dangersOf } from './dangers.ts';
import { acceptsMore, byDefault, REFUSES } from './decide.ts';
import { authSockets, dovecotWays, mechanismsOf } from './dovecot-ways.ts';
import { smtpdsOf, waysOut, type Smtpd } from './postfix-ways.ts';
import { missingRefusal, strangeRestriction } from './faulty-lists.ts';
import { programOf, type Program } from './program.ts';

/** Where Postfix's files are, for messages. */
const { MASTER_CF } = PATHS;

/** The exposure map: each class of client, each way in, and what it can do there (docs/exposure.md). Pure: the same files and facts give the same map. */
export function exposureOf(config: Config, facts: HostFacts): ExposureMap {
  const outline = outlineOf(config, facts);
  const map = {
    ...outline,
    ways: outline.ways.map((way) => {
      const smtpd = outline.smtpds.find(({ id }) => way.daemon === 'postfix' && id === way.id);
      return smtpd ? { ...way, decisions: decisionsOf(smtpd, facts) } : way;
    }),
    networks: config.postfix ? parametersOf(config.postfix.main, null, facts).of('mynetworks') : '',
  };
  const { smtpds: _, ...plain } = { ...map, dangers: dangersOf(map, config, facts) };
  return plain;
}

/** The ways in and out without the decisions there: enough to see changes, and fast. */
export interface Outline {
  readonly smtpds: readonly Smtpd[];
  /** Without decisions. */
  readonly ways: readonly WayIn[];
  readonly sockets: readonly AuthSocket[];
  readonly out: readonly WayOut[];
}

export function outlineOf(config: Config, facts: HostFacts): Outline {
  const { smtpds, out } = config.postfix ? postfixOutline(config, config.postfix, facts) : { smtpds: [], out: [] };
  const { mechanisms, ways, sockets } = config.dovecot ? dovecotOutline(config.dovecot) : NO_DOVECOT;
  return { smtpds, ways: [...smtpds.map((one) => wayOf(one, mechanisms)), ...ways], sockets, out };
}

const NO_DOVECOT = { mechanisms: [], ways: [], sockets: [] };

/** A cache by the identity of the trees: most edits of a plan change the files of one daemon, so the other's result stays. */
const postfixKnown = new WeakMap<object, { facts: HostFacts; smtpds: Smtpd[]; out: WayOut[] }>();
const dovecotKnown = new WeakMap<object, { mechanisms: string[]; ways: WayIn[]; sockets: AuthSocket[] }>();

function postfixOutline(config: Config, postfix: object, facts: HostFacts): { smtpds: Smtpd[]; out: WayOut[] } {
  const before = postfixKnown.get(postfix);
  if (before?.facts === facts) return before;
  const found = { facts, smtpds: smtpdsOf(config, facts), out: waysOut(config, facts, MASTER_CF) };
  postfixKnown.set(postfix, found);
  return found;
}

function dovecotOutline(dovecot: DovecotConfig): { mechanisms: string[]; ways: WayIn[]; sockets: AuthSocket[] } {
  const found = dovecotKnown.get(dovecot) ?? {
    mechanisms: mechanismsOf(dovecot),
    ways: dovecotWays(dovecot),
    sockets: authSockets(dovecot),
  };
  dovecotKnown.set(dovecot, found);
  return found;
}

function wayOf(smtpd: Smtpd, mechanisms: readonly string[]): WayIn {
  const { service, parameters: _, dead: __, auth, ...rest } = smtpd;
  return {
    ...rest,
    daemon: 'postfix',
    program: 'smtpd',
    file: MASTER_CF,
    line: service.line,
    auth: { ...auth, mechanisms: auth.type === 'dovecot' && auth.offered !== 'never' ? mechanisms : [] },
    decisions: [],
  };
}

function decisionsOf(smtpd: Smtpd, facts: HostFacts): Decision[] {
  return CLIENT_CLASSES.flatMap((client) =>
    DESTINATIONS.map((destination) => decisionOf(smtpd, client, destination, facts)),
  );
}

export function decisionOf(
  smtpd: Smtpd,
  client: Decision['client'],
  destination: Decision['destination'],
  facts: HostFacts,
): Decision {
  const about = { client, destination };
  if (CLIENTS[client].login !== 'none' && !canLogIn(smtpd)) {
    return { ...about, verdict: 'no-login', checks: [], why: 'AUTH is not offered' };
  }
  const dead = notServing(smtpd, facts);
  if (dead !== null) return { ...about, verdict: 'refused', checks: [], why: dead };
  const unclear = notUnderstood(smtpd);
  if (unclear !== null) return { ...about, verdict: 'unknown', checks: [], why: unclear };
  const program = smtpdProgram(smtpd, client, destination, facts);
  const end = byDefault(program);
  if (end.end === 'accept') return { ...about, verdict: 'accepted', checks: end.asked, why: end.by };
  const allowlist = acceptsMore(program, REFUSES);
  if (allowlist === null) return { ...about, verdict: 'refused', checks: end.asked, why: end.by };
  return { ...about, verdict: 'checked', checks: end.asked, why: end.by };
}

/** The lists of this smtpd for this class of client. */
export function smtpdProgram(
  smtpd: Smtpd,
  client: Decision['client'],
  destination: Decision['destination'],
  facts: HostFacts,
): Program {
  const dead = notServing(smtpd, facts);
  if (dead !== null) return [{ list: '', steps: [{ kind: 'refuse', by: dead }] }];
  return listsOf(smtpd, client, destination, facts);
}

/** The same, as if smtpd served: a missing certificate, or lists that make it exit, are not limits that somebody chose. */
export function listsOf(
  smtpd: Smtpd,
  client: Decision['client'],
  destination: Decision['destination'],
  facts: HostFacts,
): Program {
  const known = programs.get(smtpd) ?? new Map<string, Program>();
  programs.set(smtpd, known);
  const key = `${client} ${destination}`;
  const before = known.get(key);
  if (before) return before;
  const { parameters } = smtpd;
  const program = programOf({ parameters, client: CLIENTS[client], destination, version: facts.postfix ?? DEFAULT_VERSION }); // oxfmt-ignore
  known.set(key, program);
  return program;
}

/** A cache: a plan compares the same smtpd many times. */
const programs = new WeakMap<Smtpd, Map<string, Program>>();

const DEFAULT_VERSION = '3.7';

/** Why this smtpd serves nobody; null if it serves. */
export function notServing({ parameters, dead }: Smtpd, { postfix }: HostFacts): string | null {
  return dead ?? missingRefusal(parameters, postfix ?? DEFAULT_VERSION);
}

/** Does AUTH work there, even if EHLO does not list it? */
function canLogIn({ auth }: Smtpd): boolean {
  return auth.offered !== 'never';
}

/** A value that only Postfix itself can expand; null if there is none. */
export function notUnderstood({ parameters }: Smtpd): string | null {
  const names = [
    ...['client', 'helo', 'sender', 'relay', 'recipient', 'data', 'end_of_data'].map(
      (one) => `smtpd_${one}_restrictions`,
    ),
    ...['smtpd_sasl_auth_enable', 'smtpd_tls_security_level', 'mynetworks', 'smtpd_delay_reject'],
  ];
  // `$$` is a plain dollar sign.
  const name = names.find((one) => parameters.of(one).replaceAll('$$', '').includes('$'));
  return name === undefined ? strangeRestriction(parameters) : `${name} = ${parameters.of(name)}`;
}
