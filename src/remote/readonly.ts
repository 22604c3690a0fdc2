import type { Remote } from './remote.ts';

/** The same host with writing taken away. A write is a bug of ours, and is thrown before anything is sent. */
export function readOnly(remote: Remote): Remote {
  return {
    ...remote,
    run: async (script, options) => {
      if (options.intent !== 'read') throw new Error(`bug: a dry run tried to write to ${remote.name}`);
      return remote.run(script, options);
    },
  };
}
