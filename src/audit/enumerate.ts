/** Lists the versions, suites and groups of a port: each answer is one choice of the server, from one connection. */
import type { Answer } from '../tls/flight.ts';
import { CURVES, EXTENSION, GROUPS13, VERSION_NAMES, VERSIONS, type Version } from '../tls/suite-names.ts';
import { CLASSIC, MODERN, suiteOf } from '../tls/suites.ts';
import { askTls, type TlsAnswer, type Question, type Target } from './ask.ts';
import { TurnedAway } from './port-gate.ts';

/** A choice, and the suites that were offered. */
type Choice = Answer & { readonly kind: 'hello'; readonly offered: readonly number[] };

export interface VersionSeen {
  readonly version: Version;
  /** By number, in the order in which the server chose them. */
  readonly suites: readonly number[];
  /** The side whose order of preference counts; null for a single suite, or without an answer. */
  readonly order: 'server' | 'client' | null;
}

type Spoken = Pick<VersionSeen, 'version' | 'suites'>;

export interface TlsSeen {
  /** Supported versions, oldest first. */
  readonly versions: readonly VersionSeen[];
  /** Named groups that the server accepts in TLS 1.3, and curves before it. */
  readonly groups: readonly number[];
  /** Finite-field primes before TLS 1.3. */
  readonly primes: readonly { readonly prime: Buffer; readonly bits: number }[];
  /** Each chain (DER) that the server sent, once. */
  readonly chains: readonly (readonly Buffer[])[];
  /** For versions up to 1.2; null if none is supported. */
  readonly classic: Classic | null;
}

export interface Classic {
  readonly secureRenegotiation: boolean;
  readonly extendedMasterSecret: boolean;
  readonly compression: boolean;
  /** Refuses a client that retries with a lower version (RFC 7507); null if there is no lower one. */
  readonly fallbackRefused: boolean | null;
}

/** Tests all versions in parallel, as far as the gate allows. Throws TlsFormatError if the answers are not TLS. */
export async function enumerate(target: Target): Promise<TlsSeen> {
  const choices: Choice[] = [];
  const versions = (await Promise.all(VERSION_NAMES.map((version) => oneVersion(target, version, choices)))).filter(
    ({ suites }) => suites.length > 0,
  );
  const [groups, fallbackRefused] = await Promise.all([groupsOf(target, versions), fallback(target, versions)]);
  const old = choices.filter(({ hello }) => hello.version !== 'TLS 1.3');
  const has = (type: number): boolean => old.every(({ hello }) => hello.extensions.has(type));
  return {
    versions,
    groups,
    primes: distinct(
      old.flatMap(({ exchange }) => (exchange?.kind === 'dh' ? [exchange] : [])),
      ({ prime }) => prime,
    ),
    chains: distinct(
      old.map(({ certificates }) => certificates),
      ([leaf]) => leaf,
    ).filter(({ length }) => length > 0),
    classic:
      old.length === 0
        ? null
        : {
            secureRenegotiation: has(EXTENSION.renegotiationInfo),
            // SSL 3.0 has no extensions except renegotiation_info, which a signal among its suites asks for.
            extendedMasterSecret: old.every(
              ({ hello }) => hello.version === 'SSL 3.0' || hello.extensions.has(EXTENSION.extendedMasterSecret),
            ),
            compression: old.some(({ hello }) => hello.compression !== 0),
            fallbackRefused,
          },
  };
}

async function oneVersion(target: Target, version: Version, collected: Choice[]): Promise<VersionSeen> {
  const choices: Choice[] = [];
  const left = (offer: readonly number[]): number[] =>
    offer.filter((id) => !choices.some(({ hello }) => hello.suite === id));
  const pick = async (offer: readonly number[], patience: Patience): Promise<Choice | 'closed' | null> => {
    const choice = await choose(target, { version, suites: offer }, patience);
    if (choice === null || choice === 'closed') return choice;
    collected.push(choice);
    choices.push(choice);
    return choice;
  };
  /** @returns whether the server hung up without an answer */
  const peel = async (part: readonly number[]): Promise<boolean> => {
    for (let offer = part; offer.length > 0; offer = left(part)) {
      const choice = await pick(offer, 'none');
      if (choice === null || choice === 'closed') return choice === 'closed';
    }
    return false;
  };
  const all = version === 'TLS 1.3' ? MODERN : CLASSIC;
  let more = await pick(all, 'fewer');
  while (more !== null && more !== 'closed') {
    const ends = await Promise.all(lanes(left(all)).map(peel));
    // The remaining suites of all lanes that ended without an answer are offered once more, together.
    more = ends.includes(true) ? await pick(left(all), 'none') : null;
  }
  const suites = choices.map(({ hello }) => hello.suite);
  return { version, suites, order: await orderOf(target, { version, suites }, all, choices) };
}

/** Suites in groups that can be tested in parallel. */
function lanes(suites: readonly number[]): number[][] {
  const kinds: readonly RegExp[] = [/^ECDHE$/, /^DHE$/, /./];
  const lane = (id: number): number => kinds.findIndex((kind) => kind.test(suiteOf(id).exchange));
  return kinds.map((_, index) => suites.filter((id) => lane(id) === index));
}

