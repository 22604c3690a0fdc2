import { HardenMailError } from '../errors.ts';
import { framed } from './bootstrap.ts';
import type { Bootstrap } from './bootstrap.ts';
import type { RemoteResult } from './remote.ts';
import type { Channel } from './transport.ts';

/** Start-up noise beyond this is not noise: the host answers something else than a shell. */
const NOISE_LIMIT = 1 << 20;

export interface DialogueOptions {
  readonly label: string;
  readonly script: string;
  /** Asked for when sudo prompts. */
  readonly password?: () => Promise<string>;
  /** Seconds of silence that count as a lost connection. */
  readonly idle: number;
  readonly onOutput?: (chunk: Buffer) => void;
}

/** The script's result, or why it was never started: what the host said instead. */
export type Dialogue =
  | { readonly started: true; readonly result: RemoteResult }
  | { readonly started: false; readonly said: Buffer; readonly passwordRefused: boolean };

/** Waits for the mark, sends the script, collects what it answers. Nothing is sent to a host that did not ask for it. */
export async function dialogue(channel: Channel, boot: Bootstrap, options: DialogueOptions): Promise<Dialogue> {
  const stdout = afterMark(boot.mark, options.onOutput);
  const stderr = afterMark(boot.mark);
  let asked = 0;
  // A host that hangs does not confirm that the channel is closed: giving up does not wait for it.
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

  channel.stdin.on('error', () => {}); // The end of the channel tells it as well.
  channel.stdout.on('data', (chunk: Buffer) => {
    if (over) return;
    idle.touch();
    if (stdout.push(chunk)) channel.stdin.end(framed(options.script, boot.mark));
    if (stdout.noise().length > NOISE_LIMIT) giveUp();
  });
  channel.stderr.on('data', (chunk: Buffer) => {
    if (over) return;
    idle.touch();
    stderr.push(chunk);
    if (!stderr.seen() && prompts(stderr.noise(), boot) > asked) answerPrompt().catch(giveUp);
  });

  const end = await Promise.race([channel.ended, givenUp]).finally(idle.stop);
  if (end === undefined || !stdout.seen()) {
    return { started: false, said: said(boot, stdout, stderr), passwordRefused: asked > 1 };
  }
  if ('signal' in end) throw killed(options, end.signal);
  return { started: true, result: { code: end.code, stdout: stdout.data(), stderr: stderr.data() } };
}

/**
 * How often sudo has asked, if it is asking now. Its prompt is ours; sudo-rs puts ours into its own:
 * `[sudo: OURS] Password: `. A line that goes on otherwise is somebody who shows the command.
 */
function prompts(noise: Buffer, { prompt }: Bootstrap): number {
  const parts = noise.toString('latin1').split(prompt);
  return /^(\] ?[^\n]{0,80})?$/.test(parts.at(-1) ?? '') ? parts.length - 1 : 0;
}

/** The host's words on standard error, else on standard output, without our prompt in between. */
function said({ prompt }: Bootstrap, stdout: Marked, stderr: Marked): Buffer {
  const [out, error] = [stdout, stderr].map((side) => side.noise().toString('latin1').replaceAll(prompt, ''));
  return Buffer.from((error?.trim() ? error : out) ?? '', 'latin1');
}

interface Marked {
  /** Takes a chunk; true when the mark was completed by it. */
  push(chunk: Buffer): boolean;
  seen(): boolean;
  noise(): Buffer;
  data(): Buffer;
}

/** A stream of which only what follows the line with the mark counts. */
function afterMark(mark: string, onOutput?: (chunk: Buffer) => void): Marked {
  const line = Buffer.from(`${mark}\n`);
  const chunks: Buffer[] = [];
  let noise = Buffer.alloc(0);
  let seen = false;
  const keep = (chunk: Buffer): void => {
    if (chunk.length === 0) return;
    chunks.push(chunk);
    onOutput?.(chunk);
  };
  return {
    push(chunk) {
      if (seen) {
        keep(chunk);
        return false;
      }
      noise = Buffer.concat([noise, chunk]);
      const at = noise.indexOf(line);
      if (at < 0) return false;
      seen = true;
      keep(noise.subarray(at + line.length));
      noise = noise.subarray(0, at);
      return true;
    },
    seen: () => seen,
    noise: () => noise,
    data: () => Buffer.concat(chunks),
  };
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
    `${label}: not a word from the host for ${idle} s`,
    'Look at the load of the host and at the network, then run the command again.',
  );
}

function killed({ label }: DialogueOptions, signal: string): HardenMailError {
  return new HardenMailError(
    'REMOTE_FAILED',
    `${label}: the script on the host was ended by ${signal}`,
    'Look into the journal of the host (`journalctl -k`): it may be out of memory.',
  );
}
