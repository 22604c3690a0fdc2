import { activeServices, type MasterService } from '../../formats/postfix/master-cf.ts';
import type { Workspace } from '../workspace.ts';

/** The active services of master.cf; none if Postfix is not installed. */
export function running({ postfix }: Workspace): readonly MasterService[] {
  return postfix ? activeServices(postfix.master) : [];
}
