import { hasChecks } from '../formats/lists.ts';
import { optionValue } from '../formats/postfix-master.ts';
import type { Fragment } from '../fragments/fragment.ts';
import { expand } from '../formats/postfix-expand.ts';
import { siblingOf } from './siblings.ts';
import { servicesOn, type Site } from './sites.ts';
import { mainReader, type Workspace } from './workspace.ts';

/**
 * What an entry for users has from main.cf and must not be rid of: the admin's own checks (a policy service that knows who
 * may send as whom, a list of those who may not), and his word on recipients that do not exist. Null where there is nothing of
 * the kind. An entry that comes with this plan has what the other entry for users has from there.
 * @param opened the files as the admin has them
 */
export function inheritedValue(
  { place, setting }: Fragment,
  { address, value }: Site,
  opened: Workspace,
): string | null {
  if (place.in !== 'master.cf' || place.port === 25 || address.in !== 'master.cf' || value !== null) return null;
  const there = servicesOn(opened, place.port).find(({ name, type }) => `${name}/${type}` === address.service);
  const model = there ?? siblingOf(opened, place.port);
  if (!model || optionValue(model, setting) !== null) return null;
  const read = mainReader(opened);
  const inherited = read(setting)?.replace(/\s+/g, ' ') ?? null;
  if (inherited === null || setting === 'smtpd_reject_unlisted_recipient') return inherited;
  return setting.endsWith('_restrictions') && hasChecks(expand(inherited, read)) ? inherited : null;
}
