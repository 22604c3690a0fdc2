/** Shell completion: a script generated from the option table, so that no Tab starts this program. */
import { COMMANDS, SHELLS, type CommandName, type Shell } from './command-names.ts';
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

const takesFile = ([, { value }]: readonly [OptionName, OptionRecord]): boolean => value === 'FILE';
const takesValue = ([, { type }]: readonly [OptionName, OptionRecord]): boolean => type !== 'boolean';

function bash(): string {
  const values = ALL.filter(takesValue).map((option) => {
    const [name, { choices, words: listed }] = option;
    const words = takesFile(option)
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
_harden_mail() {
  local word=\${COMP_WORDS[COMP_CWORD]} before=\${COMP_WORDS[COMP_CWORD - 1]} words
  case $before in
${values.join('\n')}
  esac
  case \${COMP_WORDS[1]} in
${commands.join('\n')}
    *) words='' ;;
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
    const specs = words ? [quote(`1:word:(${words.join(' ')})`)] : optionsOf(name).map(zshSpec);
    return `    ${name}) _arguments ${specs.join(' ')} ;;`;
  });
  return `#compdef harden-mail
# harden-mail in zsh: harden-mail completion zsh >FOLDER-OF-FPATH/_harden-mail
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
  const what = takesFile(option)
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
    const rest = !takesValue(option) ? '-f' : takesFile(option) ? '-r -F' : `-x -a '${list}'`;
    return `complete -c harden-mail -n '__fish_seen_subcommand_from ${on.join(' ')}' -l ${name} ${rest} -d ${quote(describe)}`;
  });
  return [
    '# harden-mail in fish: harden-mail completion fish >~/.config/fish/completions/harden-mail.fish',
    ...commands,
    ...words,
    ...options,
    '',
  ].join('\n');
}
