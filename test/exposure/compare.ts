/** The exposure map of a batch beside what the sessions got. */

import { CLIENTS } from '../../src/exposure/clients.ts';
import type { HostFacts } from '../../src/exposure/config.ts';
import { run, type CheckAnswer } from '../../src/exposure/decide.ts';
import { exposureOf, smtpdProgram } from '../../src/exposure/exposure-map.ts';
import { smtpdsOf } from '../../src/exposure/postfix-ways.ts';
import type { Program } from '../../src/exposure/program.ts';
import { parseMain } from '../../src/formats/postfix/main-cf.ts';
import { parseMaster } from '../../src/formats/postfix/master-cf.ts';
import type { WayIn } from '../../src/model/index.ts';
import type { Observed, ProbeResult, SessionResult } from './oracle-host.ts';
import type { Rendered, Said, SessionSpec } from './render.ts';

export interface Compared {
  readonly sessions: number;
  /** Comparisons for which the map says `unknown`. */
  readonly unknown: number;
  readonly differences: readonly Difference[];
}

export interface Difference {
  /** Which of the batch's entries. */
  readonly entry: number;
  readonly text: string;
}

export function compare(rendered: Rendered, observed: Observed, version: string): Compared {
  const postfix = { main: parseMain(rendered.main, 'main.cf'), master: parseMaster(rendered.master, 'master.cf') };
  const config = { postfix, dovecot: null };
  const facts: HostFacts = { postfix: version, dovecot: null, postconf: {} };
  const map = exposureOf(config, facts);
  const smtpds = smtpdsOf(config, facts);
  const byPort = (port: number): number => map.ways.findIndex((way) => way.port === port);
  const differences: Difference[] = [];
  let unknown = 0;

  rendered.entries.forEach(({ port, address }, entry) => {
    const way = map.ways[byPort(port)];
    const say = (text: string): void => void differences.push({ entry, text });
    if (!way) return say(`port ${port} answers, and the map has no such way in`);
    if (!way.addresses.includes('*') && !way.addresses.includes(address)) {
      say(`${address} answers, and the map says ${way.addresses.join(', ')}`);
    }
    for (const probe of observed.probes.filter((one) => one.port === port)) {
      for (const text of offers(way, probe)) say(`${probe.client}: ${text} (${JSON.stringify(probe)})`);
    }
  });

  rendered.sessions.forEach((spec, at) => {
    const result = observed.sessions[at]!;
    const place = byPort(spec.port);
    const way = map.ways[place];
    if (!way) return;
    const decision = way.decisions.find((one) => one.client === spec.client && one.destination === spec.destination)!;
    const got = outcome(result);
    const say = (text: string): void => {
      const told = `${spec.client} → ${spec.destination} (${spec.persona}): ${text}`;
      differences.push({ entry: spec.entry, text: `${told}; session: ${got} ${JSON.stringify(result)}` });
    };
    if (decision.verdict === 'unknown') {
      unknown++;
      return;
    }
    const login = CLIENTS[spec.client].login !== 'none';
    if (result.error !== undefined && login && decision.verdict === 'no-login') return;
    if (decision.verdict === 'no-login' || got === 'no-login') {
      if (got !== decision.verdict) say(`map: ${decision.verdict} (${decision.why})`);
      return;
    }
    if (spec.persona === 'silent' && got !== (decision.verdict === 'accepted' ? 'accepted' : 'refused')) {
      return say(`map: ${decision.verdict} (${decision.why})`);
    }
    const program = smtpdProgram(smtpds[place]!, spec.client, spec.destination, facts);
    const end = play(program, rendered.saids, spec);
    if (got !== (end.end === 'accept' ? 'accepted' : 'refused')) return say(`program: ${end.end} by ${end.by}`);
    const expected = policiesOf(end.asked);
    const asked = unique(result.asked);
    // A HELO that is refused ends its list, and the client goes on: what the list would ask behind it is not known.
    if ((result.codes['ehlo'] ?? 0) >= 400) return;
    if (expected.join() !== asked.join())
      say(`program asks ${short(expected)}, the services were asked ${short(asked)}`);
  });
  return { sessions: rendered.sessions.length + observed.probes.length, unknown, differences };
}

function outcome({ codes, accepted }: SessionResult): 'accepted' | 'refused' | 'no-login' {
  // AUTH needs an EHLO that is accepted.
  const greeted = (codes['ehlo'] ?? 0) < 400;
  if (codes['auth'] !== undefined && codes['auth'] !== 235 && greeted) return 'no-login';
  return accepted ? 'accepted' : 'refused';
}

/** What the way in says of TLS and AUTH beside what a client saw there. */
function offers(way: WayIn, probe: ProbeResult): string[] {
  const { implicit, mail, listed, login } = probe;
  if (probe.error !== undefined) {
    // An smtpd that dies at start serves nobody, whatever TLS it would speak.
    const served = way.decisions.some(({ verdict }) => verdict !== 'refused' && verdict !== 'no-login');
    return served ? [`nobody is served: ${probe.error}`] : [];
  }
  // The client is refused before it can say anything.
  if (probe.greeting >= 400 || probe.ehlo >= 400) return [];
  const tls = implicit ? 'implicit' : mail === 530 ? 'required' : probe.tls === 220 ? 'optional' : 'none';
  const usable = login[0] === 235 ? 'always' : login[1] === 235 ? 'inside-tls' : 'never';
  const announced = listed[0] ? 'always' : listed[1] ? 'inside-tls' : 'never';
  return [
    ...(tls === way.tls ? [] : [`TLS is ${tls}, map: ${way.tls}`]),
    ...(usable === way.auth.offered ? [] : [`AUTH works ${usable}, map: ${way.auth.offered}`]),
    ...(announced === usable || way.auth.exceptions !== '' ? [] : [`EHLO lists AUTH ${announced}, it works ${usable}`]),
  ];
}

/** The program with the answers of the case. */
export function play(program: Program, saids: ReadonlyMap<string, Said>, { persona }: SessionSpec) {
  const answers = new Map<string, CheckAnswer>();
  for (;;) {
    const end = run(program, answers);
    if (end.end !== 'ask') return end;
    const said = persona === 'silent' ? 'DUNNO' : (saids.get(end.check.id.replace(/^warn_if_reject /i, '')) ?? 'DUNNO');
    answers.set(end.check.id, said === 'OK' ? 'permit' : said === 'DUNNO' ? 'dunno' : 'refuse');
  }
}

function policiesOf(asked: readonly string[]): string[] {
  return unique(asked.flatMap((id) => /check_policy_service (?:\{\s*)?unix:([^\s,}]+)/.exec(id)?.[1] ?? []));
}

const unique = (all: readonly string[]): string[] => [...new Set(all)];
const short = (paths: readonly string[]): string =>
  `[${paths.map((path) => path.replace(/^\/run\/oracle\//, '')).join(', ')}]`;
