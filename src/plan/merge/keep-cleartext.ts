import { dovecotValue, type DovecotConfig } from '../../formats/dovecot/dovecot.ts';
import { isFilter, type Section } from '../../formats/dovecot/dovecot-tree.ts';
import { PATHS, type SettingChange } from '../../model/index.ts';
import { change } from '../applied.ts';
import { writeAt } from '../place/address.ts';
import type { Workspace } from '../workspace.ts';

/** The setting that permits a password before TLS, and the value with which it does. */
const CLEAR = {
  '2.3': ['disable_plaintext_auth', 'no'],
  '2.4': ['auth_allow_cleartext', 'yes'],
} as const;

/**
 * Writes `ssl = yes` into each block (`remote 10.0.0.0/8`) in which the administrator permits passwords before TLS. With the recipe's
 * `ssl = required` above it the exception would end: 2.3 ignores it, and 2.4 hangs up on every session from there
 * ("auth_allow_cleartext … has no effect with ssl=required"), inside TLS too. Where TLS is required already, nothing is added.
 */
export function keepCleartext(start: Workspace): { readonly workspace: Workspace; readonly settings: SettingChange[] } {
  const settings: SettingChange[] = [];
  let workspace = start;
  const { dovecot } = start;
  if (!dovecot) return { workspace, settings };
  for (const block of exceptions(dovecot.top, [], dovecot)) {
    const written = writeAt(workspace, { in: 'dovecot', path: [...block, 'ssl'], home: PATHS.SSL_CONF }, 'yes');
    workspace = written.workspace;
    const fragment = { id: 'dovecot:ssl', task: 'dovecot-ssl' } as const;
    settings.push(change(fragment, [...block, 'ssl'].join(' › '), written.file, null, 'yes'));
  }
  return { workspace, settings };
}

/** The paths of the blocks that set the exception, while the value of `ssl` that holds there comes from above and is not `required`. */
function exceptions(section: Section, path: readonly string[], config: DovecotConfig): string[][] {
  const [name, value] = CLEAR[config.grammar];
  const at = (scope: readonly string[], setting: string): string | undefined =>
    dovecotValue(config, [...scope, setting])
      ?.value.trim()
      .toLowerCase();
  return [...section.sections.values()].filter(isFilter).flatMap((inner) => {
    const here = [...path, inner.header];
    const scopes = here.map((_, depth) => here.slice(0, depth));
    const above = scopes.map((scope) => at(scope, 'ssl')).findLast((one) => one !== undefined);
    const isExcepted = at(here, name) === value && at(here, 'ssl') === undefined && above !== 'required';
    return [...(isExcepted ? [here] : []), ...exceptions(inner, here, config)];
  });
}
