/** Where a parameter stands: in main.cf, or as an option of a service in master.cf. */
import {
  editMainValue,
  mainEntries,
  mainValue,
  removeMain,
  renameMain,
  setMain,
  type MainCf,
} from '../formats/postfix/main-cf.ts';
import {
  activeServices,
  optionValue,
  removeOption,
  renameOption,
  setOption,
  type MasterCf,
  type MasterService,
} from '../formats/postfix/master-cf.ts';

export interface PostfixTrees {
  readonly main: MainCf;
  readonly master: MasterCf;
}

/** One occurrence that counts. */
export interface SettingPlace {
  readonly name: string;
  readonly value: string;
  readonly line: number;
  /** Null: in main.cf. */
  readonly service: MasterService | null;
}

/** Every parameter that counts: of main.cf the last of a name, of each active service the last option of a name. */
export function occurrences({ main, master }: PostfixTrees): SettingPlace[] {
  const names = [...new Set(mainEntries(main).map(({ name }) => name))];
  const inMain = names.flatMap((name): SettingPlace[] => {
    const entry = mainValue(main, name);
    return entry ? [{ ...entry, service: null }] : [];
  });
  const inMaster = activeServices(master).flatMap((service) => {
    const last = new Map(service.options.map((option) => [option.name, option]));
    return service.options.filter((option) => last.get(option.name) === option).map((option): SettingPlace => ({ ...option, service })); // oxfmt-ignore
  });
  return [...inMain, ...inMaster];
}

/** The value at the same place as an occurrence; null if there is none. */
export function valueAt({ main, master }: PostfixTrees, service: MasterService | null, name: string): string | null {
  if (!service) return mainValue(main, name)?.value ?? null;
  const now = activeServices(master).find((one) => one.name === service.name && one.type === service.type);
  return now ? optionValue(now, name) : null;
}

export function setAt(trees: PostfixTrees, service: MasterService | null, name: string, value: string): PostfixTrees {
  if (!service) return { ...trees, main: setMain(trees.main, name, value) };
  return { ...trees, master: setOption(trees.master, service, name, value) };
}

/** Replaces parts of a value, given as ascending offsets in it. In main.cf each stays in its line. */
export function editAt(
  trees: PostfixTrees,
  { service, name, value }: Pick<SettingPlace, 'service' | 'name' | 'value'>,
  edits: readonly { readonly start: number; readonly end: number; readonly text: string }[],
): PostfixTrees {
  if (!service) return { ...trees, main: editMainValue(trees.main, name, edits) };
  const text = edits.reduceRight((rest, one) => rest.slice(0, one.start) + one.text + rest.slice(one.end), value);
  return setAt(trees, service, name, text);
}

export function removeAt(trees: PostfixTrees, service: MasterService | null, name: string): PostfixTrees {
  if (!service) return { ...trees, main: removeMain(trees.main, name) };
  return { ...trees, master: removeOption(trees.master, service, name) };
}

/** Puts another parameter in the place of one: in its line, with its layout. */
export function replaceAt(
  trees: PostfixTrees,
  { service, name }: SettingPlace,
  to: string,
  value: string,
): PostfixTrees {
  if (valueAt(trees, service, to) !== null) return setAt(removeAt(trees, service, name), service, to, value);
  const renamed = service
    ? { ...trees, master: renameOption(trees.master, service, name, to) }
    : { ...trees, main: renameMain(trees.main, name, to) };
  return setAt(renamed, service, to, value);
}

const escaped = (name: string): string => name.replace(/[^\w]/g, '\\$&');

/** The first other parameter whose value names this one, as `$name`; null if there is none. */
export function referenceTo(trees: PostfixTrees, name: string): SettingPlace | null {
  const pattern = new RegExp(`\\$[({]?${escaped(name)}(?!\\w)`);
  return occurrences(trees).find((one) => one.name !== name && pattern.test(one.value)) ?? null;
}
