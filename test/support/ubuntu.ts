/** Debian hosts with the identity of another system. */
import type { HostOptions, LabHost } from '../../src/lab/lab-host.ts';
import { nearestDebian, osRelease, type UbuntuName } from '../../src/lab/ubuntu.ts';

/** A host of the Debian release that this Ubuntu is tested as. */
export function ubuntuHost(ubuntu: UbuntuName, options: HostOptions = {}): HostOptions {
  return {
    ...options,
    ...{ release: nearestDebian(ubuntu), mail: true, ubuntu },
    // Its images have this user; root has no password.
    users: [{ name: 'ubuntu', sudo: 'passwordless' }, ...(options.users ?? [])],
  };
}

/** Makes a host say that it is Raspberry Pi OS on Debian 12. */
export async function asRaspberryPi(host: LabHost): Promise<void> {
  await host.write(
    '/etc/os-release',
    osRelease({
      PRETTY_NAME: 'Raspbian GNU/Linux 12 (bookworm)',
      NAME: 'Raspbian GNU/Linux',
      VERSION_ID: '12',
      VERSION_CODENAME: 'bookworm',
      ID: 'raspbian',
      ID_LIKE: 'debian',
    }),
  );
}
