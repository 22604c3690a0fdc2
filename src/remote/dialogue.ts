import { HardenMailError } from '../model/errors.ts';
import { framed } from './bootstrap.ts';
import type { Bootstrap } from './bootstrap.ts';
import type { RemoteResult } from './remote.ts';
import type { Channel } from './transport.ts';

/** More start-up output than this is not noise: the host runs something other than a shell. */
const NOISE_LIMIT = 1 << 20;

export interface DialogueOptions {
  readonly label: string;
  /** Sent after the mark; absent if it is part of the command. */
  readonly script?: string;
  /** Called when sudo asks for the password. */
  readonly password?: () => Promise<string>;
  /** Seconds of silence that count as a lost connection. */
  readonly idle: number;
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
  let asked = 0;
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
    if (over) return;
    idle.touch();
    if (stdout.push(chunk) && options.script !== undefined) channel.stdin.write(framed(options.script, boot.mark));
    if (stdout.noise().length > NOISE_LIMIT) giveUp();
    checkEnd();
  });
  channel.stderr.on('data', (chunk: Buffer) => {
    if (over) return;
    idle.touch();
    stderr.push(chunk);
    checkEnd();
    if (!stderr.seen() && prompts(stderr.noise(), boot) > asked) answerPrompt().catch(giveUp);
  });

  let complete!: (end: { readonly code: number }) => void;
  const whole = new Promise<{ readonly code: number }>((resolve) => (complete = resolve));
  function checkEnd(): void {
    const code = stdout.code();
    if (code === undefined || stderr.code() === undefined) return;
    complete({ code });
    channel.stdin.end();
  }

  const end = await Promise.race([whole, channel.ended, givenUp]).finally(idle.stop);
  channel.ended.catch(() => {}); // All output is here: how the channel ends no longer matters.
  if (end === undefined || !stdout.seen()) {
    return { started: false, said: said(boot, stdout, stderr), passwordRefused: asked > 1 };
  }
  if ('signal' in end) throw killed(options, end.signal);
  if (stdout.code() === undefined || stderr.code() === undefined) throw cutOff(options, end.code);
  return { started: true, result: { code: end.code, stdout: stdout.data(), stderr: stderr.data() } };
}

/**
 * How often sudo has asked, if it is asking now. sudo prints only our prompt; sudo-rs prints it inside its own:
 * `[sudo: OURS] Password: `. If the line continues in another way, a shell is echoing the command.
 */
function prompts(noise: Buffer, { prompt }: Bootstrap): number {
  const parts = noise.toString('latin1').split(prompt);
  return /^(\] ?[^\n]{0,80})?$/.test(parts.at(-1) ?? '') ? parts.length - 1 : 0;
}

/** The host's text on standard error, else on standard output, without our prompt. */
function said({ prompt }: Bootstrap, stdout: Marked, stderr: Marked): Buffer {
  const [out, error] = [stdout, stderr].map((side) => side.noise().toString('latin1').replaceAll(prompt, ''));
  return Buffer.from((error?.trim() ? error : out) ?? '', 'latin1');
}

interface Marked {
  /** Takes a chunk; true if it completed the first mark. */
  push(chunk: Buffer): boolean;
  seen(): boolean;
  /** The exit status, once the second mark has arrived. */
  code(): number | undefined;
  noise(): Buffer;
  data(): Buffer;
}

/** A stream of which only the part between the two marks counts. */
function afterMark(mark: string, onOutput?: (chunk: Buffer) => void): Marked {
  const line = Buffer.from(`${mark}\n`);
  const chunks: Buffer[] = [];
  let noise = Buffer.alloc(0);
  let seen = false;
  let code: number | undefined;
  /** Bytes that may be the beginning of the second mark. */
  let pending = Buffer.alloc(0);
  const keep = (chunk: Buffer): void => {
    if (chunk.length === 0) return;
    chunks.push(chunk);
    onOutput?.(chunk);
  };
  const take = (chunk: Buffer): void => {
    if (code !== undefined) return;
    const all = pending.length === 0 ? chunk : Buffer.concat([pending, chunk]);
    const at = beginningOf(mark, all);
    keep(all.subarray(0, at));
    pending = Buffer.from(all.subarray(at));
    const status = /^\w+ (\d+)\n/.exec(pending.toString('latin1'))?.[1];
    if (status !== undefined) code = Number(status);
  };
  return {
    push(chunk) {
      if (seen) {
        take(chunk);
        return false;
      }
      noise = Buffer.concat([noise, chunk]);
      const at = noise.indexOf(line);
      if (at < 0) return false;
      seen = true;
      take(noise.subarray(at + line.length));
      noise = noise.subarray(0, at);
      return true;
    },
    seen: () => seen,
    code: () => code,
    noise: () => noise,
    data: () => Buffer.concat(chunks),
  };
}

/** Where the mark begins in the bytes, or its beginning at their end; the length of the bytes without any of it. */
function beginningOf(mark: string, bytes: Buffer): number {
  const whole = bytes.indexOf(mark);
  if (whole >= 0) return whole;
  for (let at = Math.max(0, bytes.length - mark.length + 1); at < bytes.length; at += 1) {
    if (mark.startsWith(bytes.toString('latin1', at))) return at;
  }
  return bytes.length;
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
