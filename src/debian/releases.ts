import { PATHS } from '../model/index.ts';

/** Debian's releases in order, with the versions they ship (https://packages.debian.org, 2026-11). */
export const DEBIAN = {
  bullseye: { name: 'Debian 11', versionId: '11', postfix: '3.5.25', dovecot: '2.3.13' },
  bookworm: { name: 'Debian 12', versionId: '12', postfix: '3.7.11', dovecot: '2.3.19' },
  trixie: { name: 'Debian 13', versionId: '13', postfix: '3.10.5', dovecot: '2.4.1' },
  forky: { name: 'Debian testing', versionId: '14', postfix: '3.11.0', dovecot: '2.4.5' },
} as const;

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

export type DebianRelease = keyof typeof DEBIAN;

const ORDER = Object.keys(DEBIAN) as DebianRelease[];

/** Releases that a host can be upgraded to. */
export const UPGRADES: readonly DebianRelease[] = ORDER.slice(1);

/** The previous release: Debian upgrades one release at a time. */
export function releaseBefore(release: DebianRelease): DebianRelease {
  return ORDER[ORDER.indexOf(release) - 1] ?? release;
}
