import type { Bytes } from '../../model/index.ts';
import type { MasterCf, MasterService } from './service-entry.ts';

export { parseMaster } from './service-entry.ts';
export type { MasterCf, Option, MasterService } from './service-entry.ts';
export { addService, removeOption, removeService, renameOption, setOption } from './master-cf-edit.ts';

/** The bytes of the file; for an unedited tree, the original bytes. */
export function renderMaster(cf: MasterCf): Bytes {
  return cf.bytes;
}

/** The active services, in file order. Of several with one name and type, Postfix runs the last. */
export function services(cf: MasterCf): MasterService[] {
  return cf.entries.map(({ service }) => service);
}

/** The value of a service's `-o name=value`; the last of several wins. Null if the service does not set it. */
export function optionValue(service: MasterService, name: string): string | null {
  return service.options.findLast((option) => option.name === name)?.value ?? null;
}

const active = new WeakMap<MasterCf, MasterService[]>();

/** The services that Postfix runs: of several entries with one name and type, the last. Cached per tree, because a plan asks often. */
export function activeServices(cf: MasterCf): readonly MasterService[] {
  const known = active.get(cf);
  if (known) return known;
  const all = services(cf);
  const last = new Map(all.map((one) => [`${one.name} ${one.type}`, one]));
  const found = all.filter((one) => last.get(`${one.name} ${one.type}`) === one);
  active.set(cf, found);
  return found;
}
