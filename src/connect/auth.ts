/** Which ways of authentication are tried, in which order, and what is said when none was accepted. */
import type { AnyAuthMethod, BaseAgent, ParsedKey, Prompt } from 'ssh2';
import { HardenMailError } from '../errors.ts';
import { parsePrivateKey, readKeyFile, unlock, unusable } from './keys.ts';
import type { KeyFile } from './keys.ts';
import { fingerprint } from './known-hosts.ts';
import type { Ask, Authentication, SshLibrary } from './session.ts';
import type { SshSettings } from './ssh-config.ts';

/** One thing to try. `make` builds it when its turn comes; undefined skips it. */
interface Attempt {
  readonly method: 'publickey' | 'keyboard-interactive' | 'password';
  readonly label: string;
  make(): Promise<AnyAuthMethod | undefined>;
}

export interface AuthOptions {
  readonly label: string;
  readonly settings: SshSettings;
  /** The key that the user named: it comes first, and must be usable. */
  readonly identity?: string;
  /** Identity of whoever is asked for passphrases; absent when nobody can be asked. */
  readonly asker?: object;
  readonly debug: (line: string) => void;
}

/** What there is to authenticate with, found before the host is asked. */
export interface Credentials {
  readonly agentKeys: readonly ParsedKey[];
  readonly files: readonly KeyFile[];
  readonly named: KeyFile | undefined;
  readonly skipped: readonly string[];
}

/** @throws HardenMailError KEY_UNUSABLE when the key that the user named is not usable. */
export async function findCredentials(library: SshLibrary, options: AuthOptions): Promise<Credentials> {
  const { settings, identity, debug } = options;
  const [agentKeys, readings] = await Promise.all([
    listAgent(library, settings.agent, debug),
    Promise.all(settings.identityFiles.map(readKeyFile)),
  ]);
  const skipped: string[] = [];
  const files: KeyFile[] = [];
  for (const reading of readings) {
    if (!('problem' in reading)) files.push(reading);
    else if (reading.problem !== 'missing') skipped.push(`${reading.path} (${reading.problem})`);
  }
  let named: KeyFile | undefined;
  if (identity !== undefined) {
    const reading = await readKeyFile(identity);
    if ('problem' in reading) throw unusable(identity, reading.problem);
    if (!reading.encrypted) parsePrivateKey(reading, library.utils.parseKey);
    named = reading;
  }
  return { agentKeys, files: files.filter((file) => file.path !== identity), named, skipped };
}

function listAgent(
  library: SshLibrary,
  socket: string | undefined,
  debug: (line: string) => void,
): Promise<ParsedKey[]> {
  if (socket === undefined) return Promise.resolve([]);
  return new Promise((resolve) => {
    library.createAgent(socket).getIdentities((error, keys) => {
      if (error) debug(`agent ${socket}: ${error.message}`);
      resolve((keys ?? []) as ParsedKey[]);
    });
  });
}

/** @param ask absent when nobody can be asked */
export function authentication(
  library: SshLibrary,
  options: AuthOptions,
  credentials: Credentials,
  ask: Ask | undefined,
): Authentication {
  const attempts = [...keyAttempts(library, options, credentials, ask), ...askingAttempts(options, ask)];
  const tried: string[] = [...credentials.skipped];
  let allowedByHost: readonly string[] | null = null;

  return {
    async next(allowed) {
      allowedByHost = allowed ?? allowedByHost;
      for (;;) {
        // The first try goes out before the host says what it allows: that saves a round trip.
        const at = attempts.findIndex(({ method }) =>
          allowed === null ? method === 'publickey' : allowed.includes(method),
        );
        const [attempt] = at < 0 ? [] : attempts.splice(at, 1);
        if (attempt === undefined) return allowed === null ? { type: 'none', username: options.settings.user } : false;
        const made = await attempt.make();
        tried.push(attempt.label);
        options.debug(`${options.label}: ${made ? 'trying' : 'skipping'} ${attempt.label}`);
        if (made !== undefined) return made;
      }
    },
    failure: () => authFailed(options, tried, allowedByHost),
  };
}

/**
 * OpenSSH's order (`pubkey_prepare`), behind the key that the user named: configured keys that the agent holds, the
 * agent's other keys, keys in files.
 */
function keyAttempts(
  library: SshLibrary,
  options: AuthOptions,
  { agentKeys, files, named }: Credentials,
  ask: Ask | undefined,
): Attempt[] {
  const { settings } = options;
  const held = (file: KeyFile): ParsedKey | undefined =>
    agentKeys.find((key) => file.public !== undefined && key.getPublicSSH().equals(file.public));
  const configured = [...(named ? [named] : []), ...files];
  const inAgent = configured.flatMap((file) => held(file) ?? []);
  const others = settings.identitiesOnly ? [] : agentKeys.filter((key) => !inAgent.includes(key));
  const fromAgent = (key: ParsedKey): Attempt => agentAttempt(library, settings, key);
  const fromFile = (file: KeyFile): Attempt => fileAttempt(library, options, file, ask);

  const first = named === undefined ? [] : [held(named) ? fromAgent(held(named) as ParsedKey) : fromFile(named)];
  return [
    ...first,
    ...inAgent.filter((key) => named === undefined || key !== held(named)).map(fromAgent),
    ...others.map(fromAgent),
    ...files.filter((file) => held(file) === undefined).map(fromFile),
  ];
}

