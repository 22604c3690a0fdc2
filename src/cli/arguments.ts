import { HardenMailError } from '../model/errors.ts';
import { closest } from '../inventory/closest.ts';
import { COMMANDS, isHostCommand, SHELLS } from './command-names.ts';
import { HOST_DEFAULTS } from './config-names.ts';
import { commandsOf, envName, ignoredBy, OPTIONS, optionsOf } from './options.ts';
import type { CommandName, Shell } from './command-names.ts';
import type { OptionName } from './options.ts';
import type { OptionRecord } from './options/option-record.ts';
import type { HostCommand } from '../run/commands/index.ts';

type ValueOf<R extends OptionRecord> = R['type'] extends 'number'
  ? number
  : R['type'] extends 'boolean'
    ? boolean
    : string;

/** The values from flags and environment; an option that is not given is absent. */
export type Flags = { readonly [K in OptionName]?: ValueOf<(typeof OPTIONS)[K]> };

export type ParsedArguments =
  | { readonly text: string }
  | { readonly command: 'explain'; readonly setting: string | undefined }
  | { readonly command: 'report'; readonly from: string | undefined; readonly html: string }
  | { readonly command: 'completion'; readonly shell: Shell }
  | { readonly command: HostCommand; readonly flags: Flags; readonly defaults: Flags };

/** Parses a command line with yargs, from the option table. Throws USAGE for unknown input. */
export async function parseArguments(
  args: readonly string[],
  env: Readonly<Record<string, string | undefined>>,
  columns: number,
  config: () => Promise<Flags> = async () => ({}),
): Promise<ParsedArguments> {
  if (args[0] === 'help' && args[1] !== undefined) return parseArguments([args[1], '--help'], env, columns, config);
  const [word = ''] = args;
  if (/^[^-]/.test(word) && word !== 'help' && !Object.hasOwn(COMMANDS, word)) {
    const all = Object.keys(COMMANDS);
    throw usage(
      `${JSON.stringify(word)} is not a command${closest(word, all) || `; the commands are ${all.join(', ')}`}`,
    );
  }
  const plain = args.flatMap(joinSwitch).map(withoutTruth).flatMap(joinNegative);
  // yargs lays out the whole help for each command that it runs. With the command known, it gets only that command's options.
  const known = isHostCommand(word) ? word : undefined;
  const { default: yargs } = await import('yargs');
  const parser = yargs()
    .scriptName('harden-mail')
    .parserConfiguration({
      'camel-case-expansion': false,
      'boolean-negation': true,
      'dot-notation': false,
    })
    .version(false)
    .help()
    .wrap(Math.min(columns, 120))
    .exitProcess(false);
  const withOptions = (on: typeof parser, name: CommandName): typeof parser =>
    [
      ...optionsOf(name).map(([option, record]) => [option, yargsOption(record)] as const),
      ...ignoredBy(name).map(([option, record]) => [option, { ...yargsOption(record), hidden: true }] as const),
    ].reduce((sofar, [option, described]) => sofar.option(option, described), on);
  if (known) withOptions(parser, known).strictOptions().usage(`$0 ${known} [HOST...] [options]\n\n${COMMANDS[known]}`);
  else {
    parser
      .strict()
      .usage(
        '$0 COMMAND [options]\n\nHardens a Postfix + Dovecot host over SSH: all changes or none, checked from outside.',
      )
      .epilogue(
        'Every option is also an environment variable: --acme-server is HARDEN_MAIL_ACME_SERVER.\nFlag > environment > inventory > ~/.config/harden-mail/config.yaml.',
      );
    for (const [name, describe] of Object.entries(COMMANDS) as [CommandName, string][]) {
      parser.command(USAGES[name] ?? name, describe, (command) => {
        if (name === 'explain')
          return command.positional('setting', { type: 'string', describe: 'name of the setting, or FILE:NAME' });
        if (name === 'completion') return command.positional('shell', { type: 'string', choices: SHELLS });
        if (name === 'report')
          command.positional('from', { type: 'string', describe: 'a file; default: standard input' });
        return withOptions(command, name);
      });
    }
    parser.demandCommand(1, `Give a command: ${Object.keys(COMMANDS).join(', ')}.`);
  }

  let text = '';
  const parsed = await parser.parseAsync(
    known ? plain.slice(1) : plain,
    {},
    (error: Error | undefined, _argv: unknown, output: string) => {
      if (error || output) text = output;
      if (error) throw usage(meant(error.message || firstLine(output), plain, word));
    },
  );
  if (text !== '') return { text };
  const argv = { ...parsed, ...withoutRepetition(parsed) };
  const [command, ...rest] = [...(known ? [known] : []), ...argv._] as [CommandName, ...unknown[]];
  if (rest.length > 0 && isHostCommand(command))
    argv['host'] = [...(typeof argv['host'] === 'string' ? [argv['host']] : []), ...rest.map(plainHost)].join(',');
  else if (rest.length > 0) throw usage(`Unknown argument: ${rest.join(' ')}`);
  if (command === 'explain') return { command, setting: argv['setting'] as string | undefined };
  if (command === 'report') {
    const { html } = withEnvironment(command, argv as Flags, env);
    if (html === undefined) throw usage('report needs --html FILE');
    return { command, from: argv['from'] as string | undefined, html };
  }
  if (command === 'completion') return { command, shell: argv['shell'] as Shell };
  const [own, defaults] = partsOf(await config());
  return { command, flags: withEnvironment(command, argv as Flags, env, own), defaults };
}

