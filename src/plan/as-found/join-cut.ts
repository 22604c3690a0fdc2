import { cutOptions, joinOption } from '../../formats/postfix/cut-option.ts';
import { SUBMISSION_PORTS, type SettingChange, type TaskName } from '../../model/index.ts';
import { endpointOf } from '../../exposure/postfix-ways.ts';
import { MASTER_CF, type Workspace } from '../workspace.ts';

/**
 * Joins options of master.cf that a blank cuts (`-o name=a, b`): as they are, the program dies at each connection. The joined
 * entry says what its administrator wrote, so the plan is compared with that.
 */
export function joinCut(
  start: Workspace,
  tasks: readonly TaskName[],
): { readonly workspace: Workspace; readonly settings: readonly SettingChange[] } {
  const settings: SettingChange[] = [];
  let workspace = start;
  for (;;) {
    const { postfix } = workspace;
    const found = postfix && cutOptions(postfix.master).find(({ option, service }) => option && tasks.includes(taskOf(service.name))); // oxfmt-ignore
    const master = found && joinOption(postfix.master, found.service);
    if (!found?.option || !master) return { workspace, settings };
    const { service, option } = found;
    settings.push({
      task: taskOf(service.name),
      fragment: 'master.cf:joined',
      setting: `${service.name}/${service.type} ${option.name}`,
      file: MASTER_CF,
      before: option.cut,
      after: option.whole,
    });
    workspace = { ...workspace, postfix: { ...postfix, master } };
  }
}

function taskOf(service: string): TaskName {
  return SUBMISSION_PORTS.includes(endpointOf(service).port ?? 0) ? 'smtps' : 'sasl';
}
