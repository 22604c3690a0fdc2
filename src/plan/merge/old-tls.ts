import { endpointOf } from '../../exposure/postfix-ways.ts';
import { activeServices, optionValue, type MasterService } from '../../formats/postfix/master-cf.ts';
import { SMTP_PORTS, type SettingChange } from '../../model/index.ts';
import { change } from '../applied.ts';
import { writeAt } from '../place/address.ts';
import { mainReader, MASTER_CF, type Workspace } from '../workspace.ts';

/**
 * Adds the current parameter to an entry that sets TLS with the parameters of Postfix before 2.3 (`-o smtpd_enforce_tls=yes`):
 * once main.cf has a `…_tls_security_level`, that outranks the old parameters of every entry (postconf(5),
 * smtpd_tls_security_level). If main.cf already has a level, nothing is added, because the old parameters have no effect now.
 */
export function keepOldTls(start: Workspace): { readonly workspace: Workspace; readonly settings: SettingChange[] } {
  const settings: SettingChange[] = [];
  let workspace = start;
  const read = mainReader(start);
  for (const service of start.postfix ? activeServices(start.postfix.master) : []) {
    const side = { smtpd: 'smtpd', smtp: 'smtp' }[service.command];
    if (side === undefined || (read(`${side}_tls_security_level`) ?? '').trim() !== '') continue;
    const setting = `${side}_tls_security_level`;
    const level = optionValue(service, setting) === null ? levelOf(service, side, read) : null;
    if (level === null) continue;
    const id = `${service.name}/${service.type}`;
    workspace = writeAt(workspace, { in: 'master.cf', service: id, setting }, level).workspace;
    const fragment = { id: `main.cf:${side}_tls_security_level`, task: 'starttls' } as const;
    settings.push(change(fragment, `${id} ${setting}`, MASTER_CF, null, level));
  }
  return { workspace, settings };
}

/** The level that the entry's own old parameters mean; null if it has none, or if they turn TLS off on a mail port. */
function levelOf(service: MasterService, side: string, read: (name: string) => string | null): string | null {
  const own = ['enforce_tls', 'use_tls', 'tls_enforce_peername'].some((name) => optionValue(service, `${side}_${name}`) !== null); // oxfmt-ignore
  if (!own) return null;
  const isYes = (name: string): boolean => (optionValue(service, `${side}_${name}`) ?? read(`${side}_${name}`))?.toLowerCase() === 'yes'; // oxfmt-ignore
  if (isYes('enforce_tls')) {
    if (side === 'smtpd') return 'encrypt';
    const peer = optionValue(service, `${side}_tls_enforce_peername`) ?? read(`${side}_tls_enforce_peername`);
    return peer?.toLowerCase() === 'no' ? 'encrypt' : 'verify';
  }
  if (isYes('use_tls')) return 'may';
  // Keep an explicit no on internal entries, such as the one where a filter hands mail back.
  return SMTP_PORTS.includes(endpointOf(service.name).port ?? 0) ? null : 'none';
}
