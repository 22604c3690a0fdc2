import { entryTakesLogins as offersAuth } from '../../exposure/postfix-ways.ts';
import { parametersOf } from '../../exposure/config.ts';
import { servicesOn } from '../place/sites.ts';
import type { Workspace } from '../workspace.ts';

/** Do these files let users log in on the port? */
export function takesLogins(workspace: Workspace, port = 25): boolean {
  const { postfix } = workspace;
  if (!postfix) return false;
  const facts = { postfix: null, dovecot: null, postconf: {} };
  return servicesOn(workspace, port).some((service) => offersAuth(parametersOf(postfix.main, service, facts)));
}
