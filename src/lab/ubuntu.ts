/** Hosts of Debian with the identity of an Ubuntu: its os-release, its banner, and what it sets up differently. */
import { UBUNTU } from '../debian/releases.ts';
import type { ReleaseName } from './images.ts';

export type UbuntuName = keyof typeof UBUNTU;

/** The Debian release whose packages are the nearest. */
export const nearestDebian = (codename: UbuntuName): ReleaseName => UBUNTU[codename].testedAs;

/** The os-release of a system, as its own file words it. */
export const osRelease = (fields: Readonly<Record<string, string>>): string =>
  Object.entries(fields)
    .map(([name, value]) => `${name}="${value}"\n`)
    .join('');

/** The files that say which system this is, by path. The package base-files of Debian has the first one, so an upgrade replaces it. */
export function ubuntuIdentity(codename: UbuntuName): Readonly<Record<string, string>> {
  const { name, versionId } = UBUNTU[codename];
  return {
    '/usr/lib/os-release': osRelease({
      PRETTY_NAME: `${name} LTS`,
      NAME: 'Ubuntu',
      VERSION_ID: versionId,
      VERSION_CODENAME: codename,
      ID: 'ubuntu',
      ID_LIKE: 'debian',
      UBUNTU_CODENAME: codename,
    }),
    '/etc/lsb-release': `DISTRIB_ID=Ubuntu\nDISTRIB_RELEASE=${versionId}\nDISTRIB_CODENAME=${codename}\nDISTRIB_DESCRIPTION="${name} LTS"\n`,
  };
}

/** What Ubuntu's installer writes: it switches unattended-upgrades on. */
export const UBUNTU_DEFAULTS: Readonly<Record<string, string>> = {
  '/etc/apt/apt.conf.d/20auto-upgrades': 'APT::Periodic::Unattended-Upgrade "1";\n',
};

/** Postfix's main.cf as Ubuntu's package writes it. */
export const withUbuntuBanner = (main: string): string =>
  main.replace(/^(smtpd_banner = .*)\(Debian(\/GNU)?\)$/m, '$1(Ubuntu)');
