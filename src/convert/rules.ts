import type { Place, Rule } from './conversion.ts';
import { auth } from './rules-auth.ts';
import { global } from './rules-global.ts';
import { namespace } from './rules-namespace.ts';
import { plugin } from './rules-plugin.ts';
import { service } from './rules-service.ts';
import { ssl } from './rules-ssl.ts';

/** Every rule, in the order of the documentation's table. */
export const RULES: readonly Rule[] = [...global, ...ssl, ...auth, ...namespace, ...service, ...plugin];

const byName = new Map(RULES.map((rule) => [`${rule.place} ${rule.old}`, rule]));

export const ruleFor = (place: Place, key: string): Rule | undefined => byName.get(`${place} ${key}`);