/** Defaults of the configuration file for runs, and for hosts, which an inventory overrides. */
function partsOf(config: Flags): [run: Flags, hosts: Flags] {
  const isOfHosts = ([name]: [string, unknown]): boolean => (HOST_DEFAULTS as readonly string[]).includes(name);
  const all = Object.entries(config);
  return [Object.fromEntries(all.filter((entry) => !isOfHosts(entry))), Object.fromEntries(all.filter(isOfHosts))];
}

/** A plain argument is a host. A word of the command line itself is more likely a slip, and the run would not do what was meant. */
function plainHost(word: unknown): string {
  const text = String(word);
  if (/^(yes|no|true|false|on|off|[01])$/i.test(text)) throw usage(`${text} is not a host: write --NAME=${text}`);
  if (Object.hasOwn(OPTIONS, text)) throw usage(`${text} is not a host: did you mean "--${text}"?`);
  if (Object.hasOwn(COMMANDS, text)) throw usage(`${text} is a command: give one command`);
  return text;
}

/** Options that take several values when they are repeated. */
const LISTS: readonly OptionName[] = ['host'];

/** An option that is given again: the hosts together, else one value. Two values would leave open which one counts. */
function withoutRepetition(argv: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const repeated = Object.entries(argv).filter(([name, value]) => name !== '_' && Array.isArray(value)) as [
    string,
    unknown[],
  ][];
  return Object.fromEntries(
    repeated.map(([name, values]) => {
      const different = [...new Set(values)];
      if (LISTS.includes(name as OptionName)) return [name, different.join(',')];
      if (different.length > 1)
        throw usage(`--${name} is given twice, with different values: ${different.join(' and ')}`);
      return [name, different[0]];
    }),
  );
}

