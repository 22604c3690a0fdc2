import { networkInterfaces } from 'node:os';
import { HardenMailError } from '../model/errors.ts';
import type { Host } from '../model/index.ts';
import { localTransport } from '../remote/local-transport.ts';
import { observed } from '../remote/observed.ts';
import type { Remote } from '../remote/remote.ts';
import { sshRemote } from '../remote/ssh.ts';
import type { ConnectOptions } from './connect-options.ts';

/** `--local`: this machine is the mail host. Runs the same scripts as over SSH, in a local shell, as root or through sudo. */
export function connectLocally({ name }: Host, { becomePassword, signal, onStep, onCommand }: ConnectOptions): Remote {
  const transport = localTransport({ label: name, address: ownAddress(), ...(signal && { signal }) });
  onStep?.('local', `this machine, as ${transport.user}: no SSH`);
  const remote = sshRemote(transport, { name, ...(becomePassword && { becomePassword }) });
  const local: Remote = {
    ...remote,
    local: true,
    run: (script, options) => remote.run(script, options).catch(inLocalWords),
  };
  return onCommand ? observed(local, onCommand) : local;
}

/** An address of this machine at which clients reach the daemons; the loopback address only if it has no other. */
function ownAddress(): string {
  const all = Object.values(networkInterfaces()).flatMap((addresses) => addresses ?? []);
  const outer = all.filter(({ internal, address }) => !internal && !address.startsWith('fe80:'));
  return (outer.find(({ family }) => family === 'IPv4') ?? outer[0])?.address ?? '127.0.0.1';
}

function inLocalWords(error: unknown): never {
  if (!(error instanceof HardenMailError) || error.code !== 'NOT_ROOT') throw error;
  const hint =
    'Run it as root: sudo harden-mail … --local. Or give --ask-become-pass to be asked for the sudo password.';
  throw new HardenMailError('NOT_ROOT', error.message, hint, { cause: error });
}