/**
 * How to treat a server that hangs up without an answer. Dovecot refuses this way, and so does a server that is too busy:
 * only the second time counts. `once more`: repeat the question. `fewer`: repeat it with fewer suites, because some servers
 * refuse a long hello. `none`: the caller handles it.
 */
type Patience = 'once more' | 'fewer' | 'none';

/** The server's choice; null if it refuses all, or if the gate is shut: then nothing more is known. */
async function choose(target: Target, question: Question, patience: 'once more'): Promise<Choice | null>;
async function choose(target: Target, question: Question, patience: Patience): Promise<Choice | 'closed' | null>;
async function choose(target: Target, question: Question, patience: Patience): Promise<Choice | 'closed' | null> {
  let { suites } = question;
  let answer = await tryAsk(target, question);
  if (answer?.kind === 'closed' && patience === 'none') return 'closed';
  if (answer?.kind === 'closed') {
    if (patience === 'fewer') suites = suites.filter((id) => COMMON.test(suiteOf(id).cipher));
    answer = await tryAsk(target, { ...question, suites });
  }
  // Silence is not an answer: the server may be busy, or drop what it does not know.
  if (answer?.kind === 'silent') answer = await tryAsk(target, { ...question, suites });
  if (answer?.kind === 'silent') target.gate.unanswered.add(question.version);
  if (answer?.kind !== 'hello') return null;
  // A server that does not know the version answers with a lower one.
  const fits = answer.hello.version === question.version && suites.includes(answer.hello.suite);
  return fits ? { ...answer, offered: suites } : null;
}

async function tryAsk(target: Target, question: Question): Promise<TlsAnswer | null> {
  try {
    return await askTls(target, question);
  } catch (error) {
    if (error instanceof TurnedAway) return null;
    throw error;
  }
}

const COMMON = /^(AES_(128|256)_(GCM|CBC)|CHACHA20_POLY1305|3DES_EDE_CBC|RC4_128)$/;

/** Whose order counts? Few servers share this offer's order. If a server follows it, offer the reverse order too. */
async function orderOf(
  target: Target,
  { version, suites }: Spoken,
  all: readonly number[],
  choices: readonly Choice[],
): Promise<VersionSeen['order']> {
  const firstOf = (offered: readonly number[]): number | undefined => offered.find((id) => suites.includes(id));
  if (suites.length < 2) return null;
  if (choices.some(({ hello, offered }) => hello.suite !== firstOf(offered))) return 'server';
  const reversed = all.filter((id) => suites.includes(id)).toReversed();
  const choice = await choose(target, { version, suites: reversed }, 'once more');
  if (!choice) return null;
  return choice.hello.suite === reversed[0] ? 'client' : 'server';
}

/** Groups of TLS 1.3, and curves of the newest version before it. */
async function groupsOf(target: Target, versions: readonly VersionSeen[]): Promise<number[]> {
  const modern = versions.find(({ version }) => version === 'TLS 1.3');
  const elliptic = versions.findLast(
    ({ version, suites }) => version !== 'TLS 1.3' && suites.some((id) => /^ECDH/.test(suiteOf(id).exchange)),
  );
  const curve = (choice: Choice): number | null => (choice.exchange?.kind === 'curve' ? choice.exchange.group : null);
  const found = await Promise.all([
    modern ? peelGroups(target, modern, GROUPS13, ({ hello }) => hello.group) : [],
    elliptic ? peelGroups(target, withCurves(elliptic), CURVES, curve) : [],
  ]);
  return [...new Set(found.flat())];
}

function withCurves({ version, suites }: VersionSeen): Spoken {
  return { version, suites: suites.filter((id) => /^ECDH(E|_anon)$/.test(suiteOf(id).exchange)) };
}

async function peelGroups(
  target: Target,
  { version, suites }: Spoken,
  all: readonly number[],
  groupOf: (choice: Choice) => number | null,
): Promise<number[]> {
  const found: number[] = [];
  let offer = all;
  /** A server with an ECDSA certificate needs its curve in the offer (RFC 8422 §5.1): it stays, at the end. */
  let kept: readonly number[] = [];
  for (;;) {
    const choice = await choose(target, { version, suites, groups: [...offer, ...kept] }, 'once more');
    const group = choice ? groupOf(choice) : null;
    if (group !== null && offer.includes(group)) {
      found.push(group);
      offer = offer.filter((id) => id !== group);
    } else if (group === null && kept.length === 0 && found.length > 0 && version !== 'TLS 1.3') {
      kept = found.filter((id) => id >= 23 && id <= 28);
      if (kept.length === 0) return found;
    } else return found;
    if (offer.length === 0) return found;
  }
}

/** Retries with the version before the newest, and says so. */
async function fallback(target: Target, versions: readonly VersionSeen[]): Promise<boolean | null> {
  const lower = versions.at(-2);
  if (!lower || VERSIONS[lower.version] < VERSIONS['TLS 1.0']) return null;
  const answer = await tryAsk(target, { version: lower.version, suites: lower.suites, fallback: true });
  return answer && answer.kind !== 'hello';
}

/** The first of each kind; `bytes` identifies the kind. */
function distinct<T>(all: readonly T[], bytes: (one: T) => Buffer | undefined): T[] {
  const seen = new Map<string, T>();
  for (const one of all) {
    const key = bytes(one)?.toString('latin1') ?? '';
    if (!seen.has(key)) seen.set(key, one);
  }
  return [...seen.values()];
}
