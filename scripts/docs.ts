/**
 * Makes the tables of docs/ from the code: `npm run docs`. A unit test fails when a page is not what this makes.
 */
import { pathToFileURL } from 'node:url';
import { writeFile } from 'node:fs/promises';
import { z } from 'zod';
import type { OldPlace } from '../src/convert/conversion.ts';
import { CONVERSION_RULES } from '../src/convert/conversion-rules.ts';
import { INTENDED } from '../src/exposure/intended.ts';
import { describeCondition, describeMerge, describePlace } from '../src/cli/explain.ts';
import type { Fragment } from '../src/fragments/fragment.ts';
import { FRAGMENTS } from '../src/fragments/index.ts';
import { inventorySchema } from '../src/inventory/inventory-schema.ts';
import { COMMANDS, commandsOf, envName, OPTIONS, type OptionRecord } from '../src/cli/options.ts';
import { documentJsonSchema } from '../src/report/document-schema.ts';
import { allViews, HOST_COMMAND_NAMES } from '../src/run/commands/index.ts';
import { CHECKS } from '../src/verify/checks.ts';
import { jsonFields } from './fields.ts';
import { auditPage } from './audit-page.ts';
import { exposurePicture } from './exposure-picture.ts';
import { manualPage } from './manual.ts';
import { RECIPE, type Item } from './recipe.ts';
import { releaseTables } from './releases.ts';

const VIEWS = await allViews();

const MADE = '<!-- Made by `npm run docs` from the code. Do not edit. -->\n';

/** Every generated page, by path. */
export function pages(): Record<string, string> {
  return {
    'docs/recipe.md': recipePage(),
    'docs/settings.md': settingsPage(),
    'docs/audit.md': auditPage(MADE, table),
    'docs/checks.md': checksPage(),
    'docs/cli.md': cliPage(),
    'docs/releases.md': releasesPage(),
    'docs/dovecot-2.4.md': conversionPage(),
    'docs/inventory.schema.json': inventorySchemaPage(),
    'docs/json.schema.json': `${JSON.stringify(documentJsonSchema(HOST_COMMAND_NAMES, VIEWS), null, 2)}\n`,
    'docs/json.md': jsonPage(),
    'docs/exposure.svg': exposurePicture(),
    'docs/guard.md': guardPage(),
    'man/harden-mail.1': manualPage(),
  };
}

function guardPage(): string {
  return [
    '# The guard\n',
    MADE,
    'Every plan (`apply`, strict, the way back to standard) is compared with the host as it is, by the two',
    '[exposure maps](exposure.md). What becomes looser for any class of client must be one of the effects below, each under its',
    'own condition. Everything else is left out of the plan, with the reason as a warning; where that is not possible the run ends',
    'with `WOULD_WEAKEN`, and nothing is written. A rollback tells what it opens, and is not refused.',
    '',
    'The plan shows each effect as `+ opens`, and what becomes stricter, and for whom, as `- stricter`. In `--json` they are',
    '`hosts[].plan.effects[]`.',
    '',
    '## What a plan may open',
    '',
    table(
      ['Effect', 'What opens, and on which condition'],
      INTENDED.map(({ id, what }) => [`\`${id}\``, what]),
    ),
    '',
    '## How fragments meet the guard',
    '',
    'Fragments are applied group by group (`src/plan/guarded.ts`). A group that the guard objects to is left out as a whole: the',
    'AUTH of port 25, say, with all that belongs to it. Settings whose effect depends on others (TLS and passwords before TLS) are judged',
    'once the whole plan stands.',
    '',
  ].join('\n');
}

