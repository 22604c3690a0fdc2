/** One host of the comparison: what the rehearsal said, what then happened to the host itself, and where the two disagree. */
import type { Act, ActFile, Rehearsal } from '../../../src/model/index.ts';

export interface Course {
  readonly good: boolean;
  readonly acts: readonly Act[];
  /** Why there are no acts: the reason for which the command refused the host. */
  readonly refusal?: string;
}

/** As it is kept between runs. */
export interface Compared {
  /** `HOST@RELEASE`, with `-TO` for an upgrade. */
  readonly name: string;
  readonly description: string;
  readonly release: string;
  readonly upgradeTo?: string;
  readonly rehearsed: Course & Partial<Pick<Rehearsal, 'verdict' | 'sameDiff'>>;
  readonly happened: Course;
  /** Sessions of the host's own users and of strangers that the host's acts were judged by. */
  readonly sessions: number;
  readonly disagreements: readonly string[];
}

/** Seconds by which an outage may be longer or shorter on the host. */
const TOLERANCE = 2;

export function disagreements(rehearsed: Compared['rehearsed'], happened: Course): string[] {
  if (rehearsed.refusal !== undefined || happened.refusal !== undefined) {
    const [said, was] = [plain(rehearsed.refusal ?? 'no refusal'), plain(happened.refusal ?? 'no refusal')];
    return said === was ? [] : [`the rehearsal: ${said}; the host: ${was}`];
  }
  const told = [...rehearsed.acts, ...happened.acts].filter((act) => act.name !== 'as it is' || act.faults.length > 0);
  const names = [...new Set(told.map(({ name }) => name))];
  return [
    ...(rehearsed.good === happened.good ? [] : [`verdict: ${word(rehearsed.good)} in the rehearsal, ${word(happened.good)} on the host`]), // oxfmt-ignore
    ...(rehearsed.sameDiff === false && happened.good ? ['the plan for the copy is not the plan for the host'] : []),
    ...names.flatMap((name) => {
      const [one, other] = [rehearsed, happened].map(({ acts }) => acts.find((act) => act.name === name));
      if (!one || !other) return [`${name}: only ${one ? 'in the rehearsal' : 'on the host'}`];
      return [...faults(one, other), ...outages(one, other), ...files(one, other)].map((text) => `${name}: ${text}`);
    }),
  ];
}

const word = (good: boolean): string => (good ? 'good' : 'bad');

/** A sentence without what differs between a host and its copy: addresses, identifiers and times. */
export function plain(text: string): string {
  return text.replace(/\b\d+\.\d+\.\d+\.\d+\b/g, 'ADDRESS').replace(/\b\d{8}T\d{6}Z?-\w+/g, 'TRANSACTION');
}

function faults(one: Act, other: Act): string[] {
  const [said = '', was = ''] = [one.faults[0], other.faults[0]];
  if ((said === '') === (was === '')) return [];
  return [`${said === '' ? 'good' : said} in the rehearsal, ${was === '' ? 'good' : was} on the host`];
}

function outages(one: Act, other: Act): string[] {
  const ports = [...new Set([...one.outages, ...other.outages].map(({ port }) => port))];
  return ports.flatMap((port) => {
    const [said = 0, was = 0] = [one, other].map((act) => act.outages.find((outage) => outage.port === port)?.seconds);
    return Math.abs(said - was) <= TOLERANCE ? [] : [`${port} was out for ${said} s in the rehearsal, ${was} s on the host`]; // oxfmt-ignore
  });
}

function files(one: Act, other: Act): string[] {
  const [said, was] = [one, other].map(
    ({ files: all }) => new Map(all.map((file) => [file.path, textOf(file)] as const)),
  );
  const paths = [...new Set([...(said?.keys() ?? []), ...(was?.keys() ?? [])])].sort();
  return paths.flatMap((path) => {
    const [left, right] = [said?.get(path), was?.get(path)];
    return left === right ? [] : [`${path} ${left === undefined ? 'changes on the host only' : right === undefined ? 'changes in the rehearsal only' : 'changes in another way'}`]; // oxfmt-ignore
  });
}

function textOf({ mode, owner, diff }: ActFile): string {
  return JSON.stringify([mode, owner, diff]);
}
