/**
 * The transaction's script in a folder: every path of it is moved there, the daemons are stubs, and any program that it
 * calls can be the last thing it does. Real hosts are in test/e2e/faults; here every single call is tried, in each shell.
 */

import { execFileSync, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { chmodSync, existsSync, lstatSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'; // oxfmt-ignore
import { tmpdir, userInfo } from 'node:os';
import { dirname, join } from 'node:path';
import { scriptText } from '../../../src/remote/scripts.ts';

const SCRIPTS = ['tx.sh', 'mail.sh'];
const ID = '20261124T101500Z-4f2a';

/** Programs that the script calls, each of which may be the one at which it dies. */
const CALLED = ['flock', 'stat', 'date', 'cat', 'sha256sum', 'cut', 'mkdir', 'cp', 'sync', 'ln', 'chown', 'chmod', 'touch', 'mv', 'rm', 'sed', 'sort', 'comm', 'tr', 'find', 'rmdir']; // oxfmt-ignore

export interface Sandbox {
  readonly root: string;
  write(path: string, text: string): void;
  read(path: string): string;
  /** Shell text that stands for a daemon's program. */
  stub(name: string, text: string): void;
  /** The script, to its end: `run` or `recover`. Gives the log's last line. */
  play(mode: 'run' | 'recover' | 'boot', shell?: readonly string[]): string;
  /** The script dies of SIGKILL at its nth call of another program; false when it had come to its end before. */
  playUntil(call: number): boolean;
  /** The controller's word. */
  word(word: 'confirm' | 'undo'): void;
  state(): string;
  /** Every file of /etc, with mode, owner and content. */
  files(): Record<string, string>;
  /** What a transaction must not leave. */
  leftovers(): string[];
  remove(): void;
}

/** A change as the manifest has it. `after` null removes. */
export interface Wanted {
  readonly path: string;
  readonly before: string | null;
  readonly after: string | null;
}

export function sandbox(wanted: readonly Wanted[], options: { timeout: number }): Sandbox {
  const root = mkdtempSync(join(tmpdir(), 'harden-mail-tx-'));
  const at = (path: string): string => {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    return join(root, path);
  };
  const tx = `/var/lib/harden-mail/tx/${ID}`;
  const talk = `/run/harden-mail/${ID}`;
  const box: Sandbox = {
    root,
    write: (path, text) => writeFileSync(at(path), text),
    read: (path) => readFileSync(join(root, path), 'utf8'),
    stub(name, text) {
      writeFileSync(at(`/stubs/${name}`), `#!/bin/sh\n${text}\n`);
      chmodSync(join(root, 'stubs', name), 0o755);
    },
    play(mode, shell = ['sh']) {
      const [program = 'sh', ...flags] = shell;
      execFileSync(program, [...flags, join(root, tx, 'tx.sh'), mode, join(root, tx)], { stdio: 'ignore' });
      return end();
    },
    playUntil(call) {
      box.write('/calls/countdown', `${call}\n`);
      for (const name of CALLED) {
        box.stub(
          name,
          `exec 8>>${root}/calls/lock; /usr/bin/flock 8
          c=$(($(/bin/cat ${root}/calls/countdown) - 1)); echo $c >${root}/calls/countdown; exec 8>&-
          [ $c != 0 ] || { kill -9 $(/bin/cat ${root}/calls/pid); exit 137; }
          PATH=/usr/sbin:/usr/bin:/sbin:/bin exec ${name} "$@"`,
        );
      }
      const command = `echo $$ >${root}/calls/pid; exec sh ${root}${tx}/tx.sh run ${root}${tx}`;
      const { signal } = spawnSync('sh', ['-c', command], { stdio: 'ignore' });
      for (const name of CALLED) rmSync(join(root, 'stubs', name));
      return signal === 'SIGKILL';
    },
    word: (word) => box.write(`${talk}/${word}`, 'the probes say no\n'),
    state: () => box.read(`${tx}/state`).trim(),
    files: () => filesBelow(join(root, 'etc')),
    leftovers: () =>
      [
        ...Object.keys(filesBelow(join(root, 'etc'))).filter((path) => /\.harden-mail|systemd/.test(path)),
        ...Object.keys(filesBelow(join(root, 'run'))),
      ].sort(),
    remove: () => rmSync(root, { recursive: true, force: true }),
  };
  const end = (): string => (existsSync(join(root, tx, 'log')) ? box.read(`${tx}/log`).trim().split('\n').at(-1)! : '');

  const { uid, gid } = userInfo();
  for (const name of ['postconf', 'postfix', 'doveconf', 'doveadm', 'dovecot', 'ss']) box.stub(name, 'exit 0');
  box.stub('journalctl', 'exit 0');
  for (const name of SCRIPTS) {
    const moved = scriptText(`commit/${name}`).replaceAll(/(?<=[\s"'=(])\/(etc|run|var)\//g, `${root}/$1/`);
    box.write(`${tx}/${name}`, moved.replace('PATH=/usr', `PATH=${root}/stubs:/usr`));
  }
  box.write(`${tx}/state`, 'new         \n');
  box.write(`${tx}/who`, 'a test\n');
  box.write(`${tx}/timeout`, `${options.timeout}\n`);
  box.write(`${tx}/ports`, '');
  box.write(`${tx}/activate`, 'postfix reload\ndovecot reload\n');
  mkdirSync(join(root, talk), { recursive: true });
  const lines = wanted.map(({ path, before, after }, n) => {
    if (before !== null) box.write(path, before);
    if (after !== null) box.write(`${tx}/after/${n}`, after);
    const kind = before === null ? 'new' : after === null ? 'remove' : 'edit';
    return `${n} ${kind} ${digest(before)} ${digest(after)} 0640 ${uid}:${gid} ${root}${path}\n`;
  });
  box.write(`${tx}/manifest`, lines.join(''));
  return box;
}

function digest(text: string | null): string {
  return text === null ? '-' : createHash('sha256').update(text).digest('hex');
}

function filesBelow(folder: string): Record<string, string> {
  if (!existsSync(folder)) return {};
  const entries = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) => !entry.isDirectory());
  return Object.fromEntries(
    entries.map((entry) => {
      const path = join(entry.parentPath, entry.name);
      const { mode, uid, gid, nlink } = lstatSync(path);
      const text = entry.isFile() ? readFileSync(path, 'utf8') : 'link';
      return [path.slice(folder.length), `${mode.toString(8)} ${uid}:${gid} ${nlink} ${text}`];
    }),
  );
}
