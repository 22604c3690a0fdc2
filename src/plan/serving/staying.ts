import { HardenMailError } from '../../model/errors.ts';
import { SMTP_PORTS, SUBMISSION_PORTS, PORT_NAMES, type Change, type Snapshot } from '../../model/index.ts';
import { running } from '../place/running-services.ts';
import { withChanges } from '../undo.ts';
import { openWorkspace } from '../workspace.ts';

/**
 * Submission ports that listen now and still will after the changes: an entry of master.cf stays, or another program holds the
 * port. A port that a rollback closes was opened by an apply, so users do not miss it.
 */
export function staying(snapshot: Snapshot, changes: readonly Change[]): number[] {
  const { listeners } = snapshot.facts;
  const held = SUBMISSION_PORTS.filter((port) => listeners.some((one) => one.port === port));
  if (held.length === 0) return [];
  const after = entryPorts(withChanges(snapshot, changes));
  return held.filter(
    (port) => listeners.some((one) => one.port === port && one.process !== 'master') || after.includes(port),
  );
}

/** The mail ports (25, 465, 587) that have an active entry in master.cf. */
export function entryPorts(snapshot: Snapshot): number[] {
  const names = portsOfMaster(snapshot);
  return SMTP_PORTS.filter((port) => (PORT_NAMES[port] ?? []).some((name) => names.includes(name)));
}

/**
 * The port names as master.cf has them, without an address. None if the files cannot be parsed: the host's own parsers report
 * that.
 */
function portsOfMaster(snapshot: Snapshot): string[] {
  try {
    const inet = running(openWorkspace(snapshot).workspace).filter(({ type }) => type === 'inet');
    return inet.map(({ name }) => name.replace(/^.*:/, ''));
  } catch (error) {
    if (error instanceof HardenMailError) return [];
    throw error;
  }
}
