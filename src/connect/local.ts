import { networkInterfaces } from 'node:os';
import { HardenMailError } from '../errors.ts';
import type { Host } from '../model.ts';
import { localTransport } from '../remote/local.ts';
import { observed } from '../remote/observed.ts';
import type { Remote } from '../remote/remote.ts';
import { sshRemote } from '../remote/ssh.ts';
import type { ConnectOptions } from './options.ts';

/** `--local`: this machine is the mail host. The same scripts as over SSH, by a shell of ours, as root or by sudo. */
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

/** What the daemons see their clients at; the loopback only where there is nothing else. */
function ownAddress(): string {
  const all = Object.values(networkInterfaces()).flatMap((addresses) => addresses ?? []);
  const outer = all.filter(({ internal, address }) => !internal && !address.startsWith('fe80:'));
  return (outer.find(({ family }) => family === 'IPv4') ?? outer[0])?.address ?? '127.0.0.1';
}

function inLocalWords(error: unknown): never {
  if (!(error instanceof HardenMailError) || error.code !== 'NOT_ROOT') throw error;
  const hint = 'Run it as root: sudo harden-mail … --local. --ask-become-pass asks for the password of sudo.';
  throw new HardenMailError('NOT_ROOT', error.message, hint, { cause: error });
}
