/** Shell completion: a script generated from the option table. Only a Tab after --limit starts this program. */
import { COMMANDS, isHostCommand, SHELLS, type CommandName, type Shell } from './command-names.ts';
import { OPTIONS, optionsOf, type OptionName } from './options.ts';
import type { OptionRecord } from './options/option-record.ts';
import { quote } from '../formats/text/shell-quote.ts';

/** The completion script of a shell, for the folder where that shell looks for completions. */
export function completion(shell: Shell): string {
  return { bash, zsh, fish }[shell]();
}

const NAMES = Object.keys(COMMANDS) as CommandName[];
const ALL = Object.entries(OPTIONS) as [OptionName, OptionRecord][];

/** `explain` and `completion` take a word instead of options. */
const WORDS: Partial<Record<CommandName, readonly string[]>> = { explain: [], completion: SHELLS };

const flags = (options: readonly [OptionName, OptionRecord][]): string[] =>
  options.flatMap(([name, { alias }]) => [
    `--${name}`,
    ...(alias !== undefined && alias.length > 1 ? [`--${alias}`] : []),
  ]);

/** Hosts that the ssh configuration names, in a POSIX shell. `Include` is followed once. */
const SSH_HOSTS = `cd ~/.ssh 2>/dev/null
read_all() { for file; do [ -r "$file" ] && [ -f "$file" ] && cat "$file"; done; }
set -- config /etc/ssh/ssh_config
set -- "$@" $(read_all "$@" | awk 'tolower($1) == "include" { for (i = 2; i <= NF; i++) { sub(/^~/, ENVIRON["HOME"], $i); print $i } }')
read_all "$@" | awk 'tolower($1) == "host" { for (i = 2; i <= NF; i++) if ($i !~ /[*?!]/) print $i }' | sort -u`;

/** Hosts of the inventory that the command line names, else of the one that the environment or the configuration file names. */
const INVENTORY_HOSTS = `harden-mail check --list-hosts \${1:+--inventory="$1"} 2>/dev/null | awk '{ print $1 }'`;

const isHostOption = (name: OptionName): boolean => name === 'host';
const HOST_NAMES = NAMES.filter(isHostCommand);

const takesFile = ([, { value }]: readonly [OptionName, OptionRecord]): boolean => value === 'FILE';
const takesValue = ([, { type }]: readonly [OptionName, OptionRecord]): boolean => type !== 'boolean';

