import { endpointOf } from '../../exposure/postfix-ways.ts';
import { activeServices, optionValue, type MasterService } from '../../formats/postfix/master-cf.ts';
import type { SettingChange } from '../../model/index.ts';
import { change } from '../applied.ts';
import { writeAt } from '../place/address.ts';
import { mainReader, MASTER_CF, type Workspace } from '../workspace.ts';

/**
 * An entry that says its TLS in the words of Postfix before 2.3 (`-o smtpd_enforce_tls=yes`) says it in today's word too: once
 * main.cf has a `…_tls_security_level`, that outranks the old words of every entry (postconf(5), smtpd_tls_security_level).
 * Nothing is to be done where main.cf has a level already: then the old words decide nothing today.
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

/** What the entry's own old words mean; null where it has none, or where they are what main.cf says too. */
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
  // An explicit no stays on the host's inner ways, such as the entry where a filter hands mail back.
  return [25, 465, 587].includes(endpointOf(service.name).port ?? 0) ? null : 'none';
}
