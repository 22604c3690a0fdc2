/** docs/releases.md: the settings of each release, from the fragments and their version ranges. */
import { describeCondition } from '../src/cli/explain.ts';
import type { Condition, Fragment, Merge } from '../src/fragments/fragment.ts';
import { FRAGMENTS } from '../src/fragments/index.ts';
import type { Profile } from '../src/model/index.ts';
import { DEBIAN, distribution, UBUNTU } from '../src/debian/releases.ts';
import { satisfies } from '../src/formats/versions.ts';

export interface ReleaseRecord {
  readonly name: string;
  readonly postfix: string;
  readonly dovecot: string;
  /** How it is tested: on real hosts, on hosts of the nearest Debian with its identity, or at plan level only. */
  readonly tested: 'host' | 'nearest' | 'plan';
  readonly testedAs?: string;
  readonly differs?: string;
}

/** Versions in the releases: https://packages.debian.org, https://packages.ubuntu.com (2026-11). */
export const RELEASES: readonly ReleaseRecord[] = [
  { name: 'Ubuntu 16.04', postfix: '3.1.0', dovecot: '2.2.22', tested: 'plan' },
  { name: 'Ubuntu 18.04', postfix: '3.3.0', dovecot: '2.2.33', tested: 'plan' },
  { name: 'Ubuntu 20.04', postfix: '3.4.13', dovecot: '2.3.7', tested: 'plan' },
  { ...DEBIAN.bullseye, tested: 'host' },
  { ...UBUNTU.jammy, tested: 'nearest' },
  { ...DEBIAN.bookworm, tested: 'host' },
  { ...UBUNTU.noble, tested: 'nearest' },
  { ...DEBIAN.trixie, tested: 'host' },
  { ...UBUNTU.resolute, tested: 'nearest' },
  { ...DEBIAN.forky, tested: 'host' },
];

/** How a release is tested, in words. */
function howTested({ tested, testedAs = '', differs = '' }: ReleaseRecord): string {
  if (tested === 'host') return 'real hosts';
  if (tested === 'plan') return 'the plan, from facts of that version';
  return `as ${distribution(testedAs)?.name ?? ''}: hosts with its packages and Ubuntu’s identity. Not proved: ${differs}`;
}

export interface ReleaseTables {
  readonly versions: readonly string[][];
  /** Setting and value, for settings that are equal on all releases. */
  readonly alike: readonly string[][];
  readonly head: readonly string[];
  /** One row for each other setting, one column for each release. */
  readonly byRelease: readonly string[][];
}

/** The settings that a profile adds. */
export function releaseTables(profile: Profile): ReleaseTables {
  const places = new Map<string, Fragment[]>();
  const all = FRAGMENTS.filter((one) => one.profile === profile);
  for (const one of all) places.set(placeOf(one), [...(places.get(placeOf(one)) ?? []), one]);
  const rows = [...places].map(([place, forms]) => [
    `\`${place}\``,
    ...RELEASES.map((release) => cell(release, forms)),
  ]);
  const isAlike = ([, ...cells]: readonly string[]): boolean => new Set(cells).size === 1;
  return {
    versions: RELEASES.map((one) => [one.name, short(one.postfix), one.dovecot, howTested(one)]),
    alike: rows.filter(isAlike).map((row) => row.slice(0, 2)),
    head: ['Setting', ...RELEASES.map(({ name }) => name)],
    byRelease: rows.filter((row) => !isAlike(row)),
  };
}

/** The place, without the suffix that distinguishes forms of one setting by version. */
function placeOf({ place, setting }: Fragment): string {
  if (place.in === 'main.cf') return `main.cf: ${setting}`;
  if (place.in === 'master.cf') return `master.cf, ${place.port}: ${setting}`;
  return `dovecot: ${[...place.block, setting].join(' › ')}`;
}

function cell(release: ReleaseRecord, forms: readonly Fragment[]): string {
  const texts = forms.filter(({ when = {} }) => holds(release, when)).map(form);
  return [...new Set(texts)].join('<br>') || '–';
}

function holds({ postfix, dovecot }: ReleaseRecord, when: Condition): boolean {
  return satisfies(postfix, when.postfix ?? '>=0') && satisfies(dovecot, when.dovecot ?? '>=0');
}

/** The value to write, and its conditions other than the version. */
function form({ merge, when = {} }: Fragment): string {
  const others = Object.fromEntries(Object.entries(when).filter(([key]) => key !== 'postfix' && key !== 'dovecot'));
  const depends = describeCondition(others);
  return value(merge) + (depends === 'all' ? '' : ` (${depends})`);
}

function value(merge: Merge): string {
  const code = (text: string): string => (text === '' ? 'empty' : `\`${text}\``);
  switch (merge.how) {
    case 'set':
    case 'files':
      return code(merge.value);
    case 'default':
      return `${code(merge.value)} if unset`;
    case 'offer':
      return `${code(merge.value)} unless ${code(merge.declined)} is set`;
    case 'permit-users':
      return `with ${code('permit_sasl_authenticated')} before the refusal`;
    case 'at-least':
      return `at least ${code(merge.value)}`;
    case 'member':
      return `with ${code(merge.members.join(' '))}`;
    case 'remove':
      return 'removed';
    case 'without':
      return `without ${code(merge.members.join(' '))}`;
    case 'service':
      return 'active';
  }
}

const short = (version: string): string => version.split('.').slice(0, 2).join('.');
