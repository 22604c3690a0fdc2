import { HardenMailError } from '../model/errors.ts';
import { framed } from './bootstrap.ts';
import type { Bootstrap } from './bootstrap.ts';
import { afterMark } from './marked.ts';
import type { Marked } from './marked.ts';
import type { RemoteResult } from './remote.ts';
import type { Channel } from './transport.ts';

/** More start-up output than this is not noise: the host runs something other than a shell. */
const NOISE_LIMIT = 1 << 20;

/** A script's output on both streams together. The largest answer, a host's whole journal, is a few dozen megabytes. */
const OUTPUT_LIMIT = 64 << 20;

export interface DialogueOptions {
  readonly label: string;
  /** Sent after the mark; absent if it is part of the command. */
  readonly script?: string;
  /** Called when sudo asks for the password. */
  readonly password?: () => Promise<string>;
  /** Seconds of silence that count as a lost connection. */
  readonly idle: number;
  /** Seconds after which the script is given up, however much it prints. */
  readonly total: number;
  /** Bytes of output on both streams together. */
  readonly most?: number;
  readonly onOutput?: (chunk: Buffer) => void;
}

/** The script's result; if it never started, the host's output instead. */
export type Dialogue =
  | { readonly started: true; readonly result: RemoteResult }
  | { readonly started: false; readonly said: Buffer; readonly passwordRefused: boolean };

/**
 * Waits for the mark, sends the script, collects its output up to the mark at its end. Sends nothing to a host that did not
 * print the mark, and output without the end mark does not count.
 */
export async function dialogue(channel: Channel, boot: Bootstrap, options: DialogueOptions): Promise<Dialogue> {
  const stdout = afterMark(boot.mark, options.onOutput);
  const stderr = afterMark(boot.mark);
  const prompts = promptCounter(boot.prompt);
  let asked = 0;
  let received = 0;
  // A host that hangs does not confirm that the channel is closed: do not wait for it after giving up.
  let over = false;
  let giveUp!: (error?: Error) => void;
  const givenUp = new Promise<undefined>((resolve, reject) => {
    giveUp = (error) => {
      over = true;
      channel.close();
      if (error === undefined) resolve(undefined);
      else reject(error);
    };
  });
  const idle = idleTimer(options.idle, () => giveUp(silent(options)));
  const total = setTimeout(() => giveUp(endless(options)), options.total * 1000);
  /** False, and the script is given up, if the host has sent more than is read. */
  const isWithinLimits = (chunk: Buffer): boolean => {
    if (over) return false;
    idle.touch();
    received += chunk.length;
    if (received > (options.most ?? OUTPUT_LIMIT)) giveUp(flood(options));
    return !over;
  };

  const answerPrompt = async (): Promise<void> => {
    asked += 1;
    // A second prompt means that the password was wrong.
    if (options.password === undefined || asked > 1) return giveUp();
    idle.pause();
    const password = await options.password();
    idle.touch();
    channel.stdin.write(`${password}\n`);
  };

  channel.stdin.on('error', () => {}); // The end of the channel reports it as well.
  channel.stdout.on('data', (chunk: Buffer) => {
    if (!isWithinLimits(chunk)) return;
    if (stdout.push(chunk) && options.script !== undefined) channel.stdin.write(framed(options.script, boot.mark));
    if (stdout.noiseLength() > NOISE_LIMIT) giveUp();
    checkEnd();
  });
  channel.stderr.on('data', (chunk: Buffer) => {
    if (!isWithinLimits(chunk)) return;
    stderr.push(chunk);
    if (stderr.noiseLength() > NOISE_LIMIT) giveUp();
    checkEnd();
    if (!stderr.seen() && prompts(chunk) > asked) answerPrompt().catch(giveUp);
  });

  let complete!: (end: { readonly code: number }) => void;
  const whole = new Promise<{ readonly code: number }>((resolve) => (complete = resolve));
  function checkEnd(): void {
    const code = stdout.code();
    if (code === undefined || stderr.code() === undefined) return;
    complete({ code });
    channel.stdin.end();
  }

  const end = await Promise.race([whole, channel.ended, givenUp]).finally(() => {
    idle.stop();
    clearTimeout(total);
  });
  channel.ended.catch(() => {}); // All output is here: how the channel ends no longer matters.
  if (end === undefined || !stdout.seen()) {
    return { started: false, said: said(boot, stdout, stderr), passwordRefused: asked > 1 };
  }
  if ('signal' in end) throw killed(options, end.signal);
  if (stdout.code() === undefined || stderr.code() === undefined) throw cutOff(options, end.code);
  return { started: true, result: { code: end.code, stdout: stdout.data(), stderr: stderr.data() } };
}

