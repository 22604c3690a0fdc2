import { HardenMailError } from '../model/errors.ts';
import { closest } from '../inventory/closest.ts';
import { COMMANDS, envName, isHostCommand, OPTIONS, optionsOf, SHELLS } from './options.ts';
import type { CommandName, OptionName, OptionRecord, Shell } from './options.ts';
import type { HostCommand } from '../run/commands/index.ts';

type ValueOf<R extends OptionRecord> = R['type'] extends 'number'
  ? number
  : R['type'] extends 'boolean'
    ? boolean
    : string;

/** What flags and environment say; an option that nobody gave is not there. */
export type Flags = { readonly [K in OptionName]?: ValueOf<(typeof OPTIONS)[K]> };

export type ParsedArguments =
  | { readonly text: string }
  | { readonly command: 'explain'; readonly setting: string | undefined }
  | { readonly command: 'report'; readonly from: string | undefined; readonly html: string }
  | { readonly command: 'completion'; readonly shell: Shell }
  | { readonly command: HostCommand; readonly flags: Flags };

/** Parses a command line by yargs, from the option table. Throws USAGE for what it does not know. */
export async function parseArguments(
  args: readonly string[],
  env: Readonly<Record<string, string | undefined>>,
  columns: number,
): Promise<ParsedArguments> {
  const [word = ''] = args;
  if (/^[^-]/.test(word) && word !== 'help' && !Object.hasOwn(COMMANDS, word)) {
    const all = Object.keys(COMMANDS);
    throw usage(`${JSON.stringify(word)} is no command${closest(word, all) || `; there are ${all.join(', ')}`}`);
  }
  const plain = args.map(withoutTruth).flatMap(joinNegative);
  // yargs lays out the whole help for every command that it runs: with the command known, it is only given the options.
  const known = isHostCommand(word) ? word : undefined;
  const { default: yargs } = await import('yargs');
  const parser = yargs()
    .scriptName('harden-mail')
    .parserConfiguration({
      'camel-case-expansion': false,
      'duplicate-arguments-array': false,
      'boolean-negation': true,
      'dot-notation': false,
    })
    .strict()
    .version(false)
    .help()
    .wrap(Math.min(columns, 120))
    .exitProcess(false);
  const withOptions = (on: typeof parser, name: CommandName): typeof parser =>
    optionsOf(name).reduce((sofar, [option, record]) => sofar.option(option, yargsOption(record)), on);
  if (known) withOptions(parser, known).usage(`$0 ${known}\n\n${COMMANDS[known]}`);
  else {
    parser
      .usage(
        '$0 COMMAND [options]\n\nHardens a Postfix + Dovecot host over SSH: all changes or none, proved from outside.',
      )
      .epilogue(
        'Every option is also an environment variable: --acme-server is HARDEN_MAIL_ACME_SERVER. Flag > environment > inventory.',
      );
    for (const [name, describe] of Object.entries(COMMANDS) as [CommandName, string][]) {
      parser.command(USAGES[name] ?? name, describe, (command) => {
        if (name === 'explain')
          return command.positional('setting', { type: 'string', describe: 'its name, or FILE:NAME' });
        if (name === 'completion') return command.positional('shell', { type: 'string', choices: SHELLS });
        if (name === 'report')
          command.positional('from', { type: 'string', describe: 'a file; default: standard input' });
        return withOptions(command, name);
      });
    }
    parser.demandCommand(1, `Say what to do: ${Object.keys(COMMANDS).join(', ')}.`);
  }

  let text = '';
  const argv = await parser.parseAsync(
    known ? plain.slice(1) : plain,
    {},
    (error: Error | undefined, _argv: unknown, output: string) => {
      if (error || output) text = output;
      if (error) throw usage(meant(error.message || firstLine(output), plain, word));
    },
  );
  if (text !== '') return { text };
  const [command, ...rest] = [...(known ? [known] : []), ...argv._] as [CommandName, ...unknown[]];
  if (rest.length > 0) throw usage(`Unknown argument: ${rest.join(' ')}`);
  if (command === 'explain') return { command, setting: argv['setting'] as string | undefined };
  if (command === 'report') {
    const { html } = withEnvironment(command, argv as Flags, env);
    if (html === undefined) throw usage('report needs --html FILE');
    return { command, from: argv['from'] as string | undefined, html };
  }
  if (command === 'completion') return { command, shell: argv['shell'] as Shell };
  return { command, flags: withEnvironment(command, argv as Flags, env) };
}

/** Of an option that is unknown: the one that it is near to. */
function meant(message: string, args: readonly string[], command: string): string {
  const [, unknown = ''] = /^Unknown argument: ([\w-]+)$/.exec(message) ?? [];
  if (!Object.hasOwn(COMMANDS, command) || !args.some((one) => /^--([^=]*)/.exec(one)?.[1] === unknown)) return message;
  const options = optionsOf(command as CommandName).map(([name]) => `--${name}`);
  return `${message}${closest(`--${unknown}`, options)}`;
}

