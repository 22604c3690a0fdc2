import { existsSync } from 'node:fs';
import type { ParsedKey } from 'ssh2';
import { parsePrivateKey, readKeyFile, unusable } from './keys.ts';
import type { KeyFile } from './keys.ts';
import type { SshLibrary } from './library.ts';
import type { SshSettings } from './ssh-config.ts';

/** A key to try: one that the agent holds, or one in a file. */
export type Candidate = { readonly agentKey: ParsedKey } | { readonly file: KeyFile };

export interface Credentials {
  readonly candidates: readonly Candidate[];
  /** Key files that are there but were left out, each with the reason. */
  readonly skipped: readonly string[];
}

export interface CredentialsQuery {
  readonly settings: SshSettings;
  /** The key that the user named, if any: it comes first, and must be usable. */
  readonly identity: string | undefined;
  /** Is there somebody who can be asked for a passphrase? */
  readonly canAsk: boolean;
  readonly debug: (line: string) => void;
}

/**
 * The keys to try, in OpenSSH's order (`pubkey_prepare`) behind the one that the user named: configured keys that the
 * agent holds, the agent's other keys, keys in files.
 * @throws HardenMailError KEY_UNUSABLE for the key that the user named
 */
export async function findCredentials(library: SshLibrary, query: CredentialsQuery): Promise<Credentials> {
  const { settings, identity, debug } = query;
  const [agentKeys, readings] = await Promise.all([
    listAgent(library, settings.agent, debug),
    Promise.all([...new Set([identity ?? [], settings.identityFiles].flat())].map(readKeyFile)),
  ]);
  const holder = (file: KeyFile): ParsedKey | undefined =>
    agentKeys.find((key) => file.public !== undefined && key.getPublicSSH().equals(file.public));

  const files: KeyFile[] = [];
  const skipped: string[] = [];
  for (const reading of readings) {
    if (!('problem' in reading)) {
      files.push(reading);
      const certificate = `${reading.path}-cert.pub`;
      if (existsSync(certificate)) skipped.push(`${certificate} (user certificates are not supported)`);
    } else if (reading.path === identity) throw unusable(identity, reading.problem);
    else if (reading.problem !== 'missing') skipped.push(`${reading.path} (${reading.problem})`);
  }

  const named = files.find((file) => file.path === identity);
  if (named !== undefined && holder(named) === undefined) {
    if (!named.encrypted) parsePrivateKey(named, library.utils.parseKey);
    else if (!query.canAsk) throw unusable(named.path, 'it has a passphrase, and nobody can be asked');
  }

  const best = (file: KeyFile): Candidate => {
    const agentKey = holder(file);
    return agentKey ? { agentKey } : { file };
  };
  const ordered = [
    ...(named ? [best(named)] : []),
    ...files.map(best).filter((candidate) => 'agentKey' in candidate),
    ...(settings.identitiesOnly ? [] : agentKeys.map((agentKey) => ({ agentKey }))),
    ...files.map(best),
  ];
  const seen = new Set<object>();
  const candidates = ordered.filter((candidate) => {
    const key = 'file' in candidate ? candidate.file : candidate.agentKey;
    return !seen.has(key) && seen.add(key);
  });
  return { candidates, skipped };
}

/** An agent that does not answer is no agent. */
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
