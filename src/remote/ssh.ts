import { HardenMailError } from '../model/errors.ts';
import { bootstrap } from './bootstrap.ts';
import type { Way } from './bootstrap.ts';
import { dialogue } from './dialogue.ts';
import { lastWords } from '../formats/text/printable.ts';
import type { Remote, RemoteResult, ScriptOptions } from './remote.ts';
import type { Transport } from './transport.ts';

/** Long enough for a quiet step of apt; a dead connection is found earlier by its keepalive. */
const IDLE_SECONDS = 300;

export interface SshRemoteOptions {
  readonly name: string;
  /** Asks for the password of sudo; absent where none can be asked. Called once at most. */
  readonly becomePassword?: () => Promise<string>;
}

/**
 * A Remote over SSH. The way to root is found by the first script and costs no round trip of its own: as root directly,
 * else by `sudo -n` or `doas -n`, else by sudo with a password.
 */
export function sshRemote(transport: Transport, options: SshRemoteOptions): Remote {
  const { label } = transport;
  let way: Way = transport.user === 'root' ? 'root' : 'quiet';
  let takesLongCommands = true;
  let password: Promise<string> | undefined;
  const ask = options.becomePassword;

  async function attempt(
    tried: Way,
    script: string,
    isInCommand: boolean,
    { idleTimeout = IDLE_SECONDS, onOutput }: ScriptOptions,
  ) {
    const boot = bootstrap(tried, isInCommand ? script : undefined);
    return dialogue(await transport.exec(boot.command), boot, {
      label,
      ...(!isInCommand && { script }),
      idle: idleTimeout,
      ...(ask && { password: () => (password ??= ask()) }),
      ...(onOutput && { onOutput }),
    });
  }

  async function run(script: string, scriptOptions: ScriptOptions): Promise<RemoteResult> {
    const tried = way;
    // sudo writes down each command that it runs: there it stays short.
    const isInCommand = tried === 'root' && scriptOptions.plain === true && takesLongCommands;
    const outcome = await attempt(tried, script, isInCommand, scriptOptions);
    if (outcome.started) return outcome.result;
    if (isInCommand) {
      // A shell of old takes no word of this length.
      takesLongCommands = false;
      return run(script, scriptOptions);
    }
    if (outcome.passwordRefused) throw notRoot('sudo did not take the password', 'Run it again with the right one.');
    if (tried === 'quiet' && WANTS_PASSWORD.test(outcome.said.toString('latin1'))) {
      if (ask === undefined) throw notRoot('sudo wants a password', `Use --ask-become-pass, ${orElse(transport.user)}`);
      way = 'password';
      return run(script, scriptOptions);
    }
    const words = lastWords(outcome.said) || 'nothing';
    throw tried === 'root'
      ? notRoot(`no shell for root: the host said “${words}”`, 'Use --user with an account that may use sudo.')
      : notRoot(`${transport.user} cannot become root: the host said “${words}”`, remedy(words, transport.user));
  }

  function notRoot(what: string, hint: string): HardenMailError {
    return new HardenMailError('NOT_ROOT', `${label}: ${what}`, hint);
  }

  return {
    name: options.name,
    address: transport.address,
    run,
    forward: (address, port) => transport.forward(address, port),
    close: () => transport.close(),
  };
}

/** sudo, sudo-rs and doas, each in the C locale. */
const WANTS_PASSWORD = /password is required|authentication (is )?required/i;

function remedy(words: string, user: string): string {
  if (!WANTS_TERMINAL.test(words)) return `Either ${orElse(user)}`;
  return `Add “Defaults:${user} !requiretty” with visudo on the host, or use --user root: we have no terminal there.`;
}

/** `Defaults requiretty`: a terminal would mix the two outputs, and change what they say. */
const WANTS_TERMINAL = /must have a tty/i;

function orElse(user: string): string {
  return `add “${user} ALL=(root) NOPASSWD: ALL” with visudo on the host, or use --user root.`;
}
