import type { RemoteCommand } from '../model/index.ts';
import type { Remote } from './remote.ts';

/** The same host; calls `tell` after each script. */
export function observed(remote: Remote, tell: (command: RemoteCommand) => void): Remote {
  return {
    ...remote,
    run: async (script, options) => {
      const began = performance.now();
      const report = (code: number | null, received: number): void =>
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
        report(result.code, result.stdout.length + result.stderr.length);
        return result;
      } catch (error) {
        report(null, 0);
        throw error;
      }
    },
  };
}
