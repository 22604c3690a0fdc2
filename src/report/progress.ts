import { escape } from './escape.ts';

/** Work on several hosts at a time, each with a line that says what is being done. */
export interface Progress {
  /**
   * Runs `work` for each item, at most `width` at once; `say` shows the present step. Work must not throw: a host's
   * failure is a value, and shown at the end.
   */
  each<T extends { readonly name: string }>(
    items: readonly T[],
    width: number,
    work: (item: T, say: (step: string) => void) => Promise<void>,
  ): Promise<void>;
}

/** For who asked for quiet. */
export const NO_PROGRESS: Progress = plainProgress(() => {});

/** For pipes, CI and dumb terminals: a line for each step. */
export function plainProgress(write: (line: string) => void): Progress {
  return {
    async each(items, width, work) {
      let next = 0;
      const worker = async (): Promise<void> => {
        for (let item = items[next++]; item !== undefined; item = items[next++]) {
          const { name } = item;
          await work(item, (step) => write(escape(`${name}: ${step}`)));
        }
      };
      await Promise.all(Array.from({ length: Math.min(width, items.length) }, worker));
    },
  };
}

/** For a terminal: a live line for each host, by listr2, gone when the step is done. */
export function liveProgress(stream: NodeJS.WriteStream, color: boolean): Progress {
  return {
    async each(items, width, work) {
      // Imported here, because a piped run never needs it.
      const { Listr, ListrDefaultRendererLogLevels, ListrLogger, ProcessOutput } = await import('listr2');
      const output = new ProcessOutput(stream, stream);
      const tasks = items.map((item) => ({
        title: escape(item.name),
        task: (_: unknown, task: { title: string }) =>
          work(item, (step) => (task.title = escape(`${item.name}  ${step}`))),
      }));
      // It goes by its own reading of the arguments, in which --color never is a wish for colours.
      const plain = Object.values(ListrDefaultRendererLogLevels).map((level) => [level, (text?: string) => text ?? '']);
      const paint = color ? {} : { color: Object.fromEntries(plain) as Record<string, (text?: string) => string> };
      const list = new Listr(tasks, {
        concurrent: width,
        registerSignalListeners: false,
        rendererOptions: {
          logger: new ListrLogger({ processOutput: output, useIcons: true }),
          clearOutput: true,
          ...paint,
        },
      });
      await list.run();
    },
  };
}
