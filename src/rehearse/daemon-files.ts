/** The files of Postfix, Dovecot and harden-mail itself on a machine: compared before and after an act of a rehearsal. */
import { quote } from '../formats/text/shell-quote.ts';
import { PATHS, type Bytes } from '../model/index.ts';

export interface DaemonFile {
  /** In octal. */
  readonly mode: string;
  readonly owner: string;
  readonly bytes: Bytes;
}

/** By path. */
export type DaemonFiles = Readonly<Record<string, DaemonFile>>;

const ROOTS = [PATHS.POSTFIX, PATHS.DOVECOT, PATHS.RENEWAL_HOOKS, PATHS.UNITS, PATHS.RECORD, PATHS.WATCH_SCRIPT];
/** Indexes are made from other files; apt keeps copies of files beside them. */
const LEFT_OUT = ['*.db', '*.lmdb', '*.cdb', '*.dpkg-*', '*.ucf-*'];

/** Prints the files: a line `SIZE MODE OWNER PATH` each, an empty line, and their bytes in base64. */
export const DAEMON_FILES = `files() { find ${ROOTS.map(quote).join(' ')} -xdev -type f -size -256k ${LEFT_OUT.map((one) => `! -name ${quote(one)}`).join(' ')} "$@" 2>/dev/null; }
files -exec stat -c '%s %a %U:%G %n' {} +
echo
files -exec cat {} + | base64 -w 0`;

/** Files with a private key are left out. */
export function parseDaemonFiles(output: string): DaemonFiles {
  const end = output.indexOf('\n\n');
  const bytes = Buffer.from(output.slice(end + 2), 'base64');
  let at = 0;
  const files = output
    .slice(0, Math.max(end, 0))
    .split('\n')
    .flatMap((line): [string, DaemonFile][] => {
      const [, size = '0', mode = '', owner = '', path] = /^(\d+) (\d+) (\S+) (\/.*)$/.exec(line) ?? [];
      const content = bytes.toString('latin1', at, (at += Number(size)));
      const isKey = /-----BEGIN .*PRIVATE KEY-----/.test(content);
      return path === undefined || isKey ? [] : [[path, { mode: mode.padStart(4, '0'), owner, bytes: content }]];
    });
  return Object.fromEntries(files);
}

/** Paths of the files that differ, sorted. */
export function changedFiles(before: DaemonFiles, after: DaemonFiles): string[] {
  const paths = [...new Set([...Object.keys(before), ...Object.keys(after)])].sort();
  const told = (file: DaemonFile | undefined): string => JSON.stringify([file?.mode, file?.owner, file?.bytes]);
  return paths.filter((path) => told(before[path]) !== told(after[path]));
}