function bash(): string {
  const values = ALL.filter(takesValue).map((option) => {
    const [name, { choices, words: listed }] = option;
    const words = isHostOption(name)
      ? 'compgen -W "$(_harden_mail_ssh_hosts)" -- "$word"'
      : name === 'limit'
        ? `compgen -P "\${word%"\${word##*,}"}" -W "$(_harden_mail_inventory_hosts)" -- "\${word##*,}"`
        : takesFile(option)
          ? 'compgen -f -- "$word"'
          : listed
            ? `compgen -P "\${word%"\${word##*,}"}" -W '${listed.join(' ')}' -- "\${word##*,}"`
            : `compgen -W '${(choices ?? []).join(' ')}' -- "$word"`;
    return `    --${name}) mapfile -t COMPREPLY < <(${words}); return ;;`;
  });
  const commands = NAMES.map((name) => {
    const words = WORDS[name] ?? flags(optionsOf(name));
    return `    ${name}) words='${words.join(' ')}' ;;`;
  });
  return `# harden-mail in bash: harden-mail completion bash >~/.local/share/bash-completion/completions/harden-mail
_harden_mail_ssh_hosts() {
  sh -c ${quote(SSH_HOSTS)}
}
_harden_mail_inventory_hosts() {
  local n inventory=
  for ((n = 1; n < COMP_CWORD; n++)); do
    [ "\${COMP_WORDS[n]}" != --inventory ] || inventory=\${COMP_WORDS[n + 1]}
    [ "$inventory" != = ] || inventory=\${COMP_WORDS[n + 2]}
  done
  sh -c ${quote(INVENTORY_HOSTS)} sh "\${inventory/#\\~\\//$HOME/}"
}
_harden_mail() {
  local word=\${COMP_WORDS[COMP_CWORD]} before=\${COMP_WORDS[COMP_CWORD - 1]} words
  case $before in
${values.join('\n')}
  esac
  case \${COMP_WORDS[1]} in
${commands.join('\n')}
    *) words='' ;;
  esac
  case \${COMP_WORDS[1]}/$word in
    */-*) ;;
    ${HOST_NAMES.map((name) => `${name}/*`).join(' | ')}) words=$(_harden_mail_ssh_hosts) ;;
  esac
  [ "$COMP_CWORD" != 1 ] || words='${NAMES.join(' ')}'
  mapfile -t COMPREPLY < <(compgen -W "$words" -- "$word")
}
complete -F _harden_mail harden-mail
`;
}

function zsh(): string {
  const commands = NAMES.map((name) => `    ${quote(`${name}:${COMMANDS[name]}`)}`);
  const branches = NAMES.map((name) => {
    const words = WORDS[name];
    const hosts = isHostCommand(name) ? ["'*:host:_harden_mail_ssh_hosts'"] : [];
    const specs = words ? [quote(`1:word:(${words.join(' ')})`)] : [...optionsOf(name).map(zshSpec), ...hosts];
    return `    ${name}) _arguments ${specs.join(' ')} ;;`;
  });
  return `#compdef harden-mail
# harden-mail in zsh: harden-mail completion zsh >FOLDER-OF-FPATH/_harden-mail
_harden_mail_ssh_hosts() {
  local -a names=("\${(@f)$(sh -c ${quote(SSH_HOSTS)})}")
  compadd -a names
}
_harden_mail_inventory_hosts() {
  local at=\${words[(I)--inventory]} inventory=\${\${(M)words:#--inventory=*}#--inventory=}
  (( at )) && inventory=$words[at+1]
  local -a names=("\${(@f)$(sh -c ${quote(INVENTORY_HOSTS)} sh "\${inventory/#\\~\\//$HOME/}")}")
  compset -P '*,'
  compadd -a names
}
_harden_mail() {
  local -a commands=(
${commands.join('\n')}
  )
  if (( CURRENT == 2 )); then
    _describe command commands
    return
  fi
  local name=$words[2]
  shift words
  (( CURRENT-- ))
  case $name in
${branches.join('\n')}
  esac
}
if [ "$funcstack[1]" = _harden-mail ]; then _harden_mail "$@"; else compdef _harden_mail harden-mail; fi
`;
}

function zshSpec(option: [OptionName, OptionRecord]): string {
  const [name, { describe, choices, words, value = name }] = option;
  const what = isHostOption(name)
    ? '_harden_mail_ssh_hosts'
    : name === 'limit'
      ? '_harden_mail_inventory_hosts'
      : takesFile(option)
        ? '_files'
        : words
          ? `_values -s , ${value} ${words.join(' ')}`
          : `(${(choices ?? []).join(' ')})`;
  // A bracket would end the description.
  const text = describe.replaceAll('[', '(').replaceAll(']', ')');
  return quote(`--${name}[${text}]${takesValue(option) ? `:${value}:${what}` : ''}`);
}

function fish(): string {
  const commands = NAMES.map(
    (name) => `complete -c harden-mail -n __fish_use_subcommand -f -a ${name} -d ${quote(COMMANDS[name])}`,
  );
  const words = (Object.entries(WORDS) as [CommandName, readonly string[]][]).map(
    ([name, choices]) =>
      `complete -c harden-mail -n '__fish_seen_subcommand_from ${name}' -f -a '${choices.join(' ')}'`,
  );
  const options = ALL.map((option) => {
    const [name, { describe, choices, words: listed }] = option;
    const list = listed ? `(__fish_append , ${listed.join(' ')})` : (choices ?? []).join(' ');
    const on = NAMES.filter((command) => optionsOf(command).some(([one]) => one === name));
    const hosts = isHostOption(name)
      ? '__harden_mail_ssh_hosts'
      : name === 'limit'
        ? '__fish_append , (__harden_mail_inventory_hosts)'
        : '';
    const rest = hosts
      ? `-x -a '(${hosts})'`
      : !takesValue(option)
        ? '-f'
        : takesFile(option)
          ? '-r -F'
          : `-x -a '${list}'`;
    return `complete -c harden-mail -n '__fish_seen_subcommand_from ${on.join(' ')}' -l ${name} ${rest} -d ${quote(describe)}`;
  });
  return [
    '# harden-mail in fish: harden-mail completion fish >~/.config/fish/completions/harden-mail.fish',
    'function __harden_mail_ssh_hosts',
    `    sh -c ${fishQuote(SSH_HOSTS)}`,
    'end',
    'function __harden_mail_inventory_hosts',
    '    set -l words (commandline -opc)',
    '    set -l at (contains -i -- --inventory $words)',
    '    set -l inventory (string replace -f -- --inventory= "" $words)',
    '    test -n "$at"; and set inventory $words[(math $at + 1)]',
    `    sh -c ${fishQuote(INVENTORY_HOSTS)} sh (string replace -r "^~/" "$HOME/" -- "$inventory")`,
    'end',
    `complete -c harden-mail -n '__fish_seen_subcommand_from ${HOST_NAMES.join(' ')}' -f -a '(__harden_mail_ssh_hosts)'`,
    ...commands,
    ...words,
    ...options,
    '',
  ].join('\n');
}

/** In single quotes fish reads a backslash before a quote or a backslash. */
function fishQuote(text: string): string {
  return `'${text.replace(/[\\']/g, '\\$&')}'`;
}
