/** A Transport without SSH: the command string goes to a login shell of this machine, as sshd would hand it over. */
import { spawn } from 'node:child_process';
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { constants, gunzipSync } from 'node:zlib';
import type { Channel, End, Transport } from '../../../src/remote/transport.ts';

export interface LocalOptions {
  readonly user: string;
  /** The login shell and its arguments before the command. */
  readonly shell: readonly string[];
  /** Programs that stand before those of the machine, by name. */
  readonly programs?: Readonly<Record<string, string>>;
  readonly env?: Readonly<Record<string, string>>;
  /** Nothing of the machine but what is named in `programs`. */
  readonly bare?: boolean;
}

export interface Local extends Transport {
  /** Every command string, and all input that was sent; scripts are unpacked. */
  readonly sent: { readonly commands: string[]; readonly input: string[] };
  readonly folder: string;
}

export function localTransport({ user, shell, programs = {}, env = {}, bare = false }: LocalOptions): Local {
  const folder = mkdtempSync(join(tmpdir(), 'harden-mail-local-'));
  for (const [name, text] of Object.entries(programs)) {
    writeFileSync(join(folder, name), text);
    chmodSync(join(folder, name), 0o755);
  }
  const sent = { commands: [] as string[], input: [] as string[] };
  return {
    label: 'local',
    address: '127.0.0.1',
    user,
    sent,
    folder,
    async exec(command): Promise<Channel> {
      sent.commands.push(command);
      const [program = 'sh', ...before] = shell;
      const child = spawn(program, [...before, command], {
        env: { PATH: bare ? folder : `${folder}:/usr/bin:/bin`, HOME: folder, FOLDER: folder, ...env },
        stdio: 'pipe',
      });
      for (const method of ['write', 'end'] as const) {
        const original = child.stdin[method].bind(child.stdin) as (...args: unknown[]) => never;
        child.stdin[method] = (...args: unknown[]) => {
          sent.input.push(unpacked(args[0]));
          return original(...args);
        };
      }
      const ended = new Promise<End>((resolve, reject) => {
        child.once('error', reject);
        child.once('close', (code, signal) => resolve(code === null ? { signal: signal ?? '' } : { code }));
      });
      const close = (): void => {
        child.kill();
        // A child of the shell may still write, as long as somebody reads.
        child.stdout.destroy();
        child.stderr.destroy();
      };
      return { stdin: child.stdin, stdout: child.stdout, stderr: child.stderr, ended, close };
    },
    forward: async () => {
      throw new Error('nothing to forward to');
    },
    close: async () => rmSync(folder, { recursive: true, force: true }),
  };
}

/** A script is sent as one chunk: its length, and the packed text, of which a test may keep back the end. Everything else is text. */
function unpacked(chunk: unknown): string {
  if (!Buffer.isBuffer(chunk)) return String(chunk);
  return gunzipSync(chunk.subarray(chunk.indexOf('\n') + 1), { finishFlush: constants.Z_SYNC_FLUSH }).toString();
}
