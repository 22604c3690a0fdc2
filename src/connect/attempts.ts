/** Each thing to authenticate with, as the method that ssh2 takes. */
import type { AnyAuthMethod, BaseAgent, ParsedKey, Prompt } from 'ssh2';
import { printable } from '../remote/printable.ts';
import type { Candidate } from './credentials.ts';
import { PASSWORD_TRIES, parsePrivateKey, unlock } from './keys.ts';
import type { KeyFile } from './keys.ts';
import { fingerprint } from './known-hosts.ts';
import type { SshLibrary } from './library.ts';
import type { SshSettings } from './ssh-config.ts';

export interface Attempt {
  readonly method: 'publickey' | 'keyboard-interactive' | 'password';
  /** For the message when nothing was accepted. */
  readonly label: string;
  /** Builds it when its turn comes; undefined skips it. */
  make(): Promise<AnyAuthMethod | undefined>;
}

/** Asks the user. */
export type Ask = (text: string, secret: boolean) => Promise<string>;

export interface AttemptOptions {
  readonly settings: SshSettings;
  /** Absent when nobody can be asked. */
  readonly ask: Ask | undefined;
  /** Stands for whoever is asked: a passphrase is asked for once. */
  readonly asker: object | undefined;
  /** Told of what goes wrong where ssh2 would hide it. */
  readonly problem: (error: unknown) => undefined;
}

export function keyAttempt(library: SshLibrary, candidate: Candidate, options: AttemptOptions): Attempt {
  return 'file' in candidate
    ? fileAttempt(library, candidate.file, options)
    : agentAttempt(library, candidate.agentKey, options.settings);
}

function agentAttempt(library: SshLibrary, key: ParsedKey, settings: SshSettings): Attempt {
  return {
    method: 'publickey',
    label: `agent key ${printable(key.comment) || key.type} ${fingerprint(key.getPublicSSH())}`,
    make: async () => {
      const agent = library.createAgent(settings.agent ?? '');
      agent.getIdentities = (done) => done(undefined, [key]);
      return { type: 'agent', username: settings.user, agent };
    },
  };
}

function fileAttempt(library: SshLibrary, file: KeyFile, options: AttemptOptions): Attempt {
  const { settings, ask, asker, problem } = options;
  const username = settings.user;
  const parse = library.utils.parseKey;
  const canAsk = asker !== undefined && ask !== undefined;
  const open = (): Promise<ParsedKey> =>
    file.encrypted && canAsk
      ? unlock(asker, file, parse, (text) => ask(text, true))
      : Promise.resolve().then(() => parsePrivateKey(file, parse));
  return {
    method: 'publickey',
    label: file.encrypted && !canAsk ? `key ${file.path} (needs a passphrase)` : `key ${file.path}`,
    make: async () => {
      if (file.encrypted && !canAsk) return undefined;
      const half = file.encrypted && file.public ? parse(file.public) : undefined;
      if (half !== undefined && !(half instanceof Error)) {
        return { type: 'agent', username, agent: lockedKey(library, half, open, problem) };
      }
      const key = await open().catch(problem);
      return key && { type: 'publickey', username, key };
    },
  };
}

/** An encrypted key as an agent of its own: the passphrase is asked for only when the host would take the key. */
function lockedKey(
  library: SshLibrary,
  half: ParsedKey,
  open: () => Promise<ParsedKey>,
  problem: (error: unknown) => undefined,
): BaseAgent {
  type Signed = (error?: Error | null, signature?: Buffer) => void;
  const agent = library.createAgent('/nonexistent');
  agent.getIdentities = (done) => done(undefined, [half]);
  agent.sign = (_key: unknown, data: Buffer, options: unknown, done?: Signed) => {
    const { hash } = options as { hash?: string };
    open().then(
      (key) => done?.(null, key.sign(data, hash)),
      (error: Error) => {
        problem(error);
        done?.(error);
      },
    );
  };
  return agent;
}

/** What a person can answer, as often as OpenSSH asks. */
export function askingAttempts(options: AttemptOptions): Attempt[] {
  const { settings, ask, asker, problem } = options;
  if (ask === undefined || asker === undefined) return [];
  const username = settings.user;
  const place = `${username}@${settings.hostname}:${settings.port}`;
  // A second connection to the same host, as to confirm a change, asks for nothing again.
  let known = passwords.get(asker)?.get(place);
  const askPassword = async (text: string): Promise<string> => {
    const answer = known ?? (await ask(text, true));
    known = undefined;
    passwords.set(asker, (passwords.get(asker) ?? new Map<string, string>()).set(place, answer));
    return answer;
  };
  const answerAll = async (prompts: readonly Prompt[], instructions: string): Promise<string[]> => {
    const answers: string[] = [];
    for (const { prompt, echo } of prompts) {
      // Prompts come from the host: nothing in them reaches the terminal raw.
      const text = `${printable(`${instructions} ${prompt}`)} `;
      const secret = echo !== true;
      const plain = prompts.length === 1 && secret && /password/i.test(prompt);
      answers.push(plain ? await askPassword(text) : await ask(text, secret));
    }
    return answers;
  };
  const interactive: Attempt = {
    method: 'keyboard-interactive',
    label: 'keyboard-interactive',
    make: () =>
      Promise.resolve({
        type: 'keyboard-interactive',
        username,
        prompt: (_name, instructions, _language, prompts, finish) => {
          answerAll(prompts, instructions).then(finish, (error: unknown) => {
            problem(error);
            finish([]);
          });
        },
      }),
  };
  const password: Attempt = {
    method: 'password',
    label: 'password',
    make: async () => ({
      type: 'password',
      username,
      password: await askPassword(`Password of ${username}@${settings.hostname}: `),
    }),
  };
  return [interactive, password].flatMap((attempt) => Array<Attempt>(PASSWORD_TRIES).fill(attempt));
}

/** By whoever was asked, then by `user@host:port`. */
const passwords = new WeakMap<object, Map<string, string>>();
