/** A real terminal of a given size: tmux without a window. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';

export interface Size {
  readonly columns: number;
  readonly rows: number;
}

export interface Pane {
  /** The lines on the screen; with `all` also those that have scrolled off it; with `colours` their codes too. */
  screen(how?: { readonly all?: boolean; readonly colours?: boolean }): string;
  /** Waits until the screen shows this; fails with the screen after two minutes. */
  shows(what: RegExp): Promise<void>;
  /** Keys as tmux names them: `n`, `Enter`, `C-c`. */
  press(...keys: string[]): void;
  /** Waits for the end of the command; its exit status. */
  ended(): Promise<number>;
  close(): void;
}

let count = 0;

/** Runs a line of shell in a terminal. The screen begins with the line as a user types it, and ends with its exit status. */
export function pane(line: string, { columns, rows }: Size, env: Readonly<Record<string, string>>): Pane {
  const socket = `harden-mail-${process.pid}-${++count}`;
  const tmux = (args: readonly string[], input = ''): string => {
    const { status, stdout, stderr, error } = spawnSync('tmux', ['-u', '-L', socket, '-f', '/dev/null', ...args], {
      encoding: 'utf8',
      input,
      env: { PATH: process.env['PATH'], HOME: process.env['HOME'], LC_ALL: 'C.UTF-8', ...env },
    });
    assert.equal(error, undefined);
    assert.equal(status, 0, `tmux ${args.join(' ')}: ${stderr}`);
    return stdout;
  };
  // Ctrl-C reaches the shell too, which must outlive the program. The status is kept as an option of the session and not printed: the screen is the program's alone.
  const script = `trap : INT; printf '$ %s\\n' '${line.replaceAll("'", `'\\''`)}'; ${line}; tmux -L ${socket} set -g @ended "$?"; sleep 600`;
  tmux(['new-session', '-d', '-x', String(columns), '-y', String(rows), `exec sh -c '${script.replaceAll("'", `'\\''`)}'`, ';', 'set', '-g', 'status', 'off']); // oxfmt-ignore
  const screen: Pane['screen'] = ({ all = false, colours = false } = {}) =>
    tmux(['capture-pane', '-p', ...(all ? ['-S', '-'] : []), ...(colours ? ['-e'] : [])]).trimEnd();
  const until = async <T>(read: () => T | null, what: string): Promise<T> => {
    for (let tries = 0; tries < 1200; tries++) {
      const found = read();
      if (found !== null) return found;
      await sleep(100);
    }
    throw new Error(`${what} did not come:\n${screen({ all: true })}`);
  };
  return {
    screen,
    async shows(what) {
      await until(() => (what.test(screen()) ? true : null), String(what));
    },
    press: (...keys) => void tmux(['send-keys', ...keys]),
    ended: () =>
      until(() => {
        const text = tmux(['show', '-gqv', '@ended']).trim();
        return text === '' ? null : Number(text);
      }, 'the end'),
    close: () => void tmux(['kill-server']),
  };
}
