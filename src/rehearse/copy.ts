/** The script that makes a stock host of the lab a copy of a captured host. It holds stand-ins in place of all secrets. */
import { quote } from '../formats/text/shell-quote.ts';
import { PATHS } from '../model/index.ts';
import type { Capture } from './capture.ts';
import type { CleanCapture, CleanFile } from './clean-capture.ts';

/** The packages of a mail host that the lab can install. */
const MAIL_PACKAGE = /^(postfix(-[a-z0-9]+)*|dovecot-[a-z0-9-]+|libsasl2-modules(-[a-z0-9]+)*|sasl2-bin|certbot)$/;
const NOT_NEEDED = /-(doc|dev|dbg|dbgsym)$/;
/** The image of the lab has these. */
const IN_IMAGE = ['postfix', 'dovecot-core', 'dovecot-imapd', 'dovecot-pop3d', 'certbot'];

/** Files that come with Postfix's package, and belong to its version. */
const OF_PACKAGE = new RegExp(`^${PATHS.POSTFIX}/(dynamicmaps\\.cf|postfix-files)(\\.d/|$)|^${PATHS.POSTFIX}/(makedefs\\.out|postfix-script|post-install|\\w+\\.cf\\.proto)$`); // oxfmt-ignore

export interface PackageChoice {
  /** To install beside the image's. */
  readonly also: readonly string[];
  readonly absent: readonly string[];
  /** The packages of the host with their versions; those of one version are one group, because they are of one source. */
  readonly versions: readonly Readonly<Record<string, string>>[];
}

/** Packages of the same sources, which the others need. */
const WITH_THEM = /^(libsasl2-2|python3-certbot)$/;
/** As in Debian's policy (5.6.12). */
const VERSION = /^\d[\w.+:~-]*$/;

/** @param servers packages of the databases that the copy has */
export function copyPackages(packages: Capture['packages'], servers: readonly string[] = []): PackageChoice {
  const wanted = Object.keys(packages).filter((name) => MAIL_PACKAGE.test(name) && !NOT_NEEDED.test(name));
  const versions = new Map<string, Record<string, string>>();
  for (const name of [...wanted, ...Object.keys(packages).filter((one) => WITH_THEM.test(one))].sort()) {
    const version = packages[name] ?? '';
    if (VERSION.test(version)) versions.set(version, { ...versions.get(version), [name]: version });
  }
  return {
    also: [...new Set([...wanted.filter((name) => !IN_IMAGE.includes(name)), ...servers])].sort(),
    absent: IN_IMAGE.filter((name) => packages[name] === undefined),
    versions: [...versions.values()],
  };
}

export interface CopyScript {
  readonly script: string;
  /** Paths of files in which something was replaced. */
  readonly replaced: readonly string[];
}

export function copyScript(capture: CleanCapture): CopyScript {
  const files = capture.files.filter(({ path }) => !OF_PACKAGE.test(path));
  const written = files.filter(({ pristine }) => !pristine);
  const script = [
    HEAD,
    'systemctl stop postfix dovecot 2>/dev/null || true',
    ...accounts(capture, files),
    ...capture.folders.filter(({ path }) => !/^\/(run|tmp|var\/run|boot|mnt)(\/|$)/.test(path)).toSorted((a, b) => a.path.length - b.path.length).map(({ path, mode, owner }) => `folder ${quote(path)} ${quote(mode)} ${quote(owner)}`), // oxfmt-ignore
    ...removals(capture),
    ...files.map((file) => put(file.pristine ? 'stock' : 'put', file)),
    INDEXES,
  ].join('\n');
  return { script, replaced: written.filter(({ replaced }) => replaced).map(({ path }) => path) };
}

/** Those of the system, and those that a file names or that own something: with their numbers, without a password. */
function accounts({ users, groups, folders, pems }: CleanCapture, files: readonly CleanFile[]): string[] {
  const owners = new Set([...files, ...folders, ...pems].flatMap(({ owner }) => owner.split(':')));
  const words = new Set(files.flatMap(({ bytes }) => bytes.match(/[a-z_][\w-]{0,31}/g) ?? []));
  const isWanted = (name: string, id: string): boolean => Number(id) < 1000 || owners.has(name) || words.has(name);
  return [
    ...groups
      .filter(({ name, gid }) => isWanted(name, gid))
      .map(({ name, gid }) => `group ${quote(name)} ${quote(gid)}`),
    ...users
      .filter(({ name, uid }) => isWanted(name, uid))
      .map(
        ({ name, uid, gid, home, shell }) =>
          `user ${quote(name)} ${quote(uid)} ${quote(gid)} ${quote(home)} ${quote(shell)}`,
      ),
    ...groups.flatMap(({ name, members }) => members.map((member) => `member ${quote(member)} ${quote(name)}`)),
  ];
}

