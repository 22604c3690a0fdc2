import type { OptionRecord } from './option-record.ts';

/** The course of a run, and its output. */
export const RUN_OPTIONS = {
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
  record: {
    type: 'boolean',
    group: 'Run',
    describe:
      "with --upgrade-to: keep a list of users' mailboxes on the host (names, counts, sizes, subscriptions, quotas; no mail), with which the apply after the upgrade compares",
    only: ['check'],
  },
  'all-users': {
    type: 'boolean',
    group: 'Run',
    describe: 'record or compare the mailboxes of all users; default: of a sample of 20',
    only: ['apply', 'check'],
  },
  mailboxes: {
    type: 'boolean',
    group: 'Run',
    default: true,
    describe:
      "where Dovecot's files are converted to 2.4, stop before anything goes live if users would lose mailboxes (--no-mailboxes: do not compare)",
    only: ['apply'],
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
  on: {
    type: 'string',
    group: 'Run',
    value: 'SPARE',
    describe:
      'play the rehearsal on this Debian machine, as for ssh: [USER@]HOST[:PORT]; for a machine that cannot boot a copy; the spare machine never reaches the host',
    only: ['rehearse'],
  },
  keep: {
    type: 'boolean',
    group: 'Run',
    describe: 'leave the copy for a look, until Ctrl-C: the last lines say how to log in there',
    only: ['rehearse'],
  },
  ca: {
    type: 'string',
    group: 'Run',
    value: 'FILE',
    only: ['apply', 'check', 'verify', 'rollback', 'rehearse'],
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

  write: {
    type: 'string',
    group: 'Output',
    value: 'FOLDER',
    describe: 'write the files that set up mail clients, for a web server to publish, to FOLDER/DOMAIN/',
    only: ['clients'],
  },
  'mail-domains': {
    type: 'string',
    group: 'Run',
    value: 'A,B',
    describe: 'domains of the mail addresses, separated by commas; default: those that main.cf names',
    only: ['clients'],
  },
  'login-name': {
    type: 'string',
    group: 'Run',
    choices: ['address', 'name'],
    describe:
      'user name that mail clients send: the whole mail address, or the part before the @; default: name for users of the host itself, else address',
    only: ['clients'],
  },
  html: {
    type: 'string',
    group: 'Output',
    value: 'FILE',
    describe: 'path of the HTML page: one file without scripts, for screen and print',
    only: ['report'],
  },
  json: { type: 'boolean', group: 'Output', describe: 'one JSON document on standard output' },
  format: {
    type: 'string',
    group: 'Output',
    describe: 'output for a monitoring system, with the exit codes of its plugins for nagios (docs/fleets.md)',
    choices: ['nagios', 'prometheus'],
    only: ['check'],
  },
  csv: {
    type: 'boolean',
    group: 'Output',
    describe: 'each finding as a row of comma-separated values on standard output, with a stable id',
    only: ['verify'],
  },
  diff: {
    type: 'string',
    group: 'Output',
    describe: 'show diffs, with one line for a new or removed file; full: all of it; no, or --no-diff: no diff',
    choices: ['yes', 'no', 'full'],
    isSwitch: true,
    default: 'yes',
    only: ['apply', 'check', 'rollback', 'history'],
  },
  color: {
    type: 'string',
    group: 'Output',
    describe: 'colours',
    choices: ['auto', 'always', 'never'],
    default: 'auto',
  },
  progress: {
    type: 'boolean',
    group: 'Output',
    describe:
      'lines on standard error that say how far the run is (--no-progress: none); default: in a terminal and with --verbose',
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
    only: ['apply', 'check', 'verify', 'rollback', 'doctor', 'rehearse'],
  },
  verbose: {
    type: 'boolean',
    group: 'Output',
    alias: 'v',
    describe:
      'also print each command on a host, with its time and size, and each check of verify on a line of its own',
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
