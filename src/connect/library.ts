/** The only file that loads node-ssh. Of node-ssh only `connect` is used; see session.ts. */
import type { NodeSSH } from 'node-ssh';
import type * as ssh2 from 'ssh2';

export type SshLibrary = Omit<typeof ssh2, 'default'> & { readonly NodeSSH: typeof NodeSSH };

/** Loads node-ssh, and the ssh2 that it is built on. */
export async function loadSsh(): Promise<SshLibrary> {
  const [{ NodeSSH }, library] = await Promise.all([import('node-ssh'), import('ssh2')]);
  return { ...library.default, NodeSSH };
}
