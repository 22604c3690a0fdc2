/** Our audit beside one other's opinion, item by item. */
import { SUITES } from '../../src/tls/suites.ts';
import { kindOf } from './opinion.ts';

export interface Difference {
  readonly only: 'ours' | 'theirs';
  /** A suite by its name. */
  readonly item: string;
}

/** Kinds that every tool must tell something about. */
const ALWAYS = ['version', 'suite'];

export function compare(ours: readonly string[], theirs: readonly string[]): Difference[] {
  const [here, there] = [new Set(ours), new Set(theirs)];
  const told = new Set([...ALWAYS, ...theirs.map(kindOf)]);
  const differ = (only: Difference['only'], items: readonly string[]): Difference[] =>
    items.map((item) => ({ only, item: named(item) }));
  return [
    ...differ('ours', ours.filter((one) => told.has(kindOf(one)) && !there.has(one))), // oxfmt-ignore
    ...differ('theirs', [...there].filter((one) => !here.has(one))), // oxfmt-ignore
  ];
}

const NAMES = new Map(SUITES.map(({ id, name }) => [id.toString(16).padStart(4, '0'), name]));

/** With the suite's name in place of its number. */
const named = (item: string): string =>
  item.replace(/^(suite .* )([0-9a-f]{4})$/, (_, head: string, id: string) => `${head}${NAMES.get(id) ?? id}`);
