import type { Remote } from './remote.ts';

/** The same host without writing. A write is a bug in this program: it throws before anything is sent. */
export function readOnly(remote: Remote): Remote {
  return {
    ...remote,
    run: async (script, options) => {
      if (options.intent !== 'read') throw new Error(`bug: a dry run tried to write to ${remote.name}`);
      return remote.run(script, options);
    },
  };
}
