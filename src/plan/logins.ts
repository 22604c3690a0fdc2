import { takesLogins as offersAuth } from '../exposure/postfix-ways.ts';
import { parametersOf } from '../exposure/config.ts';
import { servicesOn } from './sites.ts';
import type { Workspace } from './workspace.ts';

/** Do users log in on 25, by these files? */
export function takesLogins(workspace: Workspace): boolean {
  const { postfix } = workspace;
  if (!postfix) return false;
  const facts = { postfix: null, dovecot: null, postconf: {} };
  return servicesOn(workspace, 25).some((service) => offersAuth(parametersOf(postfix.main, service, facts)));
}
