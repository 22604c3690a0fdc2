import type { OptionRecord } from './option-record.ts';

/** The hosts, and the way to reach them. */
export const HOST_OPTIONS = {
  host: {
    type: 'string',
    group: 'Hosts',
    value: 'HOST',
    describe: 'a host, as for ssh: [USER@]HOST[:PORT]; several with commas, or as plain arguments',
  },
  inventory: {
    type: 'string',
    group: 'Hosts',
    value: 'FILE',
    describe:
      'several hosts, in JSON or YAML (see inventory.example.json), or an inventory of Ansible (INI or YAML; docs/fleets.md)',
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
    describe:
      "only these hosts of the inventory, separated by commas: names, groups, globs; '!NAME' leaves out; @FILE: those that did not end with 0 in a run's --json",
  },
  'list-hosts': {
    type: 'boolean',
    group: 'Hosts',
    describe: 'list the hosts that the run would work on and exit, without contacting them',
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
} as const satisfies Record<string, OptionRecord>;
