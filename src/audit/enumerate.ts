/** What a port speaks, found by asking for it: every answer is one choice of the server, from one connection. */
import type { Answer } from '../tls/flight.ts';
import { CURVES, EXTENSION, GROUPS13, VERSION_NAMES, VERSIONS, type Version } from '../tls/names.ts';
import { CLASSIC, MODERN, suiteOf } from '../tls/suites.ts';
import { ask, type Heard, type Question, type Target } from './ask.ts';
import { TurnedAway } from './gate.ts';

type Choice = Answer & { readonly kind: 'hello' };

export interface VersionSeen {
  readonly version: Version;
  /** By number, in the order in which the server chose them. */
  readonly suites: readonly number[];
  /** Whose order of preference counts; null where there is one suite only, or it was not heard. */
  readonly order: 'server' | 'client' | null;
}

export interface TlsSeen {
  /** Those that are spoken, oldest first. */
  readonly versions: readonly VersionSeen[];
  /** Named groups taken in TLS 1.3, and curves before it. */
  readonly groups: readonly number[];
  /** Finite-field primes before TLS 1.3. */
  readonly primes: readonly { readonly prime: Buffer; readonly bits: number }[];
  /** Each chain (DER) that was served, once. */
  readonly chains: readonly (readonly Buffer[])[];
  /** Of versions up to 1.2; null where none is spoken. */
  readonly classic: Classic | null;
}

export interface Classic {
  readonly secureRenegotiation: boolean;
  readonly extendedMasterSecret: boolean;
  readonly compression: boolean;
  /** Refuses a client that comes back with a lower version (RFC 7507); null where there is no lower one. */
  readonly fallbackRefused: boolean | null;
}

/** All versions side by side, as far as the gate lets us. Throws TlsFormatError where the answers are not TLS. */
export async function enumerate(target: Target): Promise<TlsSeen> {
  const heard: Choice[] = [];
  const versions = (await Promise.all(VERSION_NAMES.map((version) => oneVersion(target, version, heard)))).filter(
    ({ suites }) => suites.length > 0,
  );
  const [groups, fallbackRefused] = await Promise.all([groupsOf(target, versions), fallback(target, versions)]);
  const old = heard.filter(({ hello }) => hello.version !== 'TLS 1.3');
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
            // SSL 3.0 has no extensions but for the one that a signal among its suites asks for.
            extendedMasterSecret: old.every(
              ({ hello }) => hello.version === 'SSL 3.0' || hello.extensions.has(EXTENSION.extendedMasterSecret),
            ),
            compression: old.some(({ hello }) => hello.compression !== 0),
            fallbackRefused,
          },
  };
}

async function oneVersion(target: Target, version: Version, heard: Choice[]): Promise<VersionSeen> {
  const suites: number[] = [];
  const peel = async (left: readonly number[]): Promise<void> => {
    for (let offer = left; offer.length > 0;) {
      const choice = await choose(target, { version, suites: offer });
      if (!choice) return;
      const { suite } = choice.hello;
      heard.push(choice);
      suites.push(suite);
      offer = offer.filter((id) => id !== suite);
    }
  };
  const all = version === 'TLS 1.3' ? MODERN : CLASSIC;
  const first = await choose(target, { version, suites: all }, true);
  if (!first) return { version, suites, order: null };
  heard.push(first);
  suites.push(first.hello.suite);
  await Promise.all(lanes(all.filter((id) => id !== first.hello.suite)).map(peel));
  return { version, suites, order: await orderOf(target, version, suites) };
}

/** Suites in parts that can be asked for side by side. */
function lanes(suites: readonly number[]): number[][] {
  const kinds: readonly RegExp[] = [/^ECDHE$/, /^DHE$/, /./];
  const lane = (id: number): number => kinds.findIndex((kind) => kind.test(suiteOf(id).exchange));
  return kinds.map((_, index) => suites.filter((id) => lane(id) === index));
}

/**
 * The server's choice; null when it wants none of it, or when the gate is shut: then nothing more is known.
 * @param first ask a server that hangs up without a word once more, with fewer suites: a long hello is too much for some
 */
async function choose(target: Target, question: Question, first = false): Promise<Choice | null> {
  let heard = await hear(target, question);
  // Dovecot refuses without a word, as a server does that is too busy: only the second time it counts.
  if (heard?.kind === 'closed' && !first) heard = await hear(target, question);
  if (heard?.kind === 'closed' && first) {
    return choose(target, { ...question, suites: question.suites.filter((id) => COMMON.test(suiteOf(id).cipher)) });
  }
  // Silence is no answer: the server may be busy, or drop what it does not know.
  if (heard?.kind === 'silent') heard = await hear(target, question);
  if (heard?.kind === 'silent') target.gate.unanswered.add(question.version);
  if (heard?.kind !== 'hello') return null;
  // A lower version than was asked for is the server's way to say that it does not know that one.
  return heard.hello.version === question.version && question.suites.includes(heard.hello.suite) ? heard : null;
}

async function hear(target: Target, question: Question): Promise<Heard | null> {
  try {
    return await ask(target, question);
  } catch (error) {
    if (error instanceof TurnedAway) return null;
    throw error;
  }
}

const COMMON = /^(AES_(128|256)_(GCM|CBC)|CHACHA20_POLY1305|3DES_EDE_CBC|RC4_128)$/;

/** Asked in one order and in the other: who gets his way? */
async function orderOf(target: Target, version: Version, suites: readonly number[]): Promise<VersionSeen['order']> {
  if (suites.length < 2) return null;
  const ends = await Promise.all(
    [suites, suites.toReversed()].map((order) => choose(target, { version, suites: order })),
  );
  const [one, other] = ends.map((choice) => choice?.hello.suite);
  if (one === undefined || other === undefined) return null;
  return one === other ? 'server' : 'client';
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

function withCurves({ version, suites }: VersionSeen): Pick<VersionSeen, 'version' | 'suites'> {
  return { version, suites: suites.filter((id) => /^ECDH(E|_anon)$/.test(suiteOf(id).exchange)) };
}

async function peelGroups(
  target: Target,
  { version, suites }: Pick<VersionSeen, 'version' | 'suites'>,
  all: readonly number[],
  groupOf: (choice: Choice) => number | null,
): Promise<number[]> {
  const found: number[] = [];
  let offer = all;
  /** A server with an ECDSA certificate wants its curve among ours (RFC 8422 §5.1): it stays in the offer, as the last. */
  let kept: readonly number[] = [];
  for (;;) {
    const choice = await choose(target, { version, suites, groups: [...offer, ...kept] });
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

/** Comes back with the version before the newest, and says so. */
async function fallback(target: Target, versions: readonly VersionSeen[]): Promise<boolean | null> {
  const lower = versions.at(-2);
  if (!lower || VERSIONS[lower.version] < VERSIONS['TLS 1.0']) return null;
  const heard = await hear(target, { version: lower.version, suites: lower.suites, fallback: true });
  return heard && heard.kind !== 'hello';
}

/** The first of each, told apart by some of their bytes. */
function distinct<T>(all: readonly T[], bytes: (one: T) => Buffer | undefined): T[] {
  const seen = new Map<string, T>();
  for (const one of all) {
    const key = bytes(one)?.toString('latin1') ?? '';
    if (!seen.has(key)) seen.set(key, one);
  }
  return [...seen.values()];
}