/** A prompt that sudo-rs prints has at most this much text behind ours. */
const AFTER_PROMPT = 80;

/**
 * Counts how often sudo has asked, given each chunk of standard error; a prompt counts if sudo waits behind it. sudo prints only our
 * prompt; sudo-rs prints it inside its own: `[sudo: OURS] Password: `. If the line continues in another way, a shell is echoing
 * the command.
 */
function promptCounter(prompt: string): (chunk: Buffer) => number {
  let before = 0;
  let tail = '';
  return (chunk) => {
    const text = tail + chunk.toString('latin1');
    const parts = text.split(prompt);
    const rest = parts.at(-1) ?? '';
    const isAsking = parts.length > 1 && rest.length <= AFTER_PROMPT + 2 && /^(\] ?[^\n]*)?$/.test(rest);
    const count = before + parts.length - 1;
    // The text that may belong to a prompt which is not complete; a prompt in it is counted with the next chunk.
    tail = text.slice(-(prompt.length + AFTER_PROMPT + 2));
    before = count - (tail.split(prompt).length - 1);
    return isAsking ? count : 0;
  };
}

/** The host's text on standard error, else on standard output, without our prompt. */
function said({ prompt }: Bootstrap, stdout: Marked, stderr: Marked): Buffer {
  const [out, error] = [stdout, stderr].map((side) => side.noise().toString('latin1').replaceAll(prompt, ''));
  return Buffer.from((error?.trim() ? error : out) ?? '', 'latin1');
}

function idleTimer(seconds: number, onIdle: () => void): Record<'touch' | 'pause' | 'stop', () => void> {
  let timer: NodeJS.Timeout | undefined;
  let over = false;
  const pause = (): void => clearTimeout(timer);
  const touch = (): void => {
    pause();
    if (!over) timer = setTimeout(onIdle, seconds * 1000);
  };
  const stop = (): void => {
    over = true;
    pause();
  };
  touch();
  return { touch, pause, stop };
}

function silent({ label, idle }: DialogueOptions): HardenMailError {
  return new HardenMailError(
    'CONNECTION_LOST',
    `${label}: no output from the host for ${idle} s`,
    'Check the load of the host and the network, then run the command again.',
  );
}

function flood({ label, most = OUTPUT_LIMIT }: DialogueOptions): HardenMailError {
  return new HardenMailError(
    'REMOTE_FAILED',
    `${label}: the host sent more than ${most >> 20} MiB, and the rest was not read`,
    'No script of harden-mail prints that much: check what the login shell and sudo of the host run.',
  );
}

function endless({ label, total }: DialogueOptions): HardenMailError {
  return new HardenMailError(
    'REMOTE_FAILED',
    `${label}: the script on the host did not end within ${total} s`,
    'Check the load of the host and which of its programs hang (`ps -ef`), then run the command again.',
  );
}

function killed({ label }: DialogueOptions, signal: string): HardenMailError {
  return new HardenMailError(
    'REMOTE_FAILED',
    `${label}: the script on the host was killed by ${signal}`,
    'Check the journal of the host (`journalctl -k`): it may be out of memory.',
  );
}

function cutOff({ label }: DialogueOptions, code: number): HardenMailError {
  return new HardenMailError(
    'REMOTE_FAILED',
    `${label}: the script on the host ended with ${code} before its output was complete`,
    'Check the journal of the host (`journalctl -k`): it may be out of memory.',
  );
}
