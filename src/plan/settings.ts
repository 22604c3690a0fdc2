import type { Fragment } from '../fragments/fragment.ts';
import { HardenMailError } from '../errors.ts';
import type { Facts, Note, Policy, SettingChange } from '../model.ts';
import type { Option, Service } from '../formats/postfix-master.ts';
import { keyOf } from './address.ts';
import { inheritedValue } from './inherited.ts';
import { merge } from './merge.ts';
import { overrides } from './overrides.ts';
import { addSubmission, entriesOn, servicesOn, sitesOf, submissionName } from './sites.ts';
import { ownOptions, siblingOf } from './siblings.ts';
import { applies, fillMerge } from './values.ts';
import { mainReader, MASTER_CF, type Workspace } from './workspace.ts';

export interface Applied {
  readonly workspace: Workspace;
  readonly settings: readonly SettingChange[];
  readonly notes: readonly Note[];
}

export interface Context {
  readonly facts: Facts;
  readonly policy: Policy;
  readonly fill: (text: string) => string;
  /** The files as the admin has them. */
  readonly opened: Workspace;
  /** Places where strict stands on top, by `keyOf`: there the standard's own word is not asked for. */
  readonly held?: ReadonlySet<string>;
}

/** Brings one fragment into the files: what it changes, and what it leaves alone with a reason. */
export function applyFragment(fragment: Fragment, workspace: Workspace, context: Context): Applied {
  const { facts, policy, fill } = context;
  if (!applies(fragment, facts, policy, workspace)) return { workspace, settings: [], notes: [] };
  if (fragment.merge.how === 'service') return openPort(fragment, workspace, context);
  const sites = sitesOf(fragment, workspace, fill);
  if (sites.length === 0) return missingPlace(fragment, workspace, context);

  const wanted = fillMerge(fragment.merge, fill);
  const { place } = fragment;
  let now = workspace;
  const settings: SettingChange[] = [];
  const notes: Note[] = [];
  for (let i = 0; i < sites.length; i++) {
    // Found anew in the files as they are now: the site before it may have moved the lines.
    const site = sitesOf(fragment, now, fill)[i];
    if (!site || (fragment.profile === 'standard' && context.held?.has(keyOf(site.address)))) continue;
    const inherited = inheritedValue(fragment, site, context.opened);
    const comma = place.in === 'master.cf' ? ',' : ', ';
    const decision = merge(wanted, site.value ?? inherited, reader(fragment, now), comma);
    const level = ('keep' in decision && decision.level) || 'info';
    const said = inherited === null || ('value' in wanted && wanted.value === inherited);
    const note = decision.note ?? (said ? undefined : `main.cf's goes on to hold here: ${inherited}`);
    if (note !== undefined) notes.push({ task: fragment.task, level, text: `${site.label}: ${note}` });
    if ('keep' in decision) continue;
    const written = site.write(decision.to);
    now = written.workspace;
    settings.push(change(fragment, site.label, written.file, site.value, decision.to));
  }
  return { workspace: now, settings, notes: [...notes, ...overrides(fragment, wanted, now, reader(fragment, now))] };
}

/** What main.cf says; a Dovecot value has nothing to do with it. */
function reader({ place }: Fragment, workspace: Workspace): (name: string) => string | null {
  return place.in === 'dovecot' ? () => null : mainReader(workspace);
}

function change(
  fragment: Fragment,
  setting: string,
  file: string,
  before: string | null,
  after: string | null,
): SettingChange {
  return { task: fragment.task, fragment: fragment.id, setting, file, before, after };
}

/** Sees to it that an entry serves the port. Throws where another program of Postfix does: a second entry keeps it from starting. */
function openPort(fragment: Fragment, workspace: Workspace, { facts, opened }: Context): Applied {
  const { place, merge: wanted } = fragment;
  if (place.in !== 'master.cf' || wanted.how !== 'service') throw new Error(`${fragment.id} is not a service`);
  const { port } = place;
  if (servicesOn(workspace, port).length > 0) return { workspace, settings: [], notes: [] };
  const [other] = entriesOn(workspace, port);
  if (other) {
    throw new HardenMailError(
      'CONFIG_CONFLICT',
      `${MASTER_CF}:${other.line}: ${other.name} ${other.type} serves port ${port} with ${other.command}, not smtpd`,
      'Nothing was written. Comment that entry out, or let it serve another port, and run again.',
    );
  }
  const name = submissionName(facts, port);
  const sibling = siblingOf(opened, port);
  const taken = sibling ? ownOptions(sibling, opened) : [];
  const added = (what: string, value: string): SettingChange =>
    change(fragment, `${name}/inet${what}`, MASTER_CF, null, value);
  return {
    workspace: addSubmission(workspace, name, wanted.samples, taken, sibling),
    settings: [added('', 'smtpd'), ...taken.map((one) => added(` ${one.name}`, one.value))],
    notes: sibling && taken.length > 0 ? [takenOver(fragment, name, sibling, taken)] : [],
  };
}

function takenOver({ task }: Fragment, name: string, from: Service, taken: readonly Option[]): Note {
  const names = taken.map((one) => one.name).join(', ');
  return { task, level: 'info', text: `${name}/inet: takes over from ${from.name}/inet what is the admin's: ${names}` };
}

/** The daemon is not there yet, or master.cf has no smtpd on the port. */
function missingPlace(fragment: Fragment, workspace: Workspace, { fill, policy }: Context): Applied {
  const { place, setting } = fragment;
  // Left out on purpose: the plan says so once.
  if (place.in === 'master.cf' && place.port === 25 && policy.leftOut?.includes('smtp'))
    return { workspace, settings: [], notes: [] };
  if (place.in === 'master.cf' && workspace.postfix) {
    const text = `${setting}: master.cf has no smtpd on port ${place.port}, so it is not set`;
    return { workspace, settings: [], notes: [{ task: fragment.task, level: 'warning', text }] };
  }
  const wanted = fillMerge(fragment.merge, fill);
  if (wanted.how === 'remove' || wanted.how === 'without' || ('unset' in wanted && wanted.unset === 'leave'))
    return { workspace, settings: [], notes: [] };
  const after =
    'value' in wanted
      ? wanted.value
      : 'members' in wanted
        ? wanted.members.join('kind' in wanted && wanted.kind === 'words' ? ' ' : ', ')
        : '';
  const file = place.in === 'dovecot' ? place.home : `/etc/postfix/${place.in}`;
  const label =
    place.in === 'dovecot'
      ? [...place.block.map(fill), setting].join(' › ')
      : place.in === 'master.cf'
        ? `port ${place.port} ${setting}`
        : setting;
  return { workspace, settings: [change(fragment, label, file, null, after)], notes: [] };
}
