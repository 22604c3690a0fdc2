/** Debian hosts with the identity of another system: its os-release, its banner, and what it sets up differently. */
import type { ReleaseName } from '../../src/lab/images.ts';
import type { HostOptions, LabHost } from '../../src/lab/lab-host.ts';
import { UBUNTU } from '../../src/debian/releases.ts';

/** The os-release of a system, as its own file words it. */
const release = (fields: Readonly<Record<string, string>>): string =>
  Object.entries(fields)
    .map(([name, value]) => `${name}="${value}"\n`)
    .join('');

/** A host of the Debian release that this Ubuntu is tested as. */
export function ubuntuHost(codename: keyof typeof UBUNTU, options: HostOptions = {}): HostOptions {
  const { name, versionId, testedAs } = UBUNTU[codename];
  return {
    ...options,
    release: testedAs satisfies ReleaseName,
    mail: true,
    // Its images have this user; root has no password.
    users: [{ name: 'ubuntu', sudo: 'passwordless' }, ...(options.users ?? [])],
    async setup(host) {
      await host.write(
        '/etc/os-release',
        release({
          PRETTY_NAME: `${name} LTS`,
          NAME: 'Ubuntu',
          VERSION_ID: versionId,
          VERSION_CODENAME: codename,
          ID: 'ubuntu',
          ID_LIKE: 'debian',
          UBUNTU_CODENAME: codename,
        }),
      );
      await host.write(
        '/etc/lsb-release',
        `DISTRIB_ID=Ubuntu\nDISTRIB_RELEASE=${versionId}\nDISTRIB_CODENAME=${codename}\nDISTRIB_DESCRIPTION="${name} LTS"\n`,
      );
      // Ubuntu's packages set this banner, and its installer switches unattended-upgrades on.
      await host.run("postconf -e 'smtpd_banner = $myhostname ESMTP $mail_name (Ubuntu)' && postfix reload");
      await host.write('/etc/apt/apt.conf.d/20auto-upgrades', 'APT::Periodic::Unattended-Upgrade "1";\n');
      await options.setup?.(host);
    },
  };
}

/** Makes a host say that it is Raspberry Pi OS on Debian 12. */
export async function asRaspberryPi(host: LabHost): Promise<void> {
  await host.write(
    '/etc/os-release',
    release({
      PRETTY_NAME: 'Raspbian GNU/Linux 12 (bookworm)',
      NAME: 'Raspbian GNU/Linux',
      VERSION_ID: '12',
      VERSION_CODENAME: 'bookworm',
      ID: 'raspbian',
      ID_LIKE: 'debian',
    }),
  );
}
