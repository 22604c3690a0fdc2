/**
 * Every option, once: the command line, its help, the environment (HARDEN_MAIL_…) and docs/cli.md are made from this
 * table.
 */

import { KEY_TYPES, PROFILES, REPLACEABLE, SERVICES } from '../model/index.ts';
import { UPGRADES } from '../debian/releases.ts';
import { HOST_COMMANDS, type HostCommand } from '../run/commands/index.ts';

/** The commands that work on no host. */
const LOCAL_COMMANDS = {
  explain: 'what is set, where, for which versions, why, and the source',
  report: 'a page for people, made from the JSON document of a run (a file or standard input); no host is asked',
  completion: 'what completes this command line in bash, zsh or fish, on standard output',
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

/** What `completion` knows. */
export const SHELLS = ['bash', 'zsh', 'fish'] as const;
export type Shell = (typeof SHELLS)[number];

export interface OptionRecord {
  readonly type: 'string' | 'number' | 'boolean';
  readonly describe: string;
  readonly group: 'Which host' | 'SSH' | 'What is wanted' | 'How it is done' | 'Output';
  readonly only?: readonly CommandName[];
  readonly alias?: string;
  readonly value?: string;
  readonly choices?: readonly string[];
  /** The value is a list, separated by commas, of these words. */
  readonly words?: readonly string[];
  readonly default?: string | number | boolean;
}

export const OPTIONS = {
  host: { type: 'string', group: 'Which host', value: 'H', describe: 'one host, as ssh takes it' },
  inventory: {
    type: 'string',
    group: 'Which host',
    value: 'FILE',
    describe: 'several hosts, JSON or YAML: inventory.example.json shows how',
  },
  local: {
    type: 'boolean',
    group: 'Which host',
    describe: 'this machine is the mail host: the same work without SSH, as root or by sudo',
  },
  limit: {
    type: 'string',
    group: 'Which host',
    value: 'NAMES',
    describe: 'only these hosts of the inventory: names, groups or globs, parted by commas',
  },

  user: { type: 'string', group: 'SSH', value: 'U', describe: 'SSH user: root, or one who may use sudo' },
  port: { type: 'number', group: 'SSH', value: 'N', describe: 'SSH port' },
  identity: { type: 'string', group: 'SSH', value: 'FILE', describe: 'private key' },
  'accept-new-host-keys': {
    type: 'boolean',
    group: 'SSH',
    describe: 'take the key of a host that is not known yet; a changed key is refused all the same',
  },
  'known-hosts': {
    type: 'string',
    group: 'SSH',
    value: 'FILE',
    describe: 'known hosts in place of the configured files',
  },
  'ssh-config': {
    type: 'string',
    group: 'SSH',
    alias: 'F',
    value: 'FILE',
    describe: 'ssh configuration in place of ~/.ssh/config; "none" for none',
  },
  jump: {
    type: 'string',
    group: 'SSH',
    alias: 'J',
    value: 'HOSTS',
    describe: 'go through these hosts, [user@]host[:port], parted by commas; default: ProxyJump of the configuration',
  },
  'ask-become-pass': { type: 'boolean', group: 'SSH', describe: "ask for sudo's password, once" },
  'connect-timeout': { type: 'number', group: 'SSH', value: 'SECONDS', describe: 'for each step of connecting' },

  domain: {
    type: 'string',
    group: 'What is wanted',
    value: 'D',
    describe:
      "the certificate's name; default: what the host's Postfix calls itself, or a name of the valid certificate that is served",
  },
  domains: {
    type: 'string',
    group: 'What is wanted',
    value: 'A,B',
    describe: 'further names for the certificate, parted by commas; those that it has stay',
  },
  webroot: {
    type: 'string',
    group: 'What is wanted',
    value: 'DIR',
    describe: "folder on the host that its web server serves for these names; default: nginx's or Apache's, found",
    only: ['apply'],
  },
  'pre-hook': {
    type: 'string',
    group: 'What is wanted',
    value: 'COMMAND',
    describe:
      'what certbot runs on the host before it answers on port 80 itself, at renewals too: to stop who holds it',
    only: ['apply', 'doctor'],
  },
  'post-hook': {
    type: 'string',
    group: 'What is wanted',
    value: 'COMMAND',
    describe: 'what it runs afterwards, however that went',
    only: ['apply', 'doctor'],
  },
  'key-type': {
    type: 'string',
    group: 'What is wanted',
    describe:
      "the certificate's kind of key; one of the other kind is got anew; default: what is there, else certbot's",
    choices: KEY_TYPES,
    only: ['apply', 'check'],
  },
  cert: {
    type: 'string',
    group: 'What is wanted',
    value: 'FILE',
    describe:
      "your own certificate with its chain, a path on the host; with --key. Default: a valid one that is served stays, else certbot's",
  },
  key: {
    type: 'string',
    group: 'What is wanted',
    value: 'FILE',
    describe: 'its private key, a path on the host, which it never leaves',
  },
  email: {
    type: 'string',
    group: 'What is wanted',
    value: 'E',
    describe: 'contact address for the certificate authority',
    only: ['apply'],
  },
  'acme-server': {
    type: 'string',
    group: 'What is wanted',
    value: 'URL',
    describe: "directory of the ACME server; default: Let's Encrypt",
    only: ['apply'],
  },
  'acme-ca': {
    type: 'string',
    group: 'What is wanted',
    value: 'FILE',
    describe:
      'its root certificates (PEM, on this machine): certbot trusts them, at renewals too, and so do the checks',
    only: ['apply', 'check', 'verify', 'rollback'],
  },
  profile: {
    type: 'string',
    group: 'What is wanted',
    describe:
      'how far to go: the recipe, or what is advised today (docs/strict.md); default: as last applied, else standard',
    choices: PROFILES,
    only: ['apply', 'check', 'verify'],
  },
  'require-tls-inbound': {
    type: 'boolean',
    group: 'What is wanted',
    describe: 'strict: refuse mail that comes to port 25 without TLS; default: as last applied, else no',
    only: ['apply', 'check', 'verify'],
  },
  pop3: {
    type: 'boolean',
    group: 'What is wanted',
    describe: 'strict: --no-pop3 closes POP3; default: as last applied, else it stays',
    only: ['apply', 'check', 'verify'],
  },
  serve: {
    type: 'string',
    group: 'What is wanted',
    value: 'WORDS',
    describe: `what the host is to serve although it does not, separated by commas: ${SERVICES.join(', ')} (docs/served.md); default: what it serves`,
    words: SERVICES,
    only: ['apply', 'check', 'verify', 'rollback', 'doctor'],
  },
  'no-serve': {
    type: 'string',
    group: 'What is wanted',
    value: 'WORDS',
    describe: 'what is neither set up nor expected there; what is served is not closed',
    words: SERVICES,
    only: ['apply', 'check', 'verify', 'rollback', 'doctor'],
  },
  replace: {
    type: 'string',
    group: 'What is wanted',
    value: 'WORDS',
    describe: `what apply may replace although the administrator chose it and it works, separated by commas: ${REPLACEABLE.join(', ')} (docs/consent.md); default: nothing`,
    words: REPLACEABLE,
    only: ['apply', 'check', 'doctor'],
  },

  'upgrade-to': {
    type: 'string',
    group: 'What is wanted',
    value: 'RELEASE',
    describe: 'before an upgrade of Debian: what would break, what apply would convert after it, what is left to you',
    choices: UPGRADES,
    only: ['check'],
  },

  tags: {
    type: 'string',
    group: 'How it is done',
    value: 'TASKS',
    describe: 'only these tasks of the recipe, parted by commas; what they rest on must be there',
    only: ['apply', 'check'],
  },
  'skip-tags': {
    type: 'string',
    group: 'How it is done',
    value: 'TASKS',
    describe: 'without these tasks',
    only: ['apply', 'check'],
  },
  'list-tasks': {
    type: 'boolean',
    group: 'How it is done',
    describe: 'show the tasks in their order, and do nothing; no host is needed',
    only: ['apply', 'check'],
  },
  'dry-run': {
    type: 'boolean',
    group: 'How it is done',
    alias: 'check',
    describe: 'show the plan with its diffs, and write nothing',
    only: ['apply', 'rollback'],
  },
  yes: { type: 'boolean', group: 'How it is done', alias: 'y', describe: 'do not ask', only: ['apply', 'rollback'] },
  forks: { type: 'number', group: 'How it is done', value: 'N', describe: 'hosts at a time', default: 10 },
  serial: {
    type: 'string',
    group: 'How it is done',
    value: 'N|N%',
    describe: 'so many hosts become live together, then the next; after a batch with failures the rest is not begun',
    only: ['apply', 'rollback'],
  },
  'max-fail': {
    type: 'number',
    group: 'How it is done',
    value: 'N',
    describe: 'with --serial: go on in spite of so many failures',
    only: ['apply', 'rollback'],
  },
  to: {
    type: 'string',
    group: 'How it is done',
    value: 'ID',
    describe: 'go back before this transaction; default: the last one',
    only: ['rollback'],
  },
  'confirm-timeout': {
    type: 'number',
    group: 'How it is done',
    value: 'SECONDS',
    describe: 'a host that does not hear from us for so long puts everything back',
    default: 60,
    only: ['apply', 'rollback'],
  },
  ca: {
    type: 'string',
    group: 'How it is done',
    value: 'FILE',
    only: ['apply', 'check', 'verify', 'rollback'],
    describe: 'further root certificates (PEM) that a served certificate may lead to',
  },
  'probe-user': {
    type: 'string',
    group: 'How it is done',
    value: 'NAME',
    only: ['apply', 'check', 'verify', 'rollback'],
    describe:
      'also log in as this user on each port, open the mailbox and ask whether mail may be sent (nothing is sent or read); the password comes from HARDEN_MAIL_PROBE_PASSWORD or is asked for',
  },

  audit: {
    type: 'boolean',
    group: 'How it is done',
    only: ['verify'],
    describe:
      'also what a stranger could make of it: TLS versions and suites tried one by one, keys, relaying, injection (docs/audit.md)',
  },
  ssh: {
    type: 'boolean',
    group: 'How it is done',
    only: ['verify'],
    default: true,
    describe: 'look with SSH too (--no-ssh: from outside alone, as a stranger, and always with --audit)',
  },

  html: {
    type: 'string',
    group: 'Output',
    value: 'FILE',
    describe: 'the page that is written: one file, readable without a script, on a screen and on paper',
    only: ['report'],
  },
  json: { type: 'boolean', group: 'Output', describe: 'one JSON document on standard output' },
  diff: {
    type: 'boolean',
    group: 'Output',
    describe: 'show diffs (--no-diff: do not)',
    default: true,
    only: ['apply', 'check', 'rollback', 'history'],
  },
  color: {
    type: 'string',
    group: 'Output',
    describe: 'colours',
    choices: ['auto', 'always', 'never'],
    default: 'auto',
  },
  'detailed-exitcode': {
    type: 'boolean',
    group: 'Output',
    describe: 'exit 2 when a dry run finds something to do',
    only: ['apply', 'rollback'],
  },
  quiet: {
    type: 'boolean',
    group: 'Output',
    describe: 'only what went wrong or a warning says, and the total of several hosts; what is asked about is shown',
    alias: 'q',
    only: ['apply', 'check', 'verify', 'rollback', 'doctor'],
  },
  verbose: {
    type: 'boolean',
    group: 'Output',
    alias: 'v',
    describe: 'tell each command on a host, with its time and size',
  },
  debug: { type: 'boolean', group: 'Output', describe: 'the same, and each step of connecting' },
  'log-file': {
    type: 'string',
    group: 'Output',
    value: 'FILE',
    describe: 'append what was done: steps and commands with their times, diffs, findings, endings; secrets masked',
  },
} as const satisfies Record<string, OptionRecord>;

export type OptionName = keyof typeof OPTIONS;

/** The commands that an option is for. */
export function commandsOf({ only }: OptionRecord): readonly CommandName[] {
  return only ?? (Object.keys(COMMANDS) as CommandName[]).filter(isHostCommand);
}

/** The options of a command. */
export function optionsOf(command: CommandName): [OptionName, OptionRecord][] {
  const all = Object.entries(OPTIONS) as [OptionName, OptionRecord][];
  return all.filter(([, record]) => commandsOf(record).includes(command));
}

/** `accept-new-host-keys` → `HARDEN_MAIL_ACCEPT_NEW_HOST_KEYS` */
export function envName(option: string): string {
  return `HARDEN_MAIL_${option.toUpperCase().replaceAll('-', '_')}`;
}
