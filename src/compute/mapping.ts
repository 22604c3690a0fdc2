/** The exposure map of a host's present files, for `map`, `check`, `doctor` and the audit. */
import { HardenMailError } from '../model/errors.ts';
import { exposureOf } from '../exposure/exposure-map.ts';
import { redact } from '../formats/redact.ts';
import type { ExposureMap, Snapshot } from '../model/index.ts';
import { openWorkspace } from '../plan/workspace.ts';
import type { Fault } from '../plan/as-found/fault.ts';
import { faultsOf } from '../plan/as-found/faults.ts';

/**
 * The exposure map: who can do what through which way in. Secrets inside values are masked (`passdb static password=…`).
 * @throws CONFIG_INVALID for files that the daemons would refuse
 */
export function mapOf(snapshot: Snapshot): ExposureMap {
  return masked(exposureOf(openWorkspace(snapshot).workspace, snapshot.facts));
}

/** The same; null if the files cannot be read, because the plan reports that with file and line. */
export function mapIfReadable(snapshot: Snapshot): ExposureMap | null {
  try {
    return mapOf(snapshot);
  } catch (error) {
    if (error instanceof HardenMailError) return null;
    throw error;
  }
}

/** The faults of the present files; none if the files cannot be read. */
export function faultsIfReadable(snapshot: Snapshot): Fault[] {
  try {
    return faultsOf(openWorkspace(snapshot).workspace, snapshot.facts).map((fault) => masked(fault));
  } catch (error) {
    if (error instanceof HardenMailError) return [];
    throw error;
  }
}

function masked<T>(value: T): T {
  if (typeof value === 'string') return redact(value) as T;
  if (Array.isArray(value)) return value.map((item: unknown) => masked(item)) as T;
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, masked<unknown>(inner)])) as T;
}
