import type { Duplex } from 'node:stream';
import type { Remote, RemoteResult, ScriptOptions } from './remote.ts';

/** The answer to a script: missing fields are 0 and empty. A string is UTF-8. */
interface Answer {
  readonly code?: number;
  readonly stdout?: string | Buffer;
  readonly stderr?: string | Buffer;
}

export interface MemoryAnswers {
  /** Called for each script, in order; `run` rejects with the error that it throws. */
  readonly run?: (script: string, options: ScriptOptions) => Answer | Promise<Answer>;
  readonly forward?: (address: string, port: number) => Promise<Duplex>;
  readonly name?: string;
  readonly address?: string;
}

/** A Remote without a host, for unit tests. A call without an answer is an error. */
export function memoryRemote(answers: MemoryAnswers): Remote {
  return {
    name: answers.name ?? 'memory',
    address: answers.address ?? '127.0.0.1',
    run: async (script, options): Promise<RemoteResult> => {
      if (answers.run === undefined) throw new Error('this memory remote answers no script');
      const { code = 0, stdout = '', stderr = '' } = await answers.run(script, options);
      const result = { code, stdout: Buffer.from(stdout), stderr: Buffer.from(stderr) };
      if (result.stdout.length > 0) options.onOutput?.(result.stdout);
      return result;
    },
    forward: async (address, port) => {
      if (answers.forward === undefined) throw new Error('this memory remote forwards nothing');
      return answers.forward(address, port);
    },
    close: async () => {},
  };
}
