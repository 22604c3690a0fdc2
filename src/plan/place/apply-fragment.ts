import type { Fragment } from '../../fragments/fragment.ts';
import { PATHS, type Note, type SettingChange } from '../../model/index.ts';
import { letsStrangersIn } from '../../exposure/compare.ts';
import { optionValue } from '../../formats/postfix/master-cf.ts';
import { addressKey } from './address.ts';
import { change, type Applied, type Context } from '../applied.ts';
import { inheritedValue } from './inherited.ts';
import { merge } from '../merge/merge.ts';
import { openPort } from '../serving/open-port.ts';
import { overrides } from './overrides.ts';
import { servicesOn, sitesOf, type Site } from './sites.ts';
import { applies, fillMerge } from './values.ts';
import { mainReader, type Workspace } from '../workspace.ts';

/** Applies one fragment to the files. The result has the changes, and notes on what stays as it is and why. */
export function applyFragment(fragment: Fragment, workspace: Workspace, context: Context): Applied {
  const { fill } = context;
  if (!applies(fragment, context, workspace)) return { workspace, settings: [], notes: [] };
  if (fragment.merge.how === 'service') return openPort(fragment, workspace, context);
  const sites = sitesOf(fragment, workspace, fill);
  if (sites.length === 0) return missingPlace(fragment, workspace, context);

  const wanted = fillMerge(fragment.merge, fill);
  let now = workspace;
  const settings: SettingChange[] = [];
  const notes: Note[] = [];
  for (let i = 0; i < sites.length; i++) {
    // Look the site up again in the current files: writing the previous site may have moved the lines.
    const site = sitesOf(fragment, now, fill)[i];
    if (!site || isOthers(fragment, site, now, context)) continue;
    const inherited = inheritedValue(fragment, site, context.opened);
    const decision = merge(wanted, site.value ?? inherited, reader(fragment, now));
    const level = ('keep' in decision && decision.level) || 'info';
    const said = inherited === null || ('value' in wanted && wanted.value === inherited);
    const note = decision.note ?? (said ? undefined : `main.cf's value still holds here: ${inherited}`);
    if (note !== undefined) notes.push({ task: fragment.task, level, text: `${site.label}: ${note}` });
    if ('keep' in decision) continue;
    const written = site.write(decision.to);
    now = written.workspace;
    settings.push(change(fragment, site.label, written.file, site.value, decision.to));
  }
  return {
    workspace: now,
    settings,
    notes: [...notes, ...overrides(fragment, wanted, now, reader(fragment, now), context.opened)],
  };
}

const FOR_LOGINS = ['smtpd_reject_unlisted_recipient', 'milter_macro_daemon_name', 'broken_sasl_auth_clients'];
const LISTS = ['smtpd_client_restrictions', 'smtpd_recipient_restrictions', 'smtpd_relay_restrictions'];

/**
 * Must the fragment leave this site alone? True if strict manages the site; if the setting is for users and the entry takes no
 * logins; and if the entry already refuses strangers, because its lists are then the admin's own limit.
 */
function isOthers({ profile, place, setting }: Fragment, { address }: Site, now: Workspace, context: Context): boolean {
  if (profile === 'standard' && context.held?.has(addressKey(address))) return true;
  if (place.in !== 'master.cf' || address.in !== 'master.cf') return false;
  const isList = LISTS.includes(setting) && place.port !== 25;
  if (!isList && !FOR_LOGINS.includes(setting)) return false;
  const service = servicesOn(now, place.port).find(({ name, type }) => `${name}/${type}` === address.service);
  const login =
    (service && optionValue(service, 'smtpd_sasl_auth_enable')) ?? mainReader(now)('smtpd_sasl_auth_enable');
  if (login?.toLowerCase() !== 'yes') return profile === 'standard' || isList;
  const before = context.before.smtpds.find(({ id }) => id === address.service);
  return isList && before !== undefined && !letsStrangersIn(before, context.facts);
}

/** Reads main.cf. For a Dovecot fragment every name gives null, because its value does not depend on main.cf. */
function reader({ place }: Fragment, workspace: Workspace): (name: string) => string | null {
  return place.in === 'dovecot' ? () => null : mainReader(workspace);
}

/** The result for a fragment without a site: the daemon is not installed yet, or master.cf has no smtpd on the port. */
function missingPlace(fragment: Fragment, workspace: Workspace, { fill, policy }: Context): Applied {
  const { place, setting } = fragment;
  // The admin leaves port 25 out on purpose: the plan has one note about that.
  if (place.in === 'master.cf' && place.port === 25 && policy.leftOut?.includes('smtp'))
    return { workspace, settings: [], notes: [] };
  // The code that keeps a submission port closed writes the note about it.
  if (place.in === 'master.cf' && place.port !== 25 && workspace.postfix) return { workspace, settings: [], notes: [] };
  if (place.in === 'master.cf' && workspace.postfix) {
    const text = `${setting}: master.cf has no smtpd on port ${place.port}, so it is not set`;
    return { workspace, settings: [], notes: [{ task: fragment.task, level: 'warning', text }] };
  }
  const wanted = fillMerge(fragment.merge, fill);
  const after = 'value' in wanted ? wanted.value : wanted.how === 'member' && wanted.unset === 'write' ? wanted.members.join(' ') : null; // oxfmt-ignore
  if (after === null) return { workspace, settings: [], notes: [] };
  const file = place.in === 'dovecot' ? place.home : `${PATHS.POSTFIX}/${place.in}`;
  const label =
    place.in === 'dovecot'
      ? [...place.block.map(fill), setting].join(' › ')
      : place.in === 'master.cf'
        ? `port ${place.port} ${setting}`
        : setting;
  return { workspace, settings: [change(fragment, label, file, null, after)], notes: [] };
}
