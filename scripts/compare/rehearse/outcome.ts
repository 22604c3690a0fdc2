/** One host of the comparison: what the rehearsal said, what then happened to the host itself, and where the two disagree. */
import type { Act, ActFile, Rehearsal } from '../../../src/model/index.ts';

/** An act on the host itself: the diffs as they are, and with stand-ins in place of what they replace. */
export interface LivedAct extends Act {
  readonly masked: readonly ActFile[];
}

export interface Course<A extends Act = Act> {
  readonly good: boolean;
  readonly acts: readonly A[];
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
  readonly happened: Course<LivedAct>;
  /** Sessions of the host's own users and of strangers that the host's acts were judged by. */
  readonly sessions: number;
  readonly disagreements: readonly string[];
  /** Outages that differ by more than the tolerance, on a machine that had other work at that time. */
  readonly unjudged: readonly string[];
  /** The highest load of the machine meanwhile, over a minute. */
  readonly load: number;
}

/** A load from which outages prove nothing: the machine has two processors, and an upgrade needs one of them. */
export const BUSY = 3;

/** A refusal of the rehearsal that says nothing about the host. */
export const NOT_REHEARSED = /there is no copy of this host/;

/** Seconds by which an outage may be longer or shorter on the host. */
const TOLERANCE = 2;

export function outageDifferences(rehearsed: Course, happened: Course): string[] {
  return happened.acts.flatMap((act) => {
    const said = rehearsed.acts.find(({ name }) => name === act.name);
    return said ? outages(said, act).map((text) => `${act.name}: ${text}`) : [];
  });
}

/** The host is as it is; and it is upgraded once. */
const EXTRA: readonly string[] = ['as it is', 'with the files of the packages'];

/** Apart from outages. */
export function disagreements(rehearsed: Compared['rehearsed'], happened: Compared['happened']): string[] {
  if (rehearsed.refusal !== undefined || happened.refusal !== undefined) {
    const [said, was] = [plain(rehearsed.refusal ?? 'no refusal'), plain(happened.refusal ?? 'no refusal')];
    return said === was ? [] : [`the rehearsal: ${said}; the host: ${was}`];
  }
  // An act that only the rehearsal plays counts if it is bad.
  const more = rehearsed.acts.filter((act) => act.faults.length > 0 || !EXTRA.includes(act.name));
  const names = [...new Set([...more, ...happened.acts].map(({ name }) => name))];
  return [
    ...(rehearsed.good === happened.good ? [] : [`verdict: ${word(rehearsed.good)} in the rehearsal, ${word(happened.good)} on the host`]), // oxfmt-ignore
    ...(rehearsed.sameDiff === false && happened.good ? ['the plan for the copy is not the plan for the host'] : []),
    ...names.flatMap((name) => {
      const one = rehearsed.acts.find((act) => act.name === name);
      const other = happened.acts.find((act) => act.name === name);
      if (!one || !other) return [`${name}: only ${one ? 'in the rehearsal' : 'on the host'}`];
      return [...faults(one, other), ...notes(one, other), ...files(one, other)].map((text) => `${name}: ${text}`);
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

/** What the host's act notes, the rehearsal notes as well. */
function notes(one: Act, other: Act): string[] {
  return other.notes.filter((note) => !one.notes.includes(note)).map((note) => `only on the host: ${note}`);
}

/** Each line of a diff is the host's own, or the host's with stand-ins. */
function files(one: Act, other: LivedAct): string[] {
  const byPath = (all: readonly ActFile[]) => new Map(all.map((file) => [file.path, file] as const));
  const [said, was, masked] = [byPath(one.files), byPath(other.files), byPath(other.masked)];
  return [...new Set([...said.keys(), ...was.keys()])].sort().flatMap((path) => {
    const [left, right] = [said.get(path), was.get(path)];
    if (!left || !right) return [`${path} changes only ${left ? 'in the rehearsal' : 'on the host'}`];
    if (left.mode !== right.mode || left.owner !== right.owner)
      return [`${path} is ${left.mode} ${left.owner} in the rehearsal, ${right.mode} ${right.owner} on the host`];
    const [lines, own, replaced] = [left, right, masked.get(path) ?? right].map(({ diff }) => diff.split('\n'));
    const wrong = lines?.find((line, at) => line !== own?.[at] && line !== replaced?.[at]);
    const isSame = wrong === undefined && lines?.length === own?.length;
    return isSame ? [] : [`${path} changes in another way: ${wrong ?? 'a line is missing'}`];
  });
}
