/**
 * Applies fragments under the guard: a fragment that would loosen the host is left out, with the reason, before it reaches a
 * plan.
 */
import { looserThan, modelOf, type Model } from '../exposure/compare.ts';
import { judgePlan, type PlanJudgement } from '../exposure/guard.ts';
import type { Fragment } from '../fragments/fragment.ts';
import { HardenMailError } from '../model/errors.ts';
import type { Facts, Note, Replaceable, SettingChange } from '../model/index.ts';
import type { Applied, Context } from './applied.ts';
import { applyFragment } from './place/apply-fragment.ts';
import { servicesOn } from './place/sites.ts';
import type { Workspace } from './workspace.ts';

/**
 * Applies fragments in order, group by group. A group that the guard objects to is left out: the files stay as they were before
 * it, and a note gives the reason.
 */
export function applyAll(fragments: readonly Fragment[], start: Workspace, context: Context): Applied {
  let workspace = start;
  const settings: SettingChange[] = [];
  const notes: Note[] = [];
  const left = new Set<string>();
  for (const group of groupsOf(fragments, start)) {
    const wanted = group.filter(({ instead }) => instead === undefined || left.has(instead));
    const applied = inOrder(wanted, workspace, context);
    const isHarmless = applied.workspace === workspace || !wanted.some(mayOpen);
    const objections = isHarmless ? [] : mailObjections(applied.workspace, context);
    const loses = objections.length === 0 && wanted.some(({ gently }) => gently) ? losers(workspace, applied.workspace, context) : null; // oxfmt-ignore
    if (loses !== null) {
      notes.push({ task: wanted[0]!.task, level: 'info', text: `${wanted[0]!.setting} stays unset: ${loses}` });
    } else if (objections.length === 0) {
      workspace = applied.workspace;
      settings.push(...applied.settings);
      notes.push(...applied.notes);
    } else {
      for (const { id } of wanted) left.add(id);
      notes.push(...leftOut(wanted, objections));
    }
  }
  return { workspace, settings, notes };
}

function inOrder(fragments: readonly Fragment[], start: Workspace, context: Context): Applied {
  let workspace = start;
  const settings: SettingChange[] = [];
  const notes: Note[] = [];
  for (const fragment of fragments) {
    const applied = applyFragment(fragment, workspace, context);
    workspace = applied.workspace;
    settings.push(...applied.settings);
    notes.push(...applied.notes);
  }
  return { workspace, settings, notes };
}

/**
 * Groups of fragments that are applied together or not at all: those with the same `group`, and those for the same new entry.
 */
function groupsOf(fragments: readonly Fragment[], start: Workspace): Fragment[][] {
  const groups = new Map<string, Fragment[]>();
  for (const fragment of fragments) {
    const { place, group, id } = fragment;
    const isNew = place.in === 'master.cf' && place.port !== 25 && servicesOn(start, place.port).length === 0;
    const key = isNew ? `port ${place.port}` : (group ?? id);
    const of = groups.get(key);
    if (of) of.push(fragment);
    else groups.set(key, [fragment]);
  }
  return [...groups.values()];
}

/** Could the fragment let a client in? The check of the whole plan covers the other fragments. */
function mayOpen({ place, setting }: Fragment): boolean {
  if (place.in === 'master.cf') return !/^(syslog_name|milter_macro_daemon_name|smtpd_tls_auth_only)$/.test(setting);
  if (place.in === 'main.cf') return /sasl|restrictions/.test(setting);
  return place.block.length > 0 || setting === 'auth_mechanisms';
}

/**
 * The objections about who may do what. TLS and plaintext passwords depend on several fragments, so the whole plan is judged
 * for them.
 */
function mailObjections(now: Workspace, { before, facts, policy }: Context): PlanJudgement['objections'] {
  const found = judgePlan(before, modelOf(now, facts), policy.replace).objections;
  return found.filter(({ difference }) => difference.aspect !== 'clear' && difference.aspect !== 'tls');
}

/**
 * The reason why the change would refuse clients that an entry accepts now; null if it refuses none. Only entries whose
 * smtpd_relay_restrictions already decide about relaying count.
 */
function losers(now: Workspace, then: Workspace, { facts }: Context): string | null {
  const [before, after] = [modelOf(now, facts), modelOf(then, facts)];
  const found = looserThan(after, before).find(({ aspect, id }) => {
    const smtpd = before.smtpds.find((one) => one.id === id);
    return aspect === 'mail' && smtpd !== undefined && smtpd.parameters.of('smtpd_relay_restrictions') !== '';
  });
  if (!found) return null;
  return `with it ${found.id} would refuse what ${found.after} lets through now`;
}

/** The fragments that the administrator can allow against the guard, with the value of `--replace`. */
const CONSENTS: Readonly<Record<string, Replaceable>> = { 'dovecot:auth_mechanisms': 'mechanisms' };

function leftOut([first]: readonly Fragment[], objections: PlanJudgement['objections']): Note[] {
  if (!first) return [];
  const [reason] = objections;
  const more = objections.length > 1 ? ` (and ${objections.length - 1} more of the kind)` : '';
  const what = first.group ?? first.id;
  const text = `${what} is left out, because it would let in clients that this host refuses: ${reason?.text ?? ''}${more}`;
  const consent = CONSENTS[first.id];
  if (consent === undefined) return [{ task: first.task, level: 'warning', text }];
  return [{ task: first.task, level: 'warning', text: `${text}; --replace ${consent} agrees to it`, consent }];
}

/**
 * The final check of a plan. Returns what the plan opens and what it tightens.
 * @throws WOULD_WEAKEN if the plan makes something looser and the recipe does not ask for that; CONFIG_CONFLICT if the tool
 * cannot prove that it does not
 */
export function assertNotWeaker(before: Model, after: Workspace, facts: Facts, context: Context): PlanJudgement {
  const judgement = judgePlan(before, modelOf(after, facts), context.policy.replace);
  const [first] = judgement.objections;
  if (!first) return judgement;
  if (first.difference.unproven) {
    throw new HardenMailError(
      'CONFIG_CONFLICT',
      `it cannot be proved that the plan lets in no client that this host refuses: ${first.text}`,
      'Nothing was written. Write the value out in plain words, without conditions, and run again.',
    );
  }
  const all = judgement.objections.map(({ text }) => `- ${text}`).join('\n');
  throw new HardenMailError(
    'WOULD_WEAKEN',
    `this plan would ${first.endsLogins ? 'end logins' : 'make the host weaker'}: ${first.text}`,
    'Nothing was written. Please report it with the lines above: the tool should have found another way.',
    { excerpt: all },
  );
}
