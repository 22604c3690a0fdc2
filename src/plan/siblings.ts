import { hasChecks } from '../formats/lists.ts';
import { optionValue, type Option, type Service } from '../formats/postfix-master.ts';
import { FOR_USERS } from '../fragments/for-users.ts';
import type { Note } from '../model.ts';
import { expand } from '../formats/postfix-expand.ts';
import { servicesOn } from './sites.ts';
import { mainReader, type Workspace } from './workspace.ts';

/** What each port says for itself: its log name, its kind of TLS, its certificate, and who stands before it. */
const BY_PORT =
  /^(syslog_name|smtpd_(tls_(wrappermode|security_level|auth_only|(ec|d)?(cert|key)_file|chain_files)|use_tls|enforce_tls|upstream_proxy_\w+|sasl_(auth_enable|type|path)))$/;
const WRITTEN = new Map(FOR_USERS.map(({ setting, written }) => [setting, written]));

/**
 * What the admin has for the users of this entry, beside what every entry for users has: who may send as whom, filters, a
 * signing milter. Options that are set to nothing only take away.
 */
export function ownOptions(service: Service, workspace: Workspace): readonly Option[] {
  const read = mainReader(workspace);
  return service.options.filter(({ name, value }) => {
    // The samples' own names mean nothing where main.cf does not set them.
    const held = expand(value, read).replace(/\$\{?mua_\w+\}?/g, '');
    if (held.trim() === '' || BY_PORT.test(name) || WRITTEN.get(name) === value.replace(/,\s+/g, ',')) return false;
    return !/^smtpd_(client|recipient|relay)_restrictions$/.test(name) || hasChecks(held);
  });
}

/** The other entry for users, where the admin has one: a new port is for the same users, under the same rules. */
export function siblingOf(opened: Workspace, port: number): Service | undefined {
  return port === 25 ? undefined : servicesOn(opened, port === 465 ? 587 : 465)[0];
}

/** Logins on 25 are new, and what the admin's own entry holds its users to does not hold there. */
export function passedOn25(opened: Workspace, now: Workspace): Note[] {
  if (takesLogins(opened) || !takesLogins(now)) return [];
  const [on25] = servicesOn(now, 25);
  return [587, 465].flatMap((port): Note[] => {
    const [entry] = servicesOn(opened, port);
    const names = entry
      ? ownOptions(entry, opened).filter(({ name, value }) => valueAt(now, on25, name) !== value)
      : [];
    if (!entry || names.length === 0) return [];
    const told = [...new Set(names.map(({ name }) => name))].join(', ');
    const text = `who logs in on 25 is not held to what ${entry.name}/${entry.type} has for itself: ${told}. What shall hold there too goes into main.cf; --profile strict has no logins on 25`;
    return [{ task: 'sasl', level: 'warning', text }];
  });
}

/** Do users log in on 25? */
export function takesLogins(workspace: Workspace): boolean {
  return servicesOn(workspace, 25).some(
    (service) => (valueAt(workspace, service, 'smtpd_sasl_auth_enable') ?? '').toLowerCase() === 'yes',
  );
}

function valueAt(workspace: Workspace, service: Service | undefined, name: string): string | null {
  return (service && optionValue(service, name)) ?? mainReader(workspace)(name);
}
