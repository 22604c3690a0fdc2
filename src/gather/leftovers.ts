import { PATHS } from '../model/index.ts';
import type { Remote } from '../remote/remote.ts';

/**
 * Finds the files that dpkg and ucf put beside a file that the admin has edited: the maintainer's new one, or the admin's old
 * one.
 */
const FIND = String.raw`LC_ALL=C PATH=/usr/sbin:/usr/bin:/sbin:/bin
export LC_ALL PATH
find ${PATHS.POSTFIX} ${PATHS.DOVECOT} -xdev -type f \( -name '*.dpkg-*' -o -name '*.ucf-*' \) 2>/dev/null | sort
exit 0
`;

/** Paths of files that an upgrade left for a merge. One exec, which reads only. */
export async function findLeftovers(remote: Remote): Promise<string[]> {
  const { stdout } = await remote.run(FIND, { name: 'leftovers', intent: 'read' });
  return stdout.toString('latin1').split('\n').filter(Boolean);
}

/** ucf keeps the digest of each file that it wrote, in md5sum's format. */
const CHECK = String.raw`LC_ALL=C PATH=/usr/sbin:/usr/bin:/sbin:/bin
export LC_ALL PATH
md5sum -c /var/lib/ucf/hashfile 2>/dev/null | sed -n 's,^\(/.*\): OK$,\1,p'
exit 0
`;

/** Paths of package files that are unchanged since ucf wrote them. One exec, which reads only. */
export async function findPristine(remote: Remote): Promise<string[]> {
  const { stdout } = await remote.run(CHECK, { name: 'pristine', intent: 'read' });
  return stdout.toString('latin1').split('\n').filter(Boolean);
}
