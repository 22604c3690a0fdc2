import { activeServices, type MasterService } from '../../formats/postfix/master-cf.ts';
import type { Workspace } from '../workspace.ts';

/** The services that Postfix runs; none where it is not installed. */
export function running({ postfix }: Workspace): readonly MasterService[] {
  return postfix ? activeServices(postfix.master) : [];
}
