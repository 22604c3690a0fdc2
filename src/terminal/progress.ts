import { Chalk } from 'chalk';
import { escape } from '../report/escape.ts';
import { frame, type Row } from './frame.ts';
import type { Progress } from '../run/step.ts';
import { region } from './region.ts';

/** `--quiet` */
export const NO_PROGRESS: Progress = plainProgress(() => {});

/** Above this number of hosts the steps are too many lines to read: each host then gets one line, when it is done. */
const FEW = 20;

/** For pipes, CI and dumb terminals: a line for each step, and one for each of several hosts when it is done. */
export function plainProgress(write: (line: string) => void): Progress {
  return {
    async each(items, width, work) {
      let [next, done, failed] = [0, 0, 0];
      const worker = async (): Promise<void> => {
        for (let item = items[next++]; item !== undefined; item = items[next++]) {
          const { name } = item;
          let last = '';
          const state = await work(item, (step) => {
            last = step;
            if (items.length <= FEW) write(escape(`${name}: ${step}`));
          });
          done += 1;
          if (state === 'failed') failed += 1;
          const how = state === 'failed' && last !== '' ? `failed at ${last}` : state;
          const sofar = `${done} of ${items.length}${failed > 0 ? `, ${failed} failed` : ''}`;
          if (items.length > 1) write(escape(`${name}: ${how} (${sofar})`));
        }
      };
      await Promise.all(Array.from({ length: Math.min(width, items.length) }, worker));
    },
    aside: (talk) => talk(),
  };
}

interface Started {
  readonly name: string;
  state: Row['state'];
  step: string;
  began: number;
}

/** For a terminal: live lines that disappear at the end. listr2 runs the hosts; frame.ts draws the lines that fit. */
export function liveProgress(stream: NodeJS.WriteStream, color: boolean): Progress {
  const chalk = new Chalk({ level: color ? 1 : 0 });
  const lines = region((text) => void stream.write(text));
  let held = 0;
  let draw = (): void => {};
  return {
    async each(items, width, work) {
      // Imported here, because a piped run does not need it.
      const { figures, Listr, Spinner } = await import('listr2');
      const spinner = new Spinner();
      const rows = items.map(({ name }): Started => ({ name, state: 'waiting', step: '', began: 0 }));
      const show = (): void => {
        if (held > 0) return;
        const signs = { spinner: spinner.fetch(), done: figures.tick, failed: figures.cross };
        const now = performance.now();
        const told = rows.map((row) => ({ ...row, seconds: (now - row.began) / 1000 }));
        lines.draw(frame(told, stream.rows || 24, signs, chalk));
      };
      class Board {
        static readonly nonTTY = true; // the live lines go to standard error; standard output may be a pipe
        static readonly rendererOptions = {};
        static readonly rendererTaskOptions = {};
        render(): void {
          draw = show;
          spinner.start(show);
          show();
        }
        end(): void {
          draw = () => {};
          spinner.stop();
          if (held === 0) lines.clear();
        }
      }
      const tasks = items.map((item, index) => ({
        task: async (): Promise<void> => {
          const row = rows[index]!;
          Object.assign(row, { state: 'at work', began: performance.now() });
          row.state = await work(item, (step) => (row.step = step));
        },
      }));
      await new Listr(tasks, { concurrent: width, registerSignalListeners: false, renderer: Board }).run();
    },
    async aside(talk) {
      lines.clear();
      held += 1;
      try {
        return await talk();
      } finally {
        held -= 1;
        draw();
      }
    },
  };
}
