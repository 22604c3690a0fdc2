/**
 * Every option, once: the command line, its help, the environment (HARDEN_MAIL_…) and docs/cli.md are generated from this
 * table.
 */

import { KEY_TYPES, PROFILES, REPLACEABLE, SERVICES } from '../model/index.ts';
import { UPGRADES } from '../debian/releases.ts';
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

export interface OptionRecord {
  readonly type: 'string' | 'number' | 'boolean';
  readonly describe: string;
  readonly group: 'Hosts' | 'SSH' | 'Hardening' | 'Run' | 'Output';
  readonly only?: readonly CommandName[];
  readonly alias?: string;
  readonly value?: string;
  readonly choices?: readonly string[];
  /** The value is a list of these words, separated by commas. */
  readonly words?: readonly string[];
  readonly default?: string | number | boolean;
}

export const OPTIONS = {
  host: { type: 'string', group: 'Hosts', value: 'H', describe: 'one host, in any form that ssh accepts' },
  inventory: {
    type: 'string',
    group: 'Hosts',
    value: 'FILE',
    describe: 'several hosts, in JSON or YAML (see inventory.example.json)',
  },
  local: {
    type: 'boolean',
    group: 'Hosts',
    describe: 'this machine is the mail host: the same work without SSH, as root or with sudo',
  },
  limit: {
    type: 'string',
    group: 'Hosts',
    value: 'NAMES',
    describe: 'only these hosts of the inventory: names, groups or globs, separated by commas',
  },

  user: { type: 'string', group: 'SSH', value: 'U', describe: 'SSH user: root, or a user who may use sudo' },
  port: { type: 'number', group: 'SSH', value: 'N', describe: 'SSH port' },
  identity: { type: 'string', group: 'SSH', value: 'FILE', describe: 'private key' },
  'accept-new-host-keys': {
    type: 'boolean',
    group: 'SSH',
    describe: 'accept the key of an unknown host; a changed key is still refused',
  },
  'known-hosts': {
    type: 'string',
    group: 'SSH',
    value: 'FILE',
    describe: 'known hosts file, instead of the configured files',
  },
  'ssh-config': {
    type: 'string',
    group: 'SSH',
    alias: 'F',
    value: 'FILE',
    describe: 'ssh configuration, instead of ~/.ssh/config; "none" for no configuration',
  },
  jump: {
    type: 'string',
    group: 'SSH',
    alias: 'J',
    value: 'HOSTS',
    describe: 'jump hosts, [user@]host[:port], separated by commas; default: ProxyJump of the configuration',
  },
  'ask-become-pass': { type: 'boolean', group: 'SSH', describe: "ask for sudo's password, once" },
  'connect-timeout': { type: 'number', group: 'SSH', value: 'SECONDS', describe: 'limit for each step of connecting' },

  domain: {
    type: 'string',
    group: 'Hardening',
    value: 'D',
    describe:
      "the certificate's main name; default: the name that the host's Postfix uses, or a name of the valid certificate that it serves",
  },
  domains: {
    type: 'string',
    group: 'Hardening',
    value: 'A,B',
    describe: 'additional names for the certificate, separated by commas; its present names stay',
  },
  webroot: {
    type: 'string',
    group: 'Hardening',
    value: 'DIR',
    describe:
      'folder on the host that its web server serves for these names; default: the one that nginx or Apache is found to serve',
    only: ['apply'],
  },
  'pre-hook': {
    type: 'string',
    group: 'Hardening',
    value: 'COMMAND',
    describe:
      'command that certbot runs on the host before it uses port 80 itself, also at renewals: it should stop the program on that port',
    only: ['apply', 'doctor'],
  },
  'post-hook': {
    type: 'string',
    group: 'Hardening',
    value: 'COMMAND',
    describe: 'command that certbot runs afterwards, also after a failure',
    only: ['apply', 'doctor'],
  },
  'key-type': {
    type: 'string',
    group: 'Hardening',
    describe:
      "the certificate's key type; a certificate with another type is reissued; default: the present type, else certbot's default",
    choices: KEY_TYPES,
    only: ['apply', 'check'],
  },
  cert: {
    type: 'string',
    group: 'Hardening',
    value: 'FILE',
    describe:
      'your own certificate with its chain, a path on the host, together with --key; default: a valid certificate that is served stays, else certbot gets one',
  },
  key: {
    type: 'string',
    group: 'Hardening',
    value: 'FILE',
    describe: 'its private key, a path on the host; the key never leaves the host',
  },
  email: {
    type: 'string',
    group: 'Hardening',
    value: 'E',
    describe: 'contact address for the certificate authority',
    only: ['apply'],
  },
  'acme-server': {
    type: 'string',
    group: 'Hardening',
    value: 'URL',
    describe: "directory URL of the ACME server; default: Let's Encrypt",
    only: ['apply'],
  },
  'acme-ca': {
    type: 'string',
    group: 'Hardening',
    value: 'FILE',
    describe:
      'root certificates of the ACME server (PEM, on this machine): certbot and the checks trust them, also at renewals',
    only: ['apply', 'check', 'verify', 'rollback'],
  },
  profile: {
    type: 'string',
    group: 'Hardening',
    describe:
      'standard: the recipe; strict: current recommendations as well (docs/strict.md); default: as last applied, else standard',
    choices: PROFILES,
    only: ['apply', 'check', 'verify'],
  },
  'require-tls-inbound': {
    type: 'boolean',
    group: 'Hardening',
    describe: 'strict: refuse mail on port 25 without TLS; default: as last applied, else no',
    only: ['apply', 'check', 'verify'],
  },
  pop3: {
    type: 'boolean',
    group: 'Hardening',
    describe: 'strict: --no-pop3 closes POP3; default: as last applied, else POP3 stays open',
    only: ['apply', 'check', 'verify'],
  },
  serve: {
    type: 'string',
    group: 'Hardening',
    value: 'WORDS',
    describe: `services to add to the host, separated by commas: ${SERVICES.join(', ')} (docs/served.md); default: those that it serves`,
    words: SERVICES,
    only: ['apply', 'check', 'verify', 'rollback', 'doctor'],
  },
  'no-serve': {
    type: 'string',
    group: 'Hardening',
    value: 'WORDS',
    describe: 'services that are neither set up nor expected; a running service is not closed',
    words: SERVICES,
    only: ['apply', 'check', 'verify', 'rollback', 'doctor'],
  },
  replace: {
    type: 'string',
    group: 'Hardening',
    value: 'WORDS',
    describe: `working choices of the administrator that apply may replace, separated by commas: ${REPLACEABLE.join(', ')} (docs/consent.md); default: none`,
    words: REPLACEABLE,
    only: ['apply', 'check', 'doctor'],
  },

  'assume-os': {
    type: 'boolean',
    group: 'Hardening',
    describe:
      'treat a system that is built on Debian or Ubuntu (ID_LIKE and the codename of its os-release) as the release that it is built on',
  },

  'upgrade-to': {
    type: 'string',
    group: 'Hardening',
    value: 'RELEASE',
    describe:
      'before an upgrade of Debian or Ubuntu: show what would break, what apply would convert afterwards, and what you must do',
    choices: UPGRADES,
    only: ['check'],
  },

  tags: {
    type: 'string',
    group: 'Run',
    value: 'TASKS',
    describe: 'only these tasks of the recipe, separated by commas; the tasks that they depend on must be done already',
    only: ['apply', 'check'],
  },
  'skip-tags': {
    type: 'string',
    group: 'Run',
    value: 'TASKS',
    describe: 'leave out these tasks',
    only: ['apply', 'check'],
  },
  'list-tasks': {
    type: 'boolean',
    group: 'Run',
    describe: 'list the tasks in their order and exit, without a host',
    only: ['apply', 'check'],
  },
  'dry-run': {
    type: 'boolean',
    group: 'Run',
    alias: 'check',
    describe: 'show the plan with its diffs and write nothing',
    only: ['apply', 'rollback'],
  },
  yes: {
    type: 'boolean',
    group: 'Run',
    alias: 'y',
    describe: 'do not ask before changes',
    only: ['apply', 'rollback'],
  },
  forks: { type: 'number', group: 'Run', value: 'N', describe: 'number of hosts at a time', default: 10 },
  serial: {
    type: 'string',
    group: 'Run',
    value: 'N|N%',
    describe: 'number or share of hosts in a batch; after a batch with failures the run stops',
    only: ['apply', 'rollback'],
  },
  'max-fail': {
    type: 'number',
    group: 'Run',
    value: 'N',
    describe: 'with --serial: continue despite up to this many failures',
    only: ['apply', 'rollback'],
  },
  to: {
    type: 'string',
    group: 'Run',
    value: 'ID',
    describe: 'undo this transaction and all later ones; default: the last one',
    only: ['rollback'],
  },
  'confirm-timeout': {
    type: 'number',
    group: 'Run',
    value: 'SECONDS',
    describe: 'a host undoes all changes if no confirmation arrives within this time',
    default: 60,
    only: ['apply', 'rollback'],
  },
  ca: {
    type: 'string',
    group: 'Run',
    value: 'FILE',
    only: ['apply', 'check', 'verify', 'rollback'],
    describe: 'additional root certificates (PEM) that the checks trust',
  },
  'probe-user': {
    type: 'string',
    group: 'Run',
    value: 'NAME',
    only: ['apply', 'check', 'verify', 'rollback'],
    describe:
      'also log in as this user on each port, open the mailbox and test whether mail could be sent (nothing is sent or read); the password comes from HARDEN_MAIL_PROBE_PASSWORD or a prompt',
  },

  audit: {
    type: 'boolean',
    group: 'Run',
    only: ['verify'],
    describe:
      'also test what a stranger could exploit: each TLS version and suite, keys, relaying, injection (docs/audit.md)',
  },
  ssh: {
    type: 'boolean',
    group: 'Run',
    only: ['verify'],
    default: true,
    describe: 'also check over SSH (--no-ssh: only from outside, as a stranger, always with --audit)',
  },

  html: {
    type: 'string',
    group: 'Output',
    value: 'FILE',
    describe: 'path of the HTML page: one file without scripts, for screen and print',
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
    describe: 'exit with 2 if a dry run finds changes',
    only: ['apply', 'rollback'],
  },
  quiet: {
    type: 'boolean',
    group: 'Output',
    describe: 'print only failures, warnings and totals, and a plan that needs your consent',
    alias: 'q',
    only: ['apply', 'check', 'verify', 'rollback', 'doctor'],
  },
  verbose: {
    type: 'boolean',
    group: 'Output',
    alias: 'v',
    describe: 'also print each command on a host, with its time and size',
  },
  debug: { type: 'boolean', group: 'Output', describe: 'like --verbose, and each step of connecting' },
  'log-file': {
    type: 'string',
    group: 'Output',
    value: 'FILE',
    describe:
      'append a record of the run: steps and commands with their times, diffs, findings, endings; secrets masked',
  },
} as const satisfies Record<string, OptionRecord>;

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

/** `accept-new-host-keys` → `HARDEN_MAIL_ACCEPT_NEW_HOST_KEYS` */
export function envName(option: string): string {
  return `HARDEN_MAIL_${option.toUpperCase().replaceAll('-', '_')}`;
}