function checksPage(): string {
  return [
    '# What verify checks\n',
    MADE,
    '`verify`, `check` and the proof of an `apply` look at every port for users and servers from outside, side by side. A check that fails',
    'ends the command with exit 5; a warning (`!`) and a hint (`·`) do not. What passed before an apply and fails after it undoes the apply.',
    '',
    table(
      ['Check', 'Ports', 'What it proves'],
      CHECKS.map(({ id, ports, proves }) => [`\`${id}\``, ports.join(', '), proves]),
    ),
    '',
    '## What a session proves',
    '',
    'A configuration can accept the login and then reject every session. `--probe-user NAME` therefore goes on after the login, as a mail',
    'client does: IMAP `LIST`, `STATUS` and `SELECT` of INBOX; POP3 `STAT`; submission `MAIL` and `RCPT` with the own address of the user,',
    'then `RSET`. No message is read, sent or changed; `SELECT` takes the `\\Recent` flags, as every client does.',
    '',
    'An apply is undone as well where nobody got in to read mail before, and a user who gets in after it has no mailbox or maildrop: the',
    'configuration that lets the user in is unusable. Three warnings undo an apply where the check passed before: an open relay, an INBOX',
    'for reading only, and an own address that is refused.',
    '',
    'Without `--probe-user` port 25 is asked, in the transaction of the relay question, for `root` at the mail domain. Postfix takes mail for',
    '`postmaster` without a look into its tables, so that address proves nothing. A table without its index gives `451 4.3.0` to everybody.',
    '',
    '## What the daemons say',
    '',
    'Where a check fails, the last lines of the daemons on that port are read from the journal of the host (one command, nothing where all is',
    'well), and stand below the finding as `log:`, in `--json` as `findings[].journal`. Secrets are masked. A program that died is named',
    'in the place of the silence that is seen from outside: `smtpd died: no SASL authentication mechanisms`. Lines about other clients and',
    'other users are left out. An apply that is put back tells the lines that the transaction read. A daemon that logs to a file of its own',
    'has no words in the journal.',
    '',
  ].join('\n');
}

