/** The last lines of a terminal, redrawn in place. */
export interface Region {
  draw(lines: readonly string[]): void;
  clear(): void;
}

/**
 * Each change is one write and starts where the last one ended, so the terminal stays usable if the process is killed at any moment.
 * The terminal cuts long lines itself (autowrap is off meanwhile), because it knows how wide its characters are.
 */
export function region(write: (text: string) => void): Region {
  let height = 0;
  const back = (): string => (height > 0 ? `\r\u001b[${height}A\u001b[J` : '');
  return {
    draw(lines) {
      const text = lines.map((line) => `${line}\n`).join('');
      write(`${back()}\u001b[?7l${text}\u001b[?7h`);
      height = lines.length;
    },
    clear() {
      if (height > 0) write(back());
      height = 0;
    },
  };
}
