/**
 * Every option, once: the command line, its help, the environment (HARDEN_MAIL_…) and docs/cli.md are generated from this
 * table.
 */
import { COMMANDS, isHostCommand, type CommandName } from './command-names.ts';
import { HARDENING_OPTIONS } from './options/hardening.ts';
import { HOST_OPTIONS } from './options/hosts-and-ssh.ts';
import type { OptionRecord } from './options/option-record.ts';
import { RUN_OPTIONS } from './options/run-and-output.ts';

export const OPTIONS = { ...HOST_OPTIONS, ...HARDENING_OPTIONS, ...RUN_OPTIONS };

export type OptionName = keyof typeof OPTIONS;

/** The commands that have an option. */
export function commandsOf({ only }: OptionRecord): readonly CommandName[] {
  return only ?? (Object.keys(COMMANDS) as CommandName[]).filter(isHostCommand);
}

/** The options of a command. */
export function optionsOf(command: CommandName): [OptionName, OptionRecord][] {
  const all = Object.entries(OPTIONS) as [OptionName, OptionRecord][];
  return all.filter(([, record]) => commandsOf(record).includes(command));
}

/**
 * Options that a command takes and ignores: settings of hosts that matter to another command, because a script or a set of variables has them for all
 * commands. Not those that a person would expect to change what this command does.
 */
export function ignoredBy(command: CommandName): [OptionName, OptionRecord][] {
  if (!isHostCommand(command)) return [];
  const all = Object.entries(OPTIONS) as [OptionName, OptionRecord][];
  const isSetting = ([name, { group }]: [OptionName, OptionRecord]): boolean =>
    (group === 'Hardening' && name !== 'upgrade-to') || name === 'ca' || name === 'probe-user';
  return all.filter((one) => isSetting(one) && !commandsOf(one[1]).includes(command));
}

/** `accept-new-host-keys` → `HARDEN_MAIL_ACCEPT_NEW_HOST_KEYS` */
export function envName(option: string): string {
  return `HARDEN_MAIL_${option.toUpperCase().replaceAll('-', '_')}`;
}
