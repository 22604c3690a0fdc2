/**
 * The command strings that start a script as root. Every login shell accepts them (sh, bash, dash, zsh, fish, csh): one line,
 * no backslash, no `!`, single quotes only around whole words.
 *
 * The mark is random, and the command contains it in two halves: a shell that echoes its commands cannot fake it.
 */
import { randomBytes } from 'node:crypto';
import { gzipSync } from 'node:zlib';

/** How to become root: not at all, with sudo or doas without a password, with sudo and a password. */
export type Way = 'root' | 'quiet' | 'password';

export interface Bootstrap {
  readonly command: string;
  /**
   * Printed as a line on both outputs: first when the script can be sent (everything before is start-up noise), then, with a
   * space and the exit status, when the script has ended.
   */
  readonly mark: string;
  /** The text with which sudo asks for the password, on standard error. */
  readonly prompt: string;
}

/** @param script if set, it is part of the command itself, which saves a round trip; otherwise it is sent after the mark */
export function bootstrap(way: Way, script?: string): Bootstrap {
  const [a, b, c, d] = [half(), half(), half(), half()];
  const start = starter(a, b, script === undefined ? SENT : inCommand(script, a + b));
  const command = {
    root: `exec sh -c '${start}'`,
    quiet: `exec sh -c '${QUIET}' sh '${start}'`,
    password: `exec sh -c '${PASSWORD}' sh '${start}' ${c} ${d}`,
  }[way];
  return { command, mark: a + b, prompt: c + d };
}

/** The script, packed and preceded by its length in bytes, with the last line that the starter checks. */
export function framed(script: string, mark: string): Buffer {
  const packed = pack(script, mark);
  return Buffer.concat([Buffer.from(`${packed.length}\n`), packed]);
}

/** Packed, a transaction takes two round trips less: TCP begins with ten packets. */
function pack(script: string, mark: string): Buffer {
  return gzipSync(marked(script, mark), { level: 9 });
}

function marked(script: string, mark: string): string {
  return `${script}\n#${mark}\n`;
}

const SENT = 'read -r s; s=$(head -c "$s" | gzip -d)';

function inCommand(script: string, mark: string): string {
  return `s=$(echo ${pack(script, mark).toString('base64')} | base64 -d | gzip -d)`;
}

function half(): string {
  return randomBytes(8).toString('hex');
}

/**
 * Reads the whole script, and runs it only if its last line has arrived. It ends when this side has read all output: some sudo
 * versions that log the output (1.9.13, for example) drop what they have not passed on when their command ends.
 */
function starter(a: string, b: string, take: string): string {
  return (
    'PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin; LC_ALL=C; export PATH LC_ALL; umask 022; cd /; ' +
    `n=${a}; n="$n"${b}; echo $n >&2; echo $n; ${take}; ` +
    'case $s in *"#$n") (exec </dev/null; eval "$s"); c=$?; echo "$n $c" >&2; echo "$n $c"; cat >/dev/null; exit $c;; ' +
    '*) exit 1;; esac'
  );
}

const QUIET =
  'LC_ALL=C; export LC_ALL; if [ "$(id -u)" = 0 ]; then exec sh -c "$1"; ' +
  'elif command -v sudo >/dev/null 2>&1; then exec sudo -n -- sh -c "$1"; ' +
  'elif command -v doas >/dev/null 2>&1; then exec doas -n sh -c "$1"; ' +
  'fi; echo "neither sudo nor doas is installed" >&2; exit 1';

const PASSWORD =
  'LC_ALL=C; export LC_ALL; if command -v sudo >/dev/null 2>&1; then exec sudo -S -p "$2$3" -- sh -c "$1"; fi; ' +
  'echo "doas asks for a password on a terminal only: permit nopass in doas.conf" >&2; exit 1';
