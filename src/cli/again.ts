import { quote } from '../formats/text/shell-quote.ts';
import type { Flags } from './arguments.ts';
import type { CommandName } from './command-names.ts';
import { commandsOf, envName, OPTIONS, type OptionName } from './options.ts';
import type { OptionRecord } from './options/option-record.ts';
import type { Again } from '../report/what-now.ts';

/** Options outside of these groups that say how the host is reached and trusted. */
const ALSO: readonly OptionName[] = ['domain', 'ca', 'acme-ca', 'assume-os'];
/** Not needed a second time. */
const ONCE: readonly OptionName[] = ['accept-new-host-keys', 'connect-timeout', 'host'];

/** Command lines for the same hosts: with the options of this command line that lead to them, as far as the command has them. */
export function againFor(flags: Flags, env: Readonly<Record<string, string | undefined>>): Again {
  return (command, options = []) => {
    const isGiven = (name: OptionName): boolean => flags[name] !== undefined && !env[envName(name)];
    const all = (Object.entries(OPTIONS) as [OptionName, OptionRecord][])
      .filter(([name, { group }]) => group === 'Hosts' || group === 'SSH' || ALSO.includes(name))
      .filter(([name, record]) => isGiven(name) && !ONCE.includes(name) && flags[name] !== record.default)
      .filter(([, record]) => commandsOf(record).includes(command as CommandName));
    const hosts = isGiven('host') ? (flags.host ?? '').split(',').map((one) => one.trim()) : [];
    const words = all.flatMap(([name]) => (flags[name] === true ? [`--${name}`] : [`--${name}`, String(flags[name])]));
    return ['harden-mail', command, ...hosts, ...options, ...words].map(shown).join(' ');
  };
}

/** A word as a shell reads it; quoted only if it must be. */
function shown(word: string): string {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : quote(word);
}
