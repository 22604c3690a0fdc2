import { PATHS } from '../model/index.ts';

/** A release of Debian or Ubuntu, with the upstream versions that it ships. */
export interface Distribution {
  readonly os: 'debian' | 'ubuntu';
  readonly name: string;
  readonly versionId: string;
  readonly postfix: string;
  readonly dovecot: string;
  /** The Debian release whose packages are the nearest: the tests use these, with this release's identity. */
  readonly testedAs?: string;
  /** The differences from that release: a host of it does not prove them. */
  readonly differs?: string;
}

/** Debian's releases in order (https://packages.debian.org, 2026-11). */
export const DEBIAN = {
  bullseye: { os: 'debian', name: 'Debian 11', versionId: '11', postfix: '3.5.25', dovecot: '2.3.13' },
  bookworm: { os: 'debian', name: 'Debian 12', versionId: '12', postfix: '3.7.11', dovecot: '2.3.19' },
  trixie: { os: 'debian', name: 'Debian 13', versionId: '13', postfix: '3.10.5', dovecot: '2.4.1' },
  forky: { os: 'debian', name: 'Debian testing', versionId: '14', postfix: '3.11.0', dovecot: '2.4.5' },
} as const satisfies Record<string, Distribution>;

/** Ubuntu's releases with long-term support in order (https://packages.ubuntu.com, 2026-11). */
export const UBUNTU = {
  jammy: {
    os: 'ubuntu',
    name: 'Ubuntu 22.04',
    versionId: '22.04',
    postfix: '3.6.4',
    dovecot: '2.3.16',
    testedAs: 'bookworm',
    differs: 'Postfix 3.6 and Dovecot 2.3.16 instead of 3.7 and 2.3.19',
  },
  noble: {
    os: 'ubuntu',
    name: 'Ubuntu 24.04',
    versionId: '24.04',
    postfix: '3.8.6',
    dovecot: '2.3.21',
    testedAs: 'bookworm',
    differs: 'Postfix 3.8 and Dovecot 2.3.21 instead of 3.7 and 2.3.19',
  },
  resolute: {
    os: 'ubuntu',
    name: 'Ubuntu 26.04',
    versionId: '26.04',
    postfix: '3.10.6',
    dovecot: '2.4.2',
    testedAs: 'trixie',
    differs: 'Dovecot 2.4.2 instead of 2.4.1',
  },
} as const satisfies Record<string, Distribution>;

/** Differences of every Ubuntu from the Debian release that it is tested as. */
export const UBUNTU_DIFFERS =
  'Ubuntu’s builds and patches, its OpenSSL, AppArmor profiles, certbot from snap and systemd-resolved';

/** Files of 2.3 that dovecot-core of Debian 13 removes if they are unedited (its postinst). */
export const OBSOLETE: readonly string[] = [
  'conf.d/10-director.conf',
  'conf.d/10-tcpwrapper.conf',
  'conf.d/90-plugin.conf',
  'conf.d/auth-vpopmail.conf.ext',
  'dovecot-dict-auth.conf.ext',
  'dovecot-dict-sql.conf.ext',
  'dovecot-sql.conf.ext',
].map((name) => `${PATHS.DOVECOT}/${name}`);

export type ReleaseCodename = keyof typeof DEBIAN | keyof typeof UBUNTU;

const LINES: readonly Readonly<Partial<Record<ReleaseCodename, Distribution>>>[] = [DEBIAN, UBUNTU];

/** The release with this codename; null if it is none of these. */
export function distribution(codename: string): Distribution | null {
  const line = LINES.find((one) => Object.hasOwn(one, codename));
  return line?.[codename as ReleaseCodename] ?? null;
}

/** Releases that a host can be upgraded to. */
export const UPGRADES: readonly ReleaseCodename[] = LINES.flatMap((line) =>
  (Object.keys(line) as ReleaseCodename[]).slice(1),
);

/** The previous release: Debian, and Ubuntu with long-term support, upgrade one release at a time. */
export function releaseBefore(release: ReleaseCodename): ReleaseCodename {
  const order = LINES.map((line) => Object.keys(line) as ReleaseCodename[]).find((one) => one.includes(release)) ?? [];
  return order[order.indexOf(release) - 1] ?? release;
}

/** `Ubuntu 24.04 is tested as Debian 12 …`: what the tests of a release cannot prove; null for a Debian. */
export function testedAs(codename: string): string | null {
  const release = distribution(codename);
  const nearest = distribution(release?.testedAs ?? '');
  if (!release || !nearest) return null;
  return `${release.name} is tested as ${nearest.name} with Ubuntu's identity: not proved are ${UBUNTU_DIFFERS}; and ${release.differs ?? ''}`;
}