/** Removes files of the packages that the administrator has removed. */
function removals({ listing }: CleanCapture): string[] {
  return [
    `printf %s ${Buffer.from(`${listing.join('\n')}\n`, 'latin1').toString('base64')} | base64 -d >/tmp/rehearsal-listing`,
    `for path in $(find ${PATHS.POSTFIX} ${PATHS.DOVECOT} -xdev \\( -type f -o -type l \\) 2>/dev/null); do grep -qxF -- "$path" /tmp/rehearsal-listing || rm -f -- "$path"; done`,
    'rm /tmp/rehearsal-listing',
  ];
}

function put(command: 'put' | 'stock', { path, mode, owner, link, bytes }: CleanFile): string {
  const content = Buffer.from(bytes, 'latin1').toString('base64');
  return `${command} ${quote(path)} ${quote(link ?? '')} ${quote(mode)} ${quote(owner)} ${content}`;
}

const HEAD = `set -e
umask 022
export LC_ALL=C DEBIAN_FRONTEND=noninteractive
group() { getent group "$1" >/dev/null || groupadd -g "$2" "$1" 2>/dev/null || groupadd "$1" && true; }
user() {
  getent passwd "$1" >/dev/null && return
  getent group "$3" >/dev/null || groupadd -g "$3" "gid$3"
  useradd -M -o -u "$2" -g "$3" -d "$4" -s "$5" "$1" 2>/dev/null
}
member() { { getent passwd "$1" && getent group "$2"; } >/dev/null && gpasswd -a "$1" "$2" >/dev/null || true; }
folder() { mkdir -p "$1"; chmod "$2" "$1"; chown "$3" "$1" 2>/dev/null || echo "unowned $1 $3"; }
put() { # PATH LINK MODE OWNER BASE64
  mkdir -p "$(dirname "$1")"
  real=$1
  if [ -n "$2" ]; then
    rm -f "$1"; ln -s "$2" "$1"
    real=$(cd "$(dirname "$1")" && readlink -m -- "$2")
    mkdir -p "$(dirname "$real")"
  fi
  printf %s "$5" | base64 -d >"$real"
  chmod "$3" "$real"; chown "$4" "$real" 2>/dev/null || echo "unowned $1 $4"
}
stock() { # the same, of a file that is as its package wrote it: the package of the copy may be another one
  [ ! -f "$1" ] || [ "$(base64 -w 0 <"$1")" != "$5" ] || return 0
  put "$@"
  # An upgrade must take it for unedited, as on the host.
  sum=$(md5sum <"$1"); sum=\${sum%% *}
  for list in /var/lib/ucf/hashfile /var/lib/dpkg/status; do
    [ -f "$list" ] || continue
    awk -v path="$1" -v sum="$sum" '
      $2 == path && length($1) == 32 { print sum "  " path; next }
      /^ / && $1 == path && length($2) == 32 { sub($2, sum) }
      { print }' "$list" >/tmp/rehearsal-list
    cat /tmp/rehearsal-list >"$list"
  done
  rm /tmp/rehearsal-list
}`;

/** Makes the indexes of the tables that Postfix reads. */
const INDEXES = `
if command -v postconf >/dev/null; then
  named=$(postconf -xh tls_server_sni_maps 2>/dev/null | tr ', ' '\\n\\n')
  aliases=$(postconf -xh alias_maps alias_database 2>/dev/null | tr ', ' '\\n\\n')
  for table in $({ postconf -x; postconf -M; } 2>/dev/null | grep -oE '(hash|btree|lmdb|cdb):/[A-Za-z0-9._@+/-]+' | sort -u); do
    [ -f "\${table#*:}" ] || continue
    if printf '%s\\n' "$named" | grep -qxF -- "$table"; then postmap -F "$table" || true; elif printf '%s\\n' "$aliases" | grep -qxF -- "$table"; then postalias "$table" || true; else postmap "$table" || true; fi
  done 2>&1 | sed 's/^/index /'
fi
systemctl daemon-reload
`;