function recipePage(): string {
  const chapters = RECIPE.map(({ title, file, items }) =>
    [
      `## ${title}${file === undefined ? '' : ` (\`${file}\`)`}`,
      table(['The recipe says', 'Carried out by', 'Why so', 'Proved by'], items.map(recipeRow)),
    ].join('\n\n'),
  );
  return [
    '# The recipe, line by line\n',
    MADE,
    'The recipe is of 2016 (Ubuntu 16.04, Postfix 3.1, Dovecot 2.2). Each of its lines and tests stands here in its order,',
    'with the record that carries it out today. Where a line is replaced, the reason stands beside it; where the words',
    'depend on the version, each form stands with its range. The probes are those of `harden-mail verify`; that they hold on',
    'a real host, with openssl and swaks as second opinion, is shown by `test/e2e/recipe.test.ts`.',
    '',
    chapters.join('\n\n'),
    '',
    '## What it adds',
    '',
    'Settings that no line of the recipe asks for, but its outcome does on the releases of today.',
    '',
    table(
      ['Setting', 'Value', 'Why'],
      added().map((one) => [code(one.id), `${code(describeMerge(one.merge))} ${versions(one)}`.trim(), one.why]),
    ),
    '',
  ].join('\n');
}

/** The fragments that quote a line of the recipe. */
export function carriedOutBy(line: string): Fragment[] {
  return FRAGMENTS.filter(({ recipe }) => recipe.includes(line));
}

function recipeRow(item: Item): string[] {
  if ('setting' in item) {
    const by = carriedOutBy(item.setting);
    const forms = by.map((one) => `${code(one.id)}: ${code(describeMerge(one.merge))} ${versions(one)}`.trim());
    return [
      code(item.setting),
      forms.join('<br>'),
      by
        .map(({ why }) => why)
        .filter(unique)
        .join('<br>'),
      by
        .map(({ task }) => code(`test/cases/${task}`))
        .filter(unique)
        .join('<br>'),
    ];
  }
  if ('frame' in item) return [code(item.frame), '–', item.note, '–'];
  if ('command' in item) return [code(item.command), item.by, '', '`test/e2e/recipe.test.ts`'];
  const probes = CHECKS.filter(({ id }) => (item.checks as readonly string[]).includes(id));
  return [
    `test: ${code(item.test)}<br>must show: ${item.see}`,
    probes.map(({ id }) => `probe ${code(id)} on ${item.ports.join(', ')}`).join('<br>'),
    probes.map(({ proves }) => proves).join('<br>'),
    '`harden-mail verify`, `test/e2e/recipe.test.ts`',
  ];
}

function added(): Fragment[] {
  return FRAGMENTS.filter(({ recipe, profile }) => recipe.length === 0 && profile === 'standard');
}

function settingsPage(): string {
  const rows = FRAGMENTS.map((one) => [
    code(one.setting),
    one.profile,
    describePlace(one.place),
    code(describeMerge(one.merge)),
    describeCondition(one.when ?? {}),
    one.why,
    one.source,
  ]);
  return [
    '# Every setting\n',
    MADE,
    'Those of the profile `standard` are part of `strict` too, which comes on top of them: [strict.md](strict.md).',
    '',
    table(['Setting', 'Profile', 'Where', 'Value', 'Versions', 'Why', 'Source'], rows),
    '',
  ].join('\n');
}

function releasesPage(): string {
  const { versions, alike, head, byRelease } = releaseTables('standard');
  const strict = releaseTables('strict');
  return [
    '# Releases\n',
    MADE,
    'What each release gets. Every setting with its reason and source: [settings.md](settings.md). An unknown version is refused',
    'before anything is written.',
    '',
    table(['Release', 'Postfix', 'Dovecot', 'What the tests do with it'], versions),
    '',
    '- `x`: the value, whatever stands there. *if unset*: what is set already stays. *at least*: a stricter one stays. *with*: these',
    "  members, beside the admin's own. *–*: not a setting of this release, or not needed there.",
    '',
    '## Where the release decides',
    '',
    table(head, byRelease),
    '',
    '## The same on all',
    '',
    table(['Setting', 'Value'], alike),
    '',
    '## What strict sets on top, where the release decides',
    '',
    table(head, strict.byRelease),
    '',
    '## What strict sets on top, the same on all',
    '',
    table(['Setting', 'Value'], strict.alike),
    '',
  ].join('\n');
}

/** For editors: the inventory's own validator as JSON Schema. */
function inventorySchemaPage(): string {
  const schema = z.toJSONSchema(inventorySchema, { io: 'input' });
  return `${JSON.stringify({ ...schema, title: 'An inventory of harden-mail' }, null, 2)}\n`;
}

function jsonPage(): string {
  return [
    '# `--json`\n',
    MADE,
    'One document on standard output at the end of the run; progress stays on standard error. [json.schema.json](json.schema.json) is its',
    'JSON Schema (2020-12). `version` is 1 and changes when a field is taken away or gets another meaning; new fields may come at any time.',
    '',
    table(['Field', 'What'], jsonFields(documentJsonSchema(HOST_COMMAND_NAMES, VIEWS))),
    '',
    '`--list-tasks --json` goes to no host and prints `{ "version": 1, "tasks": [{ "name", "title" }] }`.',
    '',
    'A command line that is not understood prints no document. Files come as unified diffs with secrets masked, never whole. Texts that come from a host are exact; in the document itself control and invisible',
    'characters stand as `\\uXXXX`. Escape them before you show a parsed text in a terminal.',
    '',
    '`harden-mail report --html FILE` makes a page of it for people:',
    '',
    '    harden-mail check --inventory hosts.json --json | harden-mail report --html out.html',
    '',
  ].join('\n');
}

function cliPage(): string {
  const commands = Object.entries(COMMANDS).map(([name, describe]) => [code(`harden-mail ${name}`), describe]);
  const options = (Object.entries(OPTIONS) as [string, OptionRecord][]).map(([name, record]) => [
    code(`--${name}${record.type === 'boolean' ? '' : ` ${record.value ?? (record.choices ?? []).join('|')}`}`) +
      (record.alias === undefined
        ? ''
        : `, ${code(record.alias.length === 1 ? `-${record.alias}` : `--${record.alias}`)}`),
    commandsOf(record).join(', '),
    record.describe + (record.default === undefined ? '' : ` (default: ${record.default})`),
    code(envName(name)),
  ]);
  return [
    '# The command line\n',
    MADE,
    table(['Command', 'What it does'], commands),
    '',
    'A flag wins over the environment, the environment over the inventory, the inventory over the default. Progress and',
    'questions go to standard error, results to standard output. Exit codes: [exit-codes.md](exit-codes.md).',
    '',
    table(['Option', 'For', 'What it says', 'Environment'], options),
    '',
  ].join('\n');
}

const PLACES: readonly (readonly [place: OldPlace, title: string])[] = [
  ['global', 'At the top, and in `protocol`, `local`, `local_name` and `remote` blocks'],
  ['service', 'In a `service`'],
  ['listener', 'In a listener'],
  ['passdb', 'In a `passdb`'],
  ['userdb', 'In a `userdb`'],
  ['namespace', 'In a `namespace`'],
  ['plugin', 'In `plugin { }`, which itself is gone'],
];

function conversionPage(): string {
  const chapters = PLACES.map(([place, title]) =>
    [
      `## ${title}`,
      '',
      table(
        ['2.3', '2.4', 'Why', 'Source'],
        CONVERSION_RULES.filter((rule) => rule.place === place).map(({ old, now, why, source }) => [
          code(old),
          now === '' ? 'becomes a comment, or is refused where it says something' : code(now),
          why,
          source,
        ]),
      ),
      '',
    ].join('\n'),
  );
  return [
    "# From Dovecot 2.3's configuration to 2.4's\n",
    MADE,
    "Dovecot 2.4 does not start with 2.3's files, and an upgrade (Debian 12 to 13) keeps those that somebody had edited. On such a",
    'host the plan begins with their conversion: shown in the diff like any change, and validated by `doveconf` before it goes live.',
    'Once it has stayed, `harden-mail rollback` does not lead back before it: Dovecot 2.4 does not start with what was. Files that are in',
    'the words of 2.4 already stay as they are; both may lie side by side.',
    '',
    '- A converted line stands where the old one stood. Comments, order and all other bytes stay; commented-out samples of 2.3 as well.',
    '- `dovecot_config_version` and `dovecot_storage_version` come first. They say 2.4.0, whose defaults are nearest to those of 2.3.',
    '- Blocks get the names that 2.4 wants: `passdb { driver = pam }` becomes `passdb pam { }`.',
    '- `%u`, `%Ln`, `%{rip}` and the like become `%{user}`, `%{user | username | lower}`, `%{remote_ip}`.',
    '- `dovecot-sql.conf.ext` and `dovecot-ldap.conf.ext` are converted in their place and included where they were named: what is secret',
    '  in them stays behind their own mode.',
    '- What has no effect any more (empty `dict` and `plugin` blocks, services that are gone, settings of plugins that are not installed)',
    '  becomes a comment.',
    '- What 2.3 took by default and 2.4 does not is written out for databases (password scheme, LDAP filters and fields). Other defaults',
    "  are the new release's: `mailbox_list_drop_noselect = yes`, `quota_storage_grace = 10M` (10 % before).",
    '- Passwords in schemes that 2.4 calls weak (MD5, SHA1, …) stay valid where the scheme is named: `auth_allow_weak_schemes = yes` is',
    '  written beside it. Where each password names its own scheme, that cannot be seen from here.',
    '',
    'Where a single line cannot be converted, none is: each is named with file and line, and with what to do. These are: quota in a',
    'dictionary or counted by `dirsize`, directors and replication, TCP wrappers, `fts_lucene` and `fts_squat`, plugins that Debian does',
    'not have for 2.4, files of global ACLs, dictionaries of `dict { }`, the databases `checkpassword`, `shadow`, `vpopmail` and `dict`,',
    'variables with `%H`, `%N` or `%{if}`, fields of databases that hold a whole location or quota rule and cannot be taken apart, and',
    'every setting that is not in these tables and that 2.4 does not know.',
    '',
    ...chapters,
  ].join('\n');
}

function versions({ when }: Fragment): string {
  const text = describeCondition(when ?? {});
  return text === 'all' ? '' : `(${text})`;
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]): string =>
    `| ${cells.map((cell) => cell.replaceAll('|', '\\|').replaceAll('\n', ' ')).join(' | ')} |`;
  return [line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n');
}

function code(text: string): string {
  return text === '' ? '' : `\`${text}\``;
}

function unique<T>(item: T, index: number, all: readonly T[]): boolean {
  return all.indexOf(item) === index;
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  for (const [path, text] of Object.entries(pages())) await writeFile(path, text);
}
