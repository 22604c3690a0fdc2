import { PATHS } from '../model/index.ts';
import { HardenMailError } from '../model/errors.ts';
import type { Condition, Fragment, Merge, Place } from '../fragments/fragment.ts';
import { FRAGMENTS } from '../fragments/index.ts';
import type { PostfixRule, RuleStep } from '../modernize/rule.ts';
import { POSTFIX_RULES } from '../modernize/rules.ts';

/** Everything about a setting, as text: `harden-mail explain smtpd_tls_auth_only`. */
export function explain(setting: string): string {
  const found = FRAGMENTS.filter(({ id, setting: name }) => id === setting || name === setting);
  const rules = POSTFIX_RULES.filter(({ what }) => what === setting || what === `${setting}:`);
  if (found.length + rules.length === 0) {
    const names = [
      ...FRAGMENTS.map(({ id, setting: name }) => [id, name]),
      ...POSTFIX_RULES.map(({ what }) => [what, what]),
    ];
    const near = names.filter(([id = '']) => id.toLowerCase().includes(setting.toLowerCase())).map(([, name]) => name);
    throw new HardenMailError(
      'USAGE',
      `${JSON.stringify(setting)} is not a setting of this tool`,
      near.length > 0
        ? `Did you mean ${[...new Set(near)].join(', ')}?`
        : '`harden-mail explain` without a name lists all settings.',
    );
  }
  return [...found.map(record), ...rules.map(ruleRecord)].join('\n\n');
}

/** Every setting with its place, one per line, in the order of the recipe. */
export function listSettings(): string {
  return columns(FRAGMENTS.map(({ task, id }) => [task, id]));
}

/** Every word that a version of Postfix removed, renamed or changed, one per line. */
export function listRules(): string {
  const rules = POSTFIX_RULES.filter(({ kind }) => kind !== 'service');
  return columns(rules.map(({ since, what }) => [`postfix ${since}`, what]));
}

function columns(lines: readonly (readonly [string, string])[]): string {
  const width = Math.max(...lines.map(([first]) => first.length));
  return lines.map(([first, second]) => `${first.padEnd(width)}  ${second}`).join('\n');
}

function ruleRecord(rule: PostfixRule): string {
  const rows: [string, string][] = [
    ['versions', `${RULE_STATES[rule.state]} since Postfix ${rule.since}`],
    ['instead', rule.instead.replaceAll('`', '') || '(nothing)'],
    ['apply', describeStep(rule.step)],
    ['task', rule.task],
    ['why', rule.why],
    ['source', rule.source],
  ];
  return [`${rule.kind} ${rule.what}`, ...rows.map(([label, text]) => `  ${label.padEnd(9)} ${text}`)].join('\n');
}

export const RULE_STATES: Readonly<Record<PostfixRule['state'], string>> = {
  removed: 'removed',
  deprecated: 'works with a warning',
  ignored: 'without effect',
  changed: 'changed',
};

/** The work of apply on a host with that version. */
export function describeStep(step: RuleStep): string {
  switch (step.how) {
    case 'tell':
      return 'leaves it; check --upgrade-to names the place and what to do';
    case 'keep':
      return 'leaves it';
    case 'drop':
      return step.only ? 'removes it where it says what the default does; else leaves it, and check --upgrade-to names it' : 'removes it'; // oxfmt-ignore
    default:
      return 'rewrites it';
  }
}

function record(fragment: Fragment): string {
  const rows: [string, string][] = [
    ['where', describePlace(fragment.place)],
    ['what', describeMerge(fragment.merge)],
    ['versions', describeCondition(fragment.when ?? {})],
    ['task', `${fragment.task}, from profile ${fragment.profile} on`],
    ['why', fragment.why],
    ['source', fragment.source],
    ...(fragment.recipe.length > 0 ? [['recipe', fragment.recipe.join(' ⏎ ')] as [string, string]] : []),
  ];
  return [fragment.id, ...rows.map(([label, text]) => `  ${label.padEnd(9)} ${text}`)].join('\n');
}

export function describePlace(place: Place): string {
  switch (place.in) {
    case 'main.cf':
      return PATHS.MAIN_CF;
    case 'master.cf':
      return `${PATHS.MASTER_CF}, every entry that serves port ${place.port}`;
    case 'dovecot':
      return [place.home, ...place.block].join(' › ') + ', or the place where it is already set';
  }
}

export function describeMerge(merge: Merge): string {
  switch (merge.how) {
    case 'set':
    case 'files':
      return merge.value;
    case 'default':
      return `${merge.value || '(empty)'}, if nothing is set`;
    case 'offer':
      return `${merge.value}, unless ${merge.declined} is set explicitly`;
    case 'permit-users':
      return 'permit_sasl_authenticated directly before the restriction that refuses to relay, never before a check';
    case 'at-least':
      return `${merge.value}, or the present value if it is stricter`;
    case 'member':
      return `${merge.members.join(', ')} in the list, in addition to its present members${merge.unset === 'leave' ? '; a list that is not set stays unset' : ''}`;
    case 'remove':
      return 'removed';
    case 'without':
      return `without ${merge.members.join(', ')}; other members stay`;
    case 'service':
      return `an active entry, below the sample ${merge.samples.map((name) => `#${name}`).join(' or ')}`;
  }
}

export function describeCondition(when: Condition): string {
  const parts = [
    when.postfix && `Postfix ${when.postfix}`,
    when.dovecot && `Dovecot ${when.dovecot}`,
    when.set && `if ${when.set} is set`,
    when.unset && `if ${when.unset} is not set`,
    when.noMap && `without map type ${when.noMap}`,
    when.map && `with map type ${when.map}`,
    when.asked && `with --${when.asked}`,
    when.sasl && 'if Postfix asks Dovecot through a Unix socket',
    when.unreached && 'if Postfix could not open the socket otherwise',
    when.notKept && 'unless a valid certificate of your own stays',
    when.sni !== undefined && (when.sni ? 'with additional names (sni)' : 'without additional names (sni)'),
  ].filter(Boolean);
  return parts.join(', ') || 'all';
}
