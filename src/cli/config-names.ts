/** The options that ~/.config/harden-mail/config.yaml may set. */
import type { OptionName } from './options.ts';

/** Settings of hosts: an inventory overrides them. */
export const HOST_DEFAULTS = [
  'user', 'port', 'identity', 'email', 'acme-server', 'acme-ca', 'key-type', 'profile',
] as const satisfies readonly OptionName[]; // oxfmt-ignore

/** Settings of runs. None of them names a host for one occasion, agrees to a change or replaces anything. */
export const RUN_DEFAULTS = [
  'inventory', 'accept-new-host-keys', 'known-hosts', 'ssh-config', 'jump', 'ask-become-pass', 'connect-timeout',
  'forks', 'serial', 'confirm-timeout', 'ca', 'probe-user', 'color', 'diff', 'progress', 'quiet', 'verbose', 'log-file',
] as const satisfies readonly OptionName[]; // oxfmt-ignore