/** For an unknown option: the commands that have it, or the known option with the most similar name. */
function meant(message: string, args: readonly string[], command: string): string {
  const [, unknown = ''] = /^Unknown argument: ([\w-]+)$/.exec(message) ?? [];
  if (!Object.hasOwn(COMMANDS, command) || !args.some((one) => /^--([^=]*)/.exec(one)?.[1] === unknown)) return message;
  if (Object.hasOwn(OPTIONS, unknown))
    return `${message}: it is an option of ${commandsOf(OPTIONS[unknown as OptionName]).join(', ')}`;
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

/** `--dry-run=yes` as `--dry-run`, `--dry-run=no` as `--no-dry-run`: yargs reads every word except `true` as no. */
function withoutTruth(argument: string): string {
  if (argument === '--no-color') return '--color=never'; // as in many programs
  const [, given = '', value = ''] = /^--?([a-z-]+)=(.*)$/s.exec(argument) ?? [];
  const all = Object.entries(OPTIONS) as [OptionName, OptionRecord][];
  const found = all.find(([name, { alias }]) => given === name || given === alias || given === `no-${name}`);
  if (found?.[1].isSwitch === true && given === found[0] && !(found[1].choices ?? []).includes(value))
    return `--${found[0]}=${truth(value, `--${given}`) ? 'yes' : 'no'}`;
  if (found?.[1].type !== 'boolean') return argument;
  const [name] = found;
  return truth(value, `--${given}`) === (given !== `no-${name}`) ? `--${name}` : `--no-${name}`;
}

/** `--diff` as `--diff=yes`, `--no-diff` as `--diff=no`, and `--diff full` as `--diff=full`. */
function joinSwitch(argument: string, at: number, all: readonly string[]): string[] {
  const isValueOf = (option: string | undefined, word: string | undefined): boolean => {
    const [, record] = SWITCHES.find(([name]) => option === `--${name}`) ?? [];
    return record !== undefined && word !== undefined && (record.choices ?? []).includes(word);
  };
  if (isValueOf(all[at - 1], argument)) return [];
  const [name] = SWITCHES.find(([one]) => argument === `--${one}` || argument === `--no-${one}`) ?? [];
  if (name === undefined) return [argument];
  if (argument === `--no-${name}`) return [`--${name}=no`];
  return [`--${name}=${isValueOf(argument, all[at + 1]) ? all[at + 1] : 'yes'}`];
}

const SWITCHES = (Object.entries(OPTIONS) as [OptionName, OptionRecord][]).filter(([, { isSwitch }]) => isSwitch);

/** `--no-serve pop3` as `--no-serve=pop3`: yargs would read it as the negation of `--serve`, and the value as a word. */
function joinNegative(argument: string, at: number, all: readonly string[]): string[] {
  if (all[at - 1] === '--no-serve') return [];
  const value = all[at + 1];
  return argument === '--no-serve' && value !== undefined ? [`${argument}=${value}`] : [argument];
}

/** Options of which a given one overrides the others, wherever those come from. */
const EXCLUSIVE: readonly (readonly OptionName[])[] = [
  ['host', 'inventory', 'local'],
  ['quiet', 'verbose', 'debug', 'progress'],
];

/** Flag, else environment, else the configuration file, else the table's default. Booleans in the environment are parsed strictly. */
function withEnvironment(
  command: CommandName,
  argv: Flags,
  env: Readonly<Record<string, string | undefined>>,
  config: Flags = {},
): Flags {
  assertNoneMistyped(env);
  const entries = optionsOf(command).map(([name, record]) => {
    const flag = (argv as Record<string, unknown>)[name];
    // These options exclude each other, so a flag of one overrides the variables of the others.
    const rivals = EXCLUSIVE.find((names) => names.includes(name))?.filter((other) => other !== name) ?? [];
    const isHost = name === 'host' || name === 'inventory' || name === 'local';
    const outdone = isHost && rivals.some((other) => argv[other] !== undefined);
    const value = outdone ? undefined : env[envName(name)];
    const isGiven = (other: OptionName): boolean => argv[other] !== undefined || Boolean(env[envName(other)]);
    const set = rivals.some(isGiven) ? undefined : config[name];
    const given = flag ?? (value ? fromEnvironment(envName(name), record, value) : undefined) ?? set ?? record.default;
    if (given !== undefined) assertFits(given, record, flag === undefined ? envName(name) : `--${name}`);
    return [name, given] as const;
  });
  return Object.fromEntries(entries.filter(([, value]) => value !== undefined));
}

/** Variables that are not options. */
const OTHERS = ['HARDEN_MAIL_PROBE_PASSWORD', 'HARDEN_MAIL_LAB_CACHE'];

/** Refuses near-misses such as HARDEN_MAIL_DRYRUN: the user thinks it took effect. Names unlike any option may be another tool's. */
function assertNoneMistyped(env: Readonly<Record<string, string | undefined>>): void {
  const names = [...Object.keys(OPTIONS).map(envName), ...OTHERS];
  for (const name of Object.keys(env).filter((one) => one.startsWith('HARDEN_MAIL_') && !names.includes(one))) {
    const own = (whole: string): string => whole.slice('HARDEN_MAIL_'.length);
    const meant = closest(own(name), names.map(own));
    if (meant) throw usage(`${name} is not a variable of harden-mail${meant.replace('"', '"HARDEN_MAIL_')}`);
  }
}

function fromEnvironment(variable: string, { type, choices, isSwitch }: OptionRecord, value: string): unknown {
  if (type === 'boolean') return truth(value, variable);
  if (isSwitch && !choices?.includes(value)) return truth(value, variable) ? 'yes' : 'no';
  if (type === 'number') return Number(value);
  if (choices && !choices.includes(value)) throw usage(`${variable} must be one of ${choices.join(', ')}`);
  return value;
}

function truth(value: string, from: string): boolean {
  if (/^(1|true|yes|on)$/i.test(value)) return true;
  if (/^(0|false|no|off)$/i.test(value)) return false;
  throw usage(`${from} must be yes or no: ${JSON.stringify(value)}`);
}

function assertFits(given: unknown, { type }: OptionRecord, from: string): void {
  if (type === 'number' && !(Number.isInteger(given) && (given as number) > 0)) {
    throw usage(`${from} takes a whole number, 1 or higher`);
  }
  if (typeof given !== type) throw usage(`${from} needs a value`); // --no-host
}

function usage(message: string): HardenMailError {
  return new HardenMailError('USAGE', message.replace(/\s+/g, ' '), '`harden-mail COMMAND --help` shows the options.');
}

function firstLine(text: string): string {
  return text.split('\n').findLast((line) => line !== '') ?? 'the command line cannot be parsed';
}
