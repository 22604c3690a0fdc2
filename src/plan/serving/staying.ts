import { HardenMailError } from '../../model/errors.ts';
import { PORT_NAMES, type Change, type Snapshot } from '../../model/index.ts';
import { running } from '../place/running-services.ts';
import { withChanges } from '../undo.ts';
import { openWorkspace } from '../workspace.ts';

/**
 * Of the ports at which users hand in mail those that are held now, and still will be once the changes are made: an entry of
 * master.cf stays, or it is another program's. What a rollback takes away was an apply's, and nobody misses it.
 */
export function staying(snapshot: Snapshot, changes: readonly Change[]): number[] {
  const { listeners } = snapshot.facts;
  const held = [465, 587].filter((port) => listeners.some((one) => one.port === port));
  if (held.length === 0) return [];
  const after = entryPorts(withChanges(snapshot, changes));
  return held.filter(
    (port) => listeners.some((one) => one.port === port && one.process !== 'master') || after.includes(port),
  );
}

/** Of the ports of mail (25, 465, 587) those that master.cf has an active entry for. */
export function entryPorts(snapshot: Snapshot): number[] {
  const names = portsOfMaster(snapshot);
  return [25, 465, 587].filter((port) => (PORT_NAMES[port] ?? []).some((name) => names.includes(name)));
}

/** As they are written there, without an address before them. What cannot be read is left to the host's own parsers. */
function portsOfMaster(snapshot: Snapshot): string[] {
  try {
    const inet = running(openWorkspace(snapshot).workspace).filter(({ type }) => type === 'inet');
    return inet.map(({ name }) => name.replace(/^.*:/, ''));
  } catch (error) {
    if (error instanceof HardenMailError) return [];
    throw error;
  }
}
