import { activeServices } from '../formats/postfix-master.ts';
import { CLIENT_CLASSES, DESTINATIONS, type Decision, type ExposureMap, type WayIn } from '../model.ts';
import { CLIENTS } from './clients.ts';
import { parametersOf, type Config, type HostFacts } from './config.ts';
import { dangersOf } from './dangers.ts';
import { acceptsMore, byDefault, REFUSES } from './decide.ts';
import { authSockets, dovecotWays, mechanismsOf } from './dovecot-ways.ts';
import { smtpdsOf, waysOut, type Smtpd } from './postfix-ways.ts';
import { missingRefusal, programOf, strangeRestriction, type Program } from './program.ts';

/** Where Postfix's files are, for the reader. */
const MASTER_CF = '/etc/postfix/master.cf';

/** Who can do what through which way in (docs/exposure.md). Pure: the same files and facts give the same map. */
export function exposureOf(config: Config, facts: HostFacts): ExposureMap {
  const smtpds = smtpdsOf(config, facts);
  const mechanisms = config.dovecot ? mechanismsOf(config.dovecot) : [];
  const ways = [
    ...smtpds.map((one) => wayOf(one, mechanisms, facts)),
    ...(config.dovecot ? dovecotWays(config.dovecot) : []),
  ];
  const map = {
    ways,
    sockets: config.dovecot ? authSockets(config.dovecot) : [],
    out: waysOut(config, facts, MASTER_CF),
    networks: config.postfix ? parametersOf(config.postfix.main, null, facts).of('mynetworks') : '',
  };
  return { ...map, dangers: dangersOf(map, config, facts) };
}

function wayOf(smtpd: Smtpd, mechanisms: readonly string[], facts: HostFacts): WayIn {
  const { service, parameters: _, dead: __, auth, ...rest } = smtpd;
  return {
    ...rest,
    daemon: 'postfix',
    program: 'smtpd',
    file: MASTER_CF,
    line: service.line,
    auth: { ...auth, mechanisms: auth.type === 'dovecot' && auth.offered !== 'never' ? mechanisms : [] },
    decisions: CLIENT_CLASSES.flatMap((client) =>
      DESTINATIONS.map((destination) => decisionOf(smtpd, client, destination, facts)),
    ),
  };
}

function decisionOf(
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

/** The lists of this smtpd as this class of client meets them. */
export function smtpdProgram(
  smtpd: Smtpd,
  client: Decision['client'],
  destination: Decision['destination'],
  facts: HostFacts,
): Program {
  const dead = notServing(smtpd, facts);
  if (dead !== null) return [{ list: '', steps: [{ kind: 'refuse', by: dead }] }];
  const { parameters } = smtpd;
  return programOf({ parameters, client: CLIENTS[client], destination, version: facts.postfix ?? DEFAULT_VERSION });
}

const DEFAULT_VERSION = '3.7';

/** Why nobody is served there; null where somebody is. */
function notServing({ parameters, dead }: Smtpd, { postfix }: HostFacts): string | null {
  return dead ?? missingRefusal(parameters, postfix ?? DEFAULT_VERSION);
}

/** Does AUTH work there, whether or not EHLO lists it? */
export function canLogIn({ auth }: Smtpd, _network = false): boolean {
  return auth.offered !== 'never';
}

/** A value that only Postfix itself can expand; null where there is none. */
export function notUnderstood({ parameters }: Smtpd): string | null {
  const names = [
    ...['client', 'helo', 'sender', 'relay', 'recipient', 'data', 'end_of_data'].map(
      (one) => `smtpd_${one}_restrictions`,
    ),
    ...['smtpd_sasl_auth_enable', 'smtpd_tls_security_level', 'mynetworks', 'smtpd_delay_reject'],
  ];
  const name = names.find((one) => /\$/.test(parameters.of(one)));
  return name === undefined ? strangeRestriction(parameters) : `${name} = ${parameters.of(name)}`;
}

/** Are there smtpds at all? A Postfix that serves nobody has no map worth showing. */
export function servesClients({ postfix }: Config): boolean {
  return postfix !== null && activeServices(postfix.master).some(({ command }) => command === 'smtpd');
}
