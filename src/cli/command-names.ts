import { HOST_COMMANDS, type HostCommand } from '../run/commands/index.ts';

/** The commands that work without a host. */
const LOCAL_COMMANDS = {
  explain: 'explain a setting: its value, place, versions, reason and source',
  report: 'make an HTML page from the JSON document of a run (a file or standard input), without a host',
  completion: 'print a completion script for bash, zsh or fish',
} as const;

export type CommandName = HostCommand | keyof typeof LOCAL_COMMANDS;

const described = Object.fromEntries(
  Object.entries(HOST_COMMANDS).map(([name, { describe }]) => [name, describe]),
) as Record<HostCommand, string>;

/** Every command with its line in `--help`. */
export const COMMANDS: Readonly<Record<CommandName, string>> = {
  ...described,
  ...LOCAL_COMMANDS,
};

export function isHostCommand(word: string): word is HostCommand {
  return Object.hasOwn(HOST_COMMANDS, word);
}

/** The shells that `completion` supports. */
export const SHELLS = ['bash', 'zsh', 'fish'] as const;
export type Shell = (typeof SHELLS)[number];
