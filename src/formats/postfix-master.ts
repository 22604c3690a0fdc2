import type { Bytes } from '../model.ts';
import { logicalLines, splitLines } from './logical-lines.ts';
import { readEntry } from './postfix-service.ts';
import type { Entry, Service } from './postfix-service.ts';

export type { Service } from './postfix-service.ts';
export { addService, removeOption, setOption } from './postfix-master-edit.ts';

/**
 * Postfix's master.cf (master(5)), lossless: the physical lines as they are, and the services found in them. Immutable:
 * an edit gives a new tree, and the very same one when there is nothing to change.
 */
export interface MasterCf {
  readonly file: string;
  readonly lines: readonly string[];
  readonly entries: readonly Entry[];
}

/** Reads master.cf. Throws CONFIG_INVALID where Postfix's master or postconf would refuse it. */
export function parseMaster(bytes: Bytes, file: string): MasterCf {
  return masterFromLines(splitLines(bytes), file);
}

export function masterFromLines(lines: readonly string[], file: string): MasterCf {
  return { file, lines, entries: logicalLines(lines).map((logical, index) => readEntry(logical, index, lines, file)) };
}

/** The bytes of the file: of an unedited tree, the very bytes that were read. */
export function renderMaster(cf: MasterCf): Bytes {
  return cf.lines.join('');
}

/** The active services, in the order of the file. Of several with one name and type Postfix runs the last. */
export function services(cf: MasterCf): Service[] {
  return cf.entries.map(({ service }) => service);
}

/** The value of a service's `-o name=value`; of several the last one wins. Null when the service does not set it. */
export function optionValue(service: Service, name: string): string | null {
  return service.options.findLast((option) => option.name === name)?.value ?? null;
}
