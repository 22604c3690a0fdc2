/** A process that writes to memory, for the tests of what a run says. */
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { Process } from '../../src/terminal/process.ts';

export interface Screen {
  readonly process: Process;
  readonly out: () => string;
  readonly err: () => string;
}

export function screen(tty = false, env: Process['env'] = {}): Screen {
  const said = { out: '', err: '' };
  const stream = (side: 'out' | 'err'): Process['stdout'] =>
    ({
      isTTY: tty,
      columns: 80,
      write: (text: string) => {
        said[side] += text;
        return true;
      },
    }) as unknown as Process['stdout'];
  return {
    process: {
      version: '0.1.0',
      env,
      stdin: { isTTY: tty } as unknown as Process['stdin'],
      stdout: stream('out'),
      stderr: stream('err'),
      signal: new AbortController().signal,
    },
    out: () => said.out,
    err: () => said.err,
  };
}

export interface Ended {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

/** The command line in a process of its own, from the sources. For what goes to no host. */
export function command(args: readonly string[], input = ''): Ended {
  const main = fileURLToPath(new URL('../../src/main.ts', import.meta.url));
  const { PATH, HOME } = process.env;
  const { status, stdout, stderr } = spawnSync(process.execPath, ['--import', 'tsx', main, ...args], {
    input,
    env: { PATH, HOME },
    encoding: 'utf8',
  });
  return { code: status, out: stdout, err: stderr };
}
