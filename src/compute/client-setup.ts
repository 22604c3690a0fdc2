import { clientSettings } from '../exposure/client-services.ts';
import type { ClientSettings, Policy, Snapshot } from '../model/index.ts';
import { openWorkspace } from '../plan/workspace.ts';
import { mapIfReadable } from './mapping.ts';

/** The entries of a mail client's account for this host; null if the files cannot be read, or no user logs in there. */
export function clientSetup(snapshot: Snapshot, { domain }: Pick<Policy, 'domain'>): ClientSettings | null {
  const map = mapIfReadable(snapshot);
  if (map === null) return null;
  const settings = clientSettings(map, openWorkspace(snapshot).workspace, snapshot.facts, domain);
  return settings.services.length > 0 ? settings : null;
}