function agentAttempt(library: SshLibrary, settings: SshSettings, key: ParsedKey): Attempt {
  return {
    method: 'publickey',
    label: `agent key ${key.comment || key.type} ${fingerprint(key.getPublicSSH())}`,
    make: async () => {
      const agent = library.createAgent(settings.agent ?? '');
      agent.getIdentities = (done) => done(undefined, [key]);
      return { type: 'agent', username: settings.user, agent };
    },
  };
}

function fileAttempt(library: SshLibrary, options: AuthOptions, file: KeyFile, ask: Ask | undefined): Attempt {
  const username = options.settings.user;
  const parse = library.utils.parseKey;
  const { asker } = options;
  const open =
    asker === undefined || ask === undefined ? undefined : () => unlock(asker, file, parse, (text) => ask(text, true));
  const label = file.encrypted && open === undefined ? `key ${file.path} (needs a passphrase)` : `key ${file.path}`;
  return {
    method: 'publickey',
    label,
    make: async () => {
      if (!file.encrypted) {
        const key = attemptParse(() => parsePrivateKey(file, parse), options.debug);
        return key && { type: 'publickey', username, key };
      }
      if (open === undefined) return undefined;
      const half = file.public === undefined ? undefined : parse(file.public);
      if (half === undefined || half instanceof Error) return { type: 'publickey', username, key: await open() };
      return { type: 'agent', username, agent: lockedKey(library, half, open) };
    },
  };
}

function attemptParse(parse: () => ParsedKey, debug: (line: string) => void): ParsedKey | undefined {
  try {
    return parse();
  } catch (error) {
    debug((error as Error).message);
    return undefined;
  }
}

/** An encrypted key as an agent of its own: the passphrase is asked for only when the host would take the key. */
function lockedKey(library: SshLibrary, half: ParsedKey, open: () => Promise<ParsedKey>): BaseAgent {
  const agent = library.createAgent('/nonexistent');
  agent.getIdentities = (done) => done(undefined, [half]);
  agent.sign = (
    _key: unknown,
    data: Buffer,
    options: unknown,
    done?: (error?: Error | null, made?: Buffer) => void,
  ) => {
    const { hash } = options as { hash?: string };
    open().then(
      (key) => done?.(null, key.sign(data, hash) as Buffer),
      (error: unknown) => done?.(error as Error),
    );
  };
  return agent;
}

/** OpenSSH's NumberOfPasswordPrompts. */
const PASSWORD_TRIES = 3;

function askingAttempts({ settings }: AuthOptions, ask: Ask | undefined): Attempt[] {
  if (ask === undefined) return [];
  const username = settings.user;
  const answer = async (prompts: Prompt[], instructions: string): Promise<string[]> => {
    const answers: string[] = [];
    for (const { prompt, echo } of prompts) answers.push(await ask(`${instructions}${prompt}`, echo !== true));
    return answers;
  };
  const interactive: Attempt = {
    method: 'keyboard-interactive',
    label: 'keyboard-interactive',
    make: async () => ({
      type: 'keyboard-interactive',
      username,
      prompt: (_name, instructions, _language, prompts, finish) => {
        void answer(prompts, instructions).then(finish, () => finish([]));
      },
    }),
  };
  const password: Attempt = {
    method: 'password',
    label: 'password',
    make: async () => ({
      type: 'password',
      username,
      password: await ask(`Password of ${username}@${settings.hostname}: `, true),
    }),
  };
  return [interactive, password].flatMap((attempt) => Array<Attempt>(PASSWORD_TRIES).fill(attempt));
}

function authFailed(
  { label, settings }: AuthOptions,
  tried: readonly string[],
  allowed: readonly string[] | null,
): HardenMailError {
  const what = tried.length === 0 ? 'nothing: there is no key' : [...new Set(tried)].join(', ');
  const accepts = allowed === null || allowed.length === 0 ? '' : `; the host accepts ${allowed.join(', ')}`;
  return new HardenMailError(
    'AUTH_FAILED',
    `${label}: ${settings.user} was not let in; tried ${what}${accepts}`,
    tried.length > 5
      ? 'Many keys at once make sshd hang up: name the right one with --identity.'
      : 'Name another user or key with --user and --identity, load a key with `ssh-add`, or put yours on the host with `ssh-copy-id`.',
  );
}
