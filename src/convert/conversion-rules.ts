import type { OldPlace, Rule } from './conversion.ts';
import { auth } from './rules-auth.ts';
import { events } from './rules-events.ts';
import { fts } from './rules-fts.ts';
import { global } from './rules-global.ts';
import { gone } from './rules-gone.ts';
import { lists } from './rules-lists.ts';
import { namespace } from './rules-namespace.ts';
import { plugin } from './rules-plugin.ts';
import { quota } from './rules-quota.ts';
import { service } from './rules-service.ts';
import { sieve } from './rules-sieve.ts';
import { ssl } from './rules-ssl.ts';

/** Every rule, in the order of the table in the documentation. */
export const CONVERSION_RULES: readonly Rule[] = [
  ...global,
  ...lists,
  ...gone,
  ...ssl,
  ...auth,
  ...namespace,
  ...service,
  ...events,
  ...quota,
  ...sieve,
  ...fts,
  ...plugin,
];

const byName = new Map(CONVERSION_RULES.map((rule) => [`${rule.place} ${rule.old}`, rule]));

/** The rule for a setting, if any. Plugins number repeated settings: `quota_rule2`, `imapsieve_mailbox1_name`; a few end with a language. */
export function ruleFor(place: OldPlace, key: string): Rule | undefined {
  const found = byName.get(`${place} ${key}`);
  if (found !== undefined || place !== 'plugin') return found;
  const general = key.replace(/\d+/g, '').replace(/^(fts_(?:filters|tokenizers))_[a-z]{2}$/, '$1_LANGUAGE');
  return byName.get(`plugin ${general}`);
}
