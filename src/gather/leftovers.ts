import type { Remote } from '../remote/remote.ts';

/** What dpkg and ucf lay beside a file that the admin has edited: the maintainer's new one, or the admin's old one. */
const FIND = String.raw`LC_ALL=C PATH=/usr/sbin:/usr/bin:/sbin:/bin
export LC_ALL PATH
find /etc/postfix /etc/dovecot -xdev -type f \( -name '*.dpkg-*' -o -name '*.ucf-*' \) 2>/dev/null | sort
exit 0
`;

/** Files of an upgrade that wait for a merge, as paths. One exec, which reads only. */
export async function findLeftovers(remote: Remote): Promise<string[]> {
  const { stdout } = await remote.run(FIND, { name: 'leftovers', intent: 'read' });
  return stdout.toString('latin1').split('\n').filter(Boolean);
}

/** ucf keeps the digest of each file that it wrote, in the form that md5sum checks. */
const CHECK = String.raw`LC_ALL=C PATH=/usr/sbin:/usr/bin:/sbin:/bin
export LC_ALL PATH
md5sum -c /var/lib/ucf/hashfile 2>/dev/null | sed -n 's,^\(/.*\): OK$,\1,p'
exit 0
`;

/** Files of packages that nobody has edited since, as paths. One exec, which reads only. */
export async function findPristine(remote: Remote): Promise<string[]> {
  const { stdout } = await remote.run(CHECK, { name: 'pristine', intent: 'read' });
  return stdout.toString('latin1').split('\n').filter(Boolean);
}
