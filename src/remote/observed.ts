import type { Remote } from './remote.ts';

/** What one script on a host took. The script itself is not told: values of the inventory stand in it. */
export interface RemoteCommand {
  readonly host: string;
  /** As the script is called here: `gather`, `commit`, … */
  readonly name: string;
  readonly seconds: number;
  /** Bytes of the script, and of what it answered. */
  readonly sent: number;
  readonly received: number;
  /** Exit status; null where no answer came. */
  readonly code: number | null;
}

/** The same host, whose every script is told once it has ended. */
export function observed(remote: Remote, tell: (command: RemoteCommand) => void): Remote {
  return {
    ...remote,
    run: async (script, options) => {
      const began = performance.now();
      const told = (code: number | null, received: number): void =>
        tell({
          host: remote.name,
          name: options.name,
          seconds: (performance.now() - began) / 1000,
          sent: Buffer.byteLength(script),
          received,
          code,
        });
      try {
        const result = await remote.run(script, options);
        told(result.code, result.stdout.length + result.stderr.length);
        return result;
      } catch (error) {
        told(null, 0);
        throw error;
      }
    },
  };
}
