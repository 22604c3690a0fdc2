/** Postfix's half of an upgrade: the files in the words of the installed version, under the guard. Pure. */
import { modelOf } from '../../exposure/compare.ts';
import { parametersOf, type Parameters } from '../../exposure/config.ts';
import { judgePlan } from '../../exposure/guard.ts';
import type { MasterService } from '../../formats/postfix/master-cf.ts';
import { redact } from '../../formats/redact.ts';
import { compareVersions } from '../../formats/versions.ts';
import { HardenMailError } from '../../model/errors.ts';
import type { Facts, Note, SettingChange, TaskName } from '../../model/index.ts';
import { hasRemoved, modernize, type Rewritten, type ToldPlace } from '../../modernize/modernize.ts';
import { MAIN_CF, MASTER_CF, type Workspace } from '../workspace.ts';

export interface InModernWords {
  readonly workspace: Workspace;
  readonly settings: readonly SettingChange[];
  readonly rewritten: readonly Rewritten[];
  readonly told: readonly ToldPlace[];
}

/** The last version that had the removed restrictions. */
const LAST_WITH_ALL = '3.8';

/**
 * Writes what this version of Postfix removed, renamed or warns of as it has it now.
 * @throws CONFIG_CONFLICT if that would let in a client that the last version with those words refuses
 */
export function inModernWords(start: Workspace, facts: Facts, tasks: readonly TaskName[]): InModernWords {
  const { postfix } = start;
  if (!postfix || facts.postfix === null) return { workspace: start, settings: [], rewritten: [], told: [] };
  const found = modernize(postfix, { version: facts.postfix, tasks, read: reader(start, facts) });
  if (found.rewritten.length === 0) return { workspace: start, settings: [], ...found };
  const workspace = { ...start, postfix: found.trees };
  assertSameMeaning(start, workspace, facts);
  return { workspace, settings: merged(found.rewritten.map(settingOf)), ...found };
}

function reader({ postfix }: Workspace, facts: Facts): (service: MasterService | null, name: string) => string {
  const known = new Map<MasterService | null, Parameters>();
  return (service, name) => {
    const parameters = known.get(service) ?? parametersOf(postfix!.main, service, facts);
    known.set(service, parameters);
    return parameters.of(name);
  };
}

/** Compares with the files as the version before the removal reads them: the present one refuses all mail. */
function assertSameMeaning(before: Workspace, after: Workspace, facts: Facts): void {
  const then = hasRemoved(before.postfix!) && compareVersions(facts.postfix!, '3.9') >= 0 ? { ...facts, postfix: LAST_WITH_ALL } : facts; // oxfmt-ignore
  const [first] = judgePlan(modelOf(before, then), modelOf(after, facts)).objections;
  if (!first) return;
  throw new HardenMailError(
    'CONFIG_CONFLICT',
    `the words of Postfix ${facts.postfix} for these files would let in more than before: ${first.text}`,
    'Nothing was written. Replace what docs/postfix-upgrades.md names by hand, and run again.',
  );
}

/** A list with several removed restrictions is one change. */
function merged(settings: readonly SettingChange[]): SettingChange[] {
  const byPlace = new Map<string, SettingChange>();
  for (const one of settings) {
    const key = `${one.file} ${one.setting}`;
    byPlace.set(key, { ...one, before: byPlace.get(key)?.before ?? one.before });
  }
  return [...byPlace.values()];
}

const idOf = ({ at: { service } }: Pick<Rewritten, 'at'>): string =>
  service ? `${service.name}/${service.type} ` : '';

function settingOf(one: Rewritten): SettingChange {
  const { rule, at, to, after } = one;
  const mask = (value: string): string => redact(`${at.name} = ${value}`).replace(/^[^=]*= ?/, '');
  return {
    task: rule.task,
    fragment: `postfix:${rule.what}`,
    setting: `${idOf(one)}${at.name}${to === at.name ? '' : ` → ${to}`}`,
    file: at.service ? MASTER_CF : MAIN_CF,
    before: mask(at.value),
    after: after === null ? null : mask(after),
  };
}

function placeOf(one: Pick<Rewritten, 'at'>): string {
  return `${one.at.service ? MASTER_CF : MAIN_CF}:${one.at.line}: ${idOf(one)}${one.at.name}`;
}

/** The rewritten settings, and the part of their meaning that is lost. */
export function modernNotes(rewritten: readonly Rewritten[], version: string): Note[] {
  return rewritten.flatMap((one): Note[] => {
    const { rule, to, after, at, loss } = one;
    const task = rule.task;
    const isRemoved = rule.state === 'removed';
    const says = isRemoved ? 'Postfix 3.9 removed it, and a later one answers 451 "Server configuration error" where a list reaches it' : `Postfix ${version} ${rule.state === 'ignored' ? 'no longer reads it' : rule.state === 'changed' ? 'reads it so' : 'warns that it will go'}`; // oxfmt-ignore
    const becomes = isRemoved ? 'this plan writes what it meant' : after === null ? 'this plan removes it: nothing changes' : `this plan writes ${to === at.name ? '' : `${to} = `}${after || '(empty)'}`; // oxfmt-ignore
    const what = rule.kind === 'restriction' ? ` has ${rule.what}` : '';
    const said: Note = { task, level: 'info', text: redact(`${placeOf(one)}${what}: ${says}; ${becomes}`) };
    return loss === null ? [said] : [said, { task, level: 'warning', text: `${placeOf(one)}: ${rule.what}: ${loss}` }];
  });
}

/** Changes of an upgrade that apply leaves as they are. */
export function toldNotes(told: readonly ToldPlace[]): Note[] {
  const first = new Map<string, ToldPlace>();
  for (const one of told) if (!first.has(one.rule.what)) first.set(one.rule.what, one);
  return [...first.values()].map(({ rule, at, level, todo }) => {
    const others = told.filter((one) => one.rule === rule).length - 1;
    const more = others > 0 ? ` (and ${others} more)` : '';
    return { task: rule.task, level, text: `${placeOf({ at })}${rule.kind === 'parameter' ? '' : `: ${rule.what}`}${more}: ${todo}` }; // oxfmt-ignore
  });
}
