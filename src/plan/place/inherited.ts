import { optionValue } from '../../formats/postfix/master-cf.ts';
import { expandVariables } from '../../formats/postfix/expand-variables.ts';
import { restrictions } from '../../formats/postfix/restrictions.ts';
import type { Fragment } from '../../fragments/fragment.ts';
import { servicesOn, type Site } from './sites.ts';
import { mainReader, type Workspace } from '../workspace.ts';

/**
 * The value that a submission entry inherits from main.cf and must keep: a restriction list with more than Postfix's stock
 * checks (a policy service, a list of blocked users, client certificates), or the admin's smtpd_reject_unlisted_recipient. Null
 * if there is no such value.
 * @param opened the files as the admin has them
 */
export function inheritedValue(
  { place, setting }: Fragment,
  { address, value }: Site,
  opened: Workspace,
): string | null {
  if (place.in !== 'master.cf' || place.port === 25 || address.in !== 'master.cf' || value !== null) return null;
  const there = servicesOn(opened, place.port).find(({ name, type }) => `${name}/${type}` === address.service);
  if (!there || optionValue(there, setting) !== null) return null;
  const read = mainReader(opened);
  const inherited = read(setting)?.replace(/\s+/g, ' ') ?? null;
  if (inherited === null || setting === 'smtpd_reject_unlisted_recipient') return inherited;
  return setting.endsWith('_restrictions') && !isStock(expandVariables(inherited, read)) ? inherited : null;
}

/** The checks of Postfix's default lists: permit local networks and logged-in users, refuse relaying. */
const STOCK = /^(permit_mynetworks|permit_sasl_authenticated|(reject|defer)_unauth_destination)$/;

function isStock(list: string): boolean {
  return restrictions(list).every(({ name, warns }) => STOCK.test(name) && !warns);
}
