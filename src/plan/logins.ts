import { optionValue } from '../formats/postfix-master.ts';
import { servicesOn } from './sites.ts';
import { mainReader, type Workspace } from './workspace.ts';

/** Do users log in on 25, by these files? */
export function takesLogins(workspace: Workspace): boolean {
  return servicesOn(workspace, 25).some((service) => {
    const value = optionValue(service, 'smtpd_sasl_auth_enable') ?? mainReader(workspace)('smtpd_sasl_auth_enable');
    return (value ?? '').toLowerCase() === 'yes';
  });
}
