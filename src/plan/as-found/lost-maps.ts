/** Lookup tables that Postfix cannot open. */
import { mainValue } from '../../formats/postfix/main-cf.ts';
import { activeServices } from '../../formats/postfix/master-cf.ts';
import type { Facts, LostMap } from '../../model/index.ts';
import type { Fault } from './fault.ts';
import { MAIN_CF, MASTER_CF, type Workspace } from '../workspace.ts';

export function lostMapFaults(workspace: Workspace, { lostMaps = [] }: Facts): Fault[] {
  return lostMaps.map((lost) => ({
    id: `map ${lost.parameter} ${lost.map}`,
    task: 'sasl',
    text: `${placeOf(lost.parameter, workspace)}: ${whyOf(lost)}: every lookup there fails, and Postfix answers 451 or keeps the mail`,
    todo: todoOf(lost),
  }));
}

function whyOf({ map, file }: LostMap): string {
  return file === '-' ? `Postfix knows no table of the type of ${map}` : `${map} has no ${file}`;
}

/** A parameter such as `smtp/inet/smtpd_client_restrictions` is an option of master.cf. */
function placeOf(parameter: string, { postfix }: Workspace): string {
  if (!postfix) return parameter;
  const [, id = '', option = ''] = /^(.*\/[^/]*)\/([^/]+)$/.exec(parameter) ?? [];
  if (id === '') {
    const line = mainValue(postfix.main, parameter)?.line;
    return line === undefined ? `${parameter} (Postfix's default)` : `${MAIN_CF}:${line}: ${parameter}`;
  }
  const service = activeServices(postfix.master).find(({ name, type }) => `${name}/${type}` === id);
  const line = service?.options.findLast(({ name }) => name === option)?.line ?? service?.line ?? 1;
  return `${MASTER_CF}:${line}: ${id} ${option}`;
}

function todoOf({ parameter, map, file }: LostMap): string {
  const [, type = '', path = ''] = /^([^:]*):(.*)$/.exec(map) ?? [];
  if (file === '-') return `\`postconf -m\` names the types; Debian has others as packages: postfix-${type.replace(/^s?dbm$/, 'cdb')}`; // oxfmt-ignore
  if (file === path) return `put the file there, or take ${map} out`;
  if (parameter !== 'alias_maps') return `\`postmap ${map}\``;
  return path === '/etc/aliases' ? '`newaliases`' : `\`postalias ${map}\``;
}