const USAGES: Partial<Record<CommandName, string>> = {
  explain: 'explain [setting]',
  report: 'report [from]',
  completion: 'completion <shell>',
};

function yargsOption({
  type,
  describe,
  group,
  alias,
  choices,
  default: standard,
}: OptionRecord): Record<string, unknown> {
  return {
    type,
    group: `${group}:`,
    describe: standard === undefined || type === 'boolean' ? describe : `${describe} [${standard}]`,
    requiresArg: type !== 'boolean',
    ...(alias !== undefined && { alias }),
    ...(choices && { choices }),
  };
}

/** `--dry-run=yes` as `--dry-run`, `--dry-run=no` as `--no-dry-run`: yargs takes every word but `true` for no. */
function withoutTruth(argument: string): string {
  if (argument === '--no-color') return '--color=never'; // as many programs have it
  const [, given = '', value = ''] = /^--?([a-z-]+)=(.*)$/s.exec(argument) ?? [];
  const all = Object.entries(OPTIONS) as [OptionName, OptionRecord][];
  const found = all.find(([name, { alias }]) => given === name || given === alias || given === `no-${name}`);
  if (found?.[1].type !== 'boolean') return argument;
  const [name] = found;
  return truth(value, `--${given}`) === (given !== `no-${name}`) ? `--${name}` : `--no-${name}`;
}

/** `--no-serve pop3` as `--no-serve=pop3`: yargs would take it for the contrary of `--serve`, and the value for a word. */
function joinNegative(argument: string, at: number, all: readonly string[]): string[] {
  if (all[at - 1] === '--no-serve') return [];
  const value = all[at + 1];
  return argument === '--no-serve' && value !== undefined ? [`${argument}=${value}`] : [argument];
}

/** Flag, else environment, else the table's own default. Booleans of the environment are read strictly. */
function withEnvironment(command: CommandName, argv: Flags, env: Readonly<Record<string, string | undefined>>): Flags {
  assertNoneMistyped(env);
  const entries = optionsOf(command).map(([name, record]) => {
    const flag = (argv as Record<string, unknown>)[name];
    // These say the same thing in three ways, so the flag of one outdoes the variables of the others.
    const outdone =
      (['host', 'inventory', 'local'] as const).some((other) => other !== name && argv[other] !== undefined) &&
      ['host', 'inventory', 'local'].includes(name);
    const value = outdone ? undefined : env[envName(name)];
    const given = flag ?? (value ? fromEnvironment(envName(name), record, value) : undefined) ?? record.default;
    if (given !== undefined) assertFits(given, record, flag === undefined ? envName(name) : `--${name}`);
    return [name, given] as const;
  });
  return Object.fromEntries(entries.filter(([, value]) => value !== undefined));
}

/** Variables that are no options. */
const OTHERS = ['HARDEN_MAIL_PROBE_PASSWORD'];

/** Who wrote HARDEN_MAIL_DRYRUN believes in a dry run. Names that are like none of ours may be somebody else's. */
function assertNoneMistyped(env: Readonly<Record<string, string | undefined>>): void {
  const names = [...Object.keys(OPTIONS).map(envName), ...OTHERS];
  for (const name of Object.keys(env).filter((one) => one.startsWith('HARDEN_MAIL_') && !names.includes(one))) {
    const own = (whole: string): string => whole.slice('HARDEN_MAIL_'.length);
    const meant = closest(own(name), names.map(own));
    if (meant) throw usage(`there is no variable ${name}${meant.replace('"', '"HARDEN_MAIL_')}`);
  }
}

function fromEnvironment(variable: string, { type, choices }: OptionRecord, value: string): unknown {
  if (type === 'boolean') return truth(value, variable);
  if (type === 'number') return Number(value);
  if (choices && !choices.includes(value)) throw usage(`${variable} is none of ${choices.join(', ')}`);
  return value;
}

function truth(value: string, from: string): boolean {
  if (/^(1|true|yes|on)$/i.test(value)) return true;
  if (/^(0|false|no|off)$/i.test(value)) return false;
  throw usage(`${from} is neither yes nor no: ${JSON.stringify(value)}`);
}

function assertFits(given: unknown, { type }: OptionRecord, from: string): void {
  if (type === 'number' && !(Number.isInteger(given) && (given as number) > 0)) {
    throw usage(`${from} takes a whole number from 1 on`);
  }
  if (typeof given !== type) throw usage(`${from} takes a value`); // --no-host
}

function usage(message: string): HardenMailError {
  return new HardenMailError('USAGE', message.replace(/\s+/g, ' '), '`harden-mail COMMAND --help` shows the options.');
}

function firstLine(text: string): string {
  return text.split('\n').findLast((line) => line !== '') ?? 'the command line is not understood';
}
