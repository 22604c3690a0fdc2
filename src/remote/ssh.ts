import { HardenMailError } from '../model/errors.ts';
import { bootstrap } from './bootstrap.ts';
import type { Bootstrap, Way } from './bootstrap.ts';
import { dialogue } from './dialogue.ts';
import { lastWords } from '../formats/text/printable.ts';
import type { Remote, RemoteResult, ScriptOptions } from './remote.ts';
import type { Channel, Transport } from './transport.ts';

/** Long enough for a quiet step of apt; the keepalive finds a dead connection earlier. */
const IDLE_SECONDS = 300;

/** A script that reads, and one that may install packages over a slow line. */
const TOTAL_SECONDS = { read: 600, write: 7200 };

/** A shell on the host that says when it can take a script. */
interface Started {
  readonly boot: Bootstrap;
  readonly channel: Promise<Channel>;
  isOver: boolean;
}

export interface SshRemoteOptions {
  readonly name: string;
  /** Asks for the sudo password; absent if no user can be asked. Called at most once. */
  readonly becomePassword?: () => Promise<string>;
}

/**
 * A Remote over SSH. The first script finds the way to root, without an extra round trip: as root directly, else with `sudo -n`
 * or `doas -n`, else with sudo and a password.
 */
export function sshRemote(transport: Transport, options: SshRemoteOptions): Remote {
  const { label } = transport;
  let way: Way = transport.user === 'root' ? 'root' : 'quiet';
  let takesLongCommands = true;
  let password: Promise<string> | undefined;
  /** A shell that waits for the next script. */
  let waiting: Started | undefined;
  const ask = options.becomePassword;

  function start(tried: Way, script?: string): Started {
    const boot = bootstrap(tried, script);
    const channel = transport.exec(boot.command);
    const started: Started = { boot, channel, isOver: false };
    const over = (): void => void (started.isOver = true);
    channel.then(({ ended }) => ended).then(over, over); // Awaited when there is a script for it.
    return started;
  }

  async function attempt(
    { boot, channel }: Started,
    script: string | undefined,
    { intent, idleTimeout = IDLE_SECONDS, timeout = TOTAL_SECONDS[intent], most, onOutput }: ScriptOptions,
  ) {
    return dialogue(await channel, boot, {
      label,
      ...(script !== undefined && { script }),
      idle: idleTimeout,
      total: timeout,
      ...(most !== undefined && { most }),
      ...(ask && { password: () => (password ??= ask()) }),
      ...(onOutput && { onOutput }),
    });
  }

  async function run(script: string, scriptOptions: ScriptOptions): Promise<RemoteResult> {
    const tried = way;
    const prepared = waiting?.isOver ? undefined : waiting;
    waiting = undefined;
    // sudo logs each command that it runs: keep it short there.
    const isInCommand = !prepared && tried === 'root' && scriptOptions.plain === true && takesLongCommands;
    const outcome = isInCommand
      ? await attempt(start(tried, script), undefined, scriptOptions)
      : await attempt(prepared ?? start(tried), script, scriptOptions);
    if (outcome.started) return outcome.result;
    if (isInCommand) {
      // An old shell refuses a word of this length.
      takesLongCommands = false;
      return run(script, scriptOptions);
    }
    if (outcome.passwordRefused)
      throw notRoot('sudo refused the password', 'Run the command again with the right password.');
    if (tried === 'quiet' && WANTS_PASSWORD.test(outcome.said.toString('latin1'))) {
      if (ask === undefined)
        throw notRoot('sudo asks for a password', `Use --ask-become-pass, ${orElse(transport.user)}`);
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
    prepare: () => void (waiting ??= start(way)),
    forward: (address, port) => transport.forward(address, port),
    close: () => {
      waiting?.channel.then((channel) => channel.close()).catch(() => {});
      return transport.close();
    },
  };
}

/** Messages of sudo, sudo-rs and doas in the C locale. */
const WANTS_PASSWORD = /password is required|authentication (is )?required/i;

function remedy(words: string, user: string): string {
  if (!WANTS_TERMINAL.test(words)) return `Either ${orElse(user)}`;
  return `Add “Defaults:${user} !requiretty” with visudo on the host, or use --user root: harden-mail has no terminal there.`;
}

/** `Defaults requiretty`: a terminal would merge the two outputs and change their bytes. */
const WANTS_TERMINAL = /must have a tty/i;

function orElse(user: string): string {
  return `add “${user} ALL=(root) NOPASSWD: ALL” with visudo on the host, or use --user root.`;
}
