/** Generates man/harden-mail.1 from the option table: `npm run docs`. Read it with `man -l man/harden-mail.1`. */
import { readFileSync } from 'node:fs';
import { COMMANDS } from '../src/cli/command-names.ts';
import { HOST_DEFAULTS, RUN_DEFAULTS } from '../src/cli/config-names.ts';
import { envName, OPTIONS } from '../src/cli/options.ts';
import type { OptionRecord } from '../src/cli/options/option-record.ts';

const OPTION_LIST = Object.entries(OPTIONS) as [string, OptionRecord][];

/** The manual page in man(7) format. */
export function manualPage(): string {
  const { version } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')) as Manifest;
  return [
    `.\\" Made by \`npm run docs\` from the code. Do not edit.`,
    `.TH HARDEN\\-MAIL 1 "" "harden\\-mail ${version}" "User Commands"`,
    '.SH NAME',
    'harden\\-mail \\- set up authenticated and encrypted mail on Postfix and Dovecot hosts, over SSH',
    '.SH SYNOPSIS',
    ...Object.keys(COMMANDS).flatMap((name, index) => [
      ...(index === 0 ? [] : ['.br']),
      `.B harden\\-mail ${name}`,
      name === 'explain'
        ? '.RI [ SETTING ]'
        : name === 'report'
          ? '.BI "--html " FILE " [" FILE ]'
          : name === 'completion'
            ? '.I SHELL'
            : '.RI [ options ]',
    ]),
    '.SH DESCRIPTION',
    roff(
      "It reads the host's files, edits them without losing a byte, shows every change as a diff, makes all changes or none, reloads the daemons, " +
        'and checks the result from outside by SMTP, IMAP and POP3. Run it again after every upgrade. ' +
        'Progress and questions go to standard error, results to standard output.',
    ),
    '.SH COMMANDS',
    ...Object.entries(COMMANDS).flatMap(([name, describe]) => ['.TP', `.B ${roff(name)}`, roff(describe)]),
    '.SH OPTIONS',
    roff(
      'A flag overrides the environment, the environment the inventory, and the inventory the default, which ~/.config/harden-mail/config.yaml may set.',
    ),
    ...[...new Set(OPTION_LIST.map(([, { group }]) => group))].flatMap((group) => [
      `.SS ${group}`,
      ...OPTION_LIST.filter(([, record]) => record.group === group).flatMap(([name, record]) => option(name, record)),
    ]),
    '.SH EXIT STATUS',
    ...exitCodes().flatMap(([code, meaning]) => ['.TP', `.B ${code}`, roff(meaning)]),
    roff('With several hosts, the most severe status counts.'),
    '.SH ENVIRONMENT',
    '.TP',
    '.B HARDEN_MAIL_OPTION',
    roff(`Every option is also a variable: --acme-server is ${envName('acme-server')}.`),
    '.TP',
    '.BR HARDEN_MAIL_PROBE_PASSWORD',
    roff('The password for --probe-user.'),
    '.TP',
    '.BR NO_COLOR ", " FORCE_COLOR',
    roff('No colours, or colours even if the output is not a terminal; --color overrides both.'),
    '.SH FILES',
    '.TP',
    '.I ~/.config/harden\\-mail/config.yaml',
    roff(`Defaults, as NAME: VALUE in YAML: ${[...HOST_DEFAULTS, ...RUN_DEFAULTS].join(', ')}.`),
    '.SH SEE ALSO',
    '.BR ssh (1),',
    '.BR ssh_config (5),',
    '.BR postconf (5),',
    '.BR doveconf (1),',
    '.BR certbot (1)',
    '',
  ].join('\n');
}

interface Manifest {
  readonly version: string;
}

function option(name: string, record: OptionRecord): string[] {
  const value = record.type === 'boolean' ? '' : ` ${record.value ?? (record.choices ?? []).join('|')}`;
  const short =
    record.alias === undefined ? [] : [record.alias.length === 1 ? `-${record.alias}` : `--${record.alias}`];
  const names = [`--${name}`, ...short].map((flag) => `\\fB${roff(flag)}\\fR`).join(', ');
  const standard = record.default === undefined ? '' : ` (default: ${record.default})`;
  const only = record.only ? ` Only for ${record.only.join(', ')}.` : '';
  return [
    '.TP',
    `${names}${value === '' ? '' : `\\fI${roff(value)}\\fR`}`,
    roff(`${record.describe}${standard}.${only}`),
  ];
}

/** The rows of docs/exit-codes.md, which is written by hand. */
function exitCodes(): [code: string, meaning: string][] {
  const page = readFileSync(new URL('../docs/exit-codes.md', import.meta.url), 'utf8');
  return [...page.matchAll(/^\| (\d+) \| (.*) \|$/gm)].map(([, code = '', meaning = '']) => [
    code,
    meaning.replace(/\[([^\]]*)\]\([^)]*\)/g, '$1').replaceAll('`', ''),
  ]);
}

/** Escapes text for roff: hyphens can be copied, and no line begins like a request. */
function roff(text: string): string {
  return text
    .replaceAll('\\', '\\e')
    .replaceAll('-', '\\-')
    .replaceAll('’', "'")
    .replace(/^(?=[.'])/gm, '\\&');
}
