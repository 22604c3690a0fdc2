import { HardenMailError } from './errors.ts';
import { COMMANDS, envName, OPTIONS, type CommandName, type OptionName, type OptionRecord } from './options.ts';

type ValueOf<R extends OptionRecord> = R['type'] extends 'number'
  ? number
  : R['type'] extends 'boolean'
    ? boolean
    : string;

/** What flags and environment say; an option that nobody gave is not there. */
export type Flags = { readonly [K in OptionName]?: ValueOf<(typeof OPTIONS)[K]> };

export type Parsed =
  | { readonly text: string }
  | { readonly command: 'explain'; readonly setting: string | undefined }
  | { readonly command: Exclude<CommandName, 'explain'>; readonly flags: Flags };

/** Parses a command line by yargs, from the option table. Throws USAGE for what it does not know. */
export async function parseArguments(
  args: readonly string[],
  env: Readonly<Record<string, string | undefined>>,
  columns: number,
): Promise<Parsed> {
  const [word = ''] = args;
  if (/^[^-]/.test(word) && word !== 'help' && !Object.hasOwn(COMMANDS, word)) {
    throw usage(`${JSON.stringify(word)} is no command; there are ${Object.keys(COMMANDS).join(', ')}`);
  }
  const plain = args.map(withoutTruth);
  const { default: yargs } = await import('yargs');
  const parser = yargs(plain)
    .scriptName('harden-mail')
    .usage(
      '$0 COMMAND [options]\n\nHardens a Postfix + Dovecot host over SSH: all changes or none, proved from outside.',
    )
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
    .epilogue(
      'Every option is also an environment variable: --acme-server is HARDEN_MAIL_ACME_SERVER. Flag > environment > inventory.',
    )
    .exitProcess(false);
  for (const [name, describe] of Object.entries(COMMANDS) as [CommandName, string][]) {
    const usage = name === 'explain' ? 'explain [setting]' : name;
    parser.command(usage, describe, (command) => {
      if (name === 'explain')
        return command.positional('setting', { type: 'string', describe: 'its name, or FILE:NAME' });
      for (const [option, record] of optionsOf(name)) command.option(option, yargsOption(record));
      return command;
    });
  }
  parser.demandCommand(1, `Say what to do: ${Object.keys(COMMANDS).join(', ')}.`);

  let text = '';
  const argv = await parser.parseAsync(plain, {}, (error: Error | undefined, _argv: unknown, output: string) => {
    if (error || output) text = output;
    if (error) throw usage(error.message || firstLine(output));
  });
  if (text !== '') return { text };
  const command = argv._[0] as CommandName;
  if (argv._.length > 1) throw usage(`Unknown argument: ${argv._.slice(1).join(' ')}`);
  if (command === 'explain') return { command, setting: argv['setting'] as string | undefined };
  return { command, flags: withEnvironment(command, argv as Flags, env) };
}

function optionsOf(command: CommandName): [OptionName, OptionRecord][] {
  const all = Object.entries(OPTIONS) as [OptionName, OptionRecord][];
  return all.filter(([, { only }]) => only === undefined || only.includes(command));
}

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
  const [, given = '', value = ''] = /^--?([a-z-]+)=(.*)$/s.exec(argument) ?? [];
  const all = Object.entries(OPTIONS) as [OptionName, OptionRecord][];
  const found = all.find(([name, { alias }]) => given === name || given === alias || given === `no-${name}`);
  if (found?.[1].type !== 'boolean') return argument;
  const [name] = found;
  return truth(value, `--${given}`) === (given !== `no-${name}`) ? `--${name}` : `--no-${name}`;
}

/** Flag, else environment, else the table's own default. Booleans of the environment are read strictly. */
function withEnvironment(command: CommandName, argv: Flags, env: Readonly<Record<string, string | undefined>>): Flags {
  const entries = optionsOf(command).map(([name, record]) => {
    const flag = (argv as Record<string, unknown>)[name];
    // --host and --inventory say the same thing in two ways, so the flag of one outdoes the variable of the other.
    const outdone =
      (name === 'host' && argv.inventory !== undefined) || (name === 'inventory' && argv.host !== undefined);
    const value = outdone ? undefined : env[envName(name)];
    const given = flag ?? (value ? fromEnvironment(envName(name), record, value) : undefined) ?? record.default;
    if (given !== undefined) assertFits(given, record, flag === undefined ? envName(name) : `--${name}`);
    return [name, given] as const;
  });
  return Object.fromEntries(entries.filter(([, value]) => value !== undefined));
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
