/**
 * Generates the tables of docs/ from the code: `npm run docs`. A unit test fails when a page is out of date.
 */
import { pathToFileURL } from 'node:url';
import { writeFile } from 'node:fs/promises';
import { z } from 'zod';
import type { OldPlace } from '../src/convert/conversion.ts';
import { CONVERSION_RULES } from '../src/convert/conversion-rules.ts';
import { INTENDED } from '../src/exposure/intended.ts';
import { UBUNTU_DIFFERS, UPGRADES } from '../src/debian/releases.ts';
import { describeCondition, describeMerge, describePlace, describeStep, RULE_STATES } from '../src/cli/explain.ts';
import type { Fragment } from '../src/fragments/fragment.ts';
import { FRAGMENTS } from '../src/fragments/index.ts';
import { inventorySchema } from '../src/inventory/inventory-schema.ts';
import { COMMANDS } from '../src/cli/command-names.ts';
import { commandsOf, envName, OPTIONS } from '../src/cli/options.ts';
import type { OptionRecord } from '../src/cli/options/option-record.ts';
import { documentJsonSchema } from '../src/report/document-schema.ts';
import { POSTFIX_RULES } from '../src/modernize/rules.ts';
import { allViews, HOST_COMMAND_NAMES } from '../src/run/commands/index.ts';
import { CHECKS } from '../src/verify/checks/index.ts';
import { configSchema } from './config-schema.ts';
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
    'docs/postfix-upgrades.md': postfixPage(),
    'docs/inventory.schema.json': inventorySchemaPage(),
    'docs/config.schema.json': `${JSON.stringify(configSchema(), null, 2)}\n`,
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
    'Every plan (`apply`, strict, the way back to standard) is compared with the present host, by the [exposure maps](exposure.md)',
    'of both. Everything that becomes looser for any class of client must be one of the effects below, under its own condition.',
    'Everything else is left out of the plan, with the reason as a warning. If it cannot be left out, the run ends with',
    '`WOULD_WEAKEN`, and nothing is written. So does a plan that would end all logins of a listener. A rollback reports what it opens and',
    'is not refused.',
    '',
    'The plan shows each effect as `+ opens`, and each restriction, with the clients concerned, as `- stricter`. The restrictions stand',
    'again in the summary above the question, with what clients need from then on (TLS 1.2, for example) because of a setting that changes.',
    'In `--json` they are `hosts[].plan.effects[]`.',
    '',
    '## What a plan may open',
    '',
    table(
      ['Effect', 'Access that opens, and its condition'],
      INTENDED.map(({ id, what }) => [`\`${id}\``, what]),
    ),
    '',
    '## How fragments meet the guard',
    '',
    'Fragments are applied group by group (`src/plan/guarded.ts`). If the guard objects to a group, the whole group is left out: for',
    'example the AUTH of port 25 with all its settings. Settings whose effect depends on others (TLS, and passwords before TLS) are',
    'judged when the whole plan is complete.',
    '',
  ].join('\n');
}

function checksPage(): string {
  return [
    '# What verify checks\n',
    MADE,
    '`verify`, `check` and `apply` look from outside at every port for users and servers, in parallel. After a failed check the command ends',
    'with exit 5; a warning (`!`) or a hint (`·`) does not change the exit code. If a check passed before an apply and fails after it, the',
    'apply is undone.',
    '',
    table(
      ['Check', 'Ports', 'Proves'],
      CHECKS.map(({ id, ports, proves }) => [`\`${id}\``, ports.join(', '), proves]),
    ),
    '',
    'The output is a table of ports and checks: `✔` passed, `✖` failed, `!` a warning, `·` a hint; an empty place means that the port has no such',
    'check. Below it stand the checks that did not pass, and what was seen of the certificate. `--verbose` prints every check in words.',
    '',
    '## Sessions',
    '',
    'A configuration can accept the login and then reject every session. With `--probe-user NAME` the check therefore continues after the',
    'login, as a mail client does: IMAP `LIST`, `STATUS` and `SELECT` of INBOX; POP3 `STAT`; submission `MAIL` and `RCPT` with the',
    'own address of the user, then `RSET`. No message is read, sent or changed; `SELECT` clears the `\\Recent` flags, as every client does.',
    '',
    'An apply is also undone if no user could log in to read mail before, and a user who can log in after it has no mailbox or maildrop:',
    'the new configuration is unusable. Three warnings undo an apply if the check passed before: an open relay, a read-only INBOX, and a',
    'server that refuses the own address of the user.',
    '',
    'Even without `--probe-user`, the relay question on port 25 also asks for `root` at the mail domain. Postfix accepts mail for',
    '`postmaster` without reading its tables, so that address would prove nothing. If a table has no index, every client gets `451 4.3.0`.',
    '',
    '## Log lines',
    '',
    'If a check fails, `verify` reads the last lines of the daemons on that port from the journal of the host (one command; none if no check',
    'fails). They follow the finding as `log:`, in `--json` as `findings[].journal`. Secrets are masked. If a program died, its last line',
    'replaces the silence that is seen from outside: `smtpd died: no SASL authentication mechanisms`. Lines about other clients and other',
    'users are left out. For an apply that is undone, the report has the lines that the transaction read. A daemon that logs to its own file',
    'has no lines in the journal.',
    '',
  ].join('\n');
}

function recipePage(): string {
  const chapters = RECIPE.map(({ title, file, items }) =>
    [
      `## ${title}${file === undefined ? '' : ` (\`${file}\`)`}`,
      table(['Line of the recipe', 'Carried out by', 'Reason', 'Proved by'], items.map(recipeRow)),
    ].join('\n\n'),
  );
  return [
    '# The recipe, line by line\n',
    MADE,
    'The recipe dates from 2016 (Ubuntu 16.04, Postfix 3.1, Dovecot 2.2). This page has each of its lines and tests in its order,',
    'with the record that carries it out today. If a line is replaced, the reason follows. If the syntax depends on the version, each',
    'form has its version range. The probes are those of `harden-mail verify`; `test/e2e/recipe.test.ts` checks them on a real host,',
    'with openssl and swaks as a second opinion.',
    '',
    chapters.join('\n\n'),
    '',
    '## What it adds',
    '',
    'Settings that no line of the recipe has, but that current releases need for the same result.',
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
    'The settings of profile `standard` are also part of `strict`, which adds further ones: [strict.md](strict.md).',
    '',
    table(['Setting', 'Profile', 'Place', 'Value', 'Versions', 'Why', 'Source'], rows),
    '',
  ].join('\n');
}

function postfixPage(): string {
  const kinds = [
    ['restriction', 'Restrictions'],
    ['parameter', 'Parameters'],
    ['table', 'Types of tables'],
    ['default', 'Defaults'],
    ['service', 'Services, and what the packages write'],
  ] as const;
  return [
    '# What an upgrade of Postfix changes\n',
    MADE,
    'A new version of Postfix starts with the old files, and some of their words no longer mean what they did. `harden-mail check',
    '--upgrade-to RELEASE` names each with its file and line, says what `apply` will write, and what is left to you. `apply` on a host',
    'with that version writes the same meaning in the words of that version: in place, in main.cf and in every entry of master.cf;',
    'comments, order and layout stay. `harden-mail explain NAME` shows one rule.',
    '',
    '- The [guard](guard.md) compares the result with the old files as the version before the removal reads them. Nothing becomes looser:',
    '  a plan that would let in more ends with `CONFIG_CONFLICT`.',
    '- A parameter that another one names (`$name`) stays, with the place that names it.',
    '- Restrictions that stand in tables (the right-hand side of an access table) are not read: look for them with',
    "  `grep -rE 'reject_maps_rbl|check_relay_domains|permit_naked_ip_address' /etc/postfix`.",
    '',
    ...kinds.flatMap(([kind, title]) => [
      `## ${title}`,
      '',
      table(
        ['Name', 'Since Postfix', 'State', 'Instead', '`apply`', 'Why', 'Source'],
        POSTFIX_RULES.filter((one) => one.kind === kind).map((one) => [
          /^[\w:]+$/.test(one.what) ? code(one.what) : one.what,
          one.since,
          RULE_STATES[one.state],
          one.instead || '–',
          describeStep(one.step),
          one.why,
          one.source,
        ]),
      ),
      '',
    ]),
  ].join('\n');
}

function releasesPage(): string {
  const { versions, alike, head, byRelease } = releaseTables('standard');
  const strict = releaseTables('strict');
  return [
    '# Releases\n',
    MADE,
    'The settings that each release gets. Every setting with its reason and source: [settings.md](settings.md). An unknown version is',
    'refused before anything is written.',
    '',
    table(['Release', 'Postfix', 'Dovecot', 'How it is tested'], versions),
    '',
    `No test runs on Ubuntu itself. Beside what the table says, not proved are ${UBUNTU_DIFFERS}. The plan for an Ubuntu host says`,
    'so too ("is tested as").',
    '',
    'A system that is built on Debian or Ubuntu (Raspberry Pi OS, Linux Mint, …) is refused with `UNSUPPORTED_OS`. With `--assume-os`, or',
    '`assumeOs` in an inventory, it is treated as the release that its os-release names (`ID_LIKE`, and `UBUNTU_CODENAME`,',
    '`DEBIAN_CODENAME` or `VERSION_CODENAME`), if that is one of the table; the plan warns that no test runs on it.',
    '',
    `\`check --upgrade-to\` takes ${UPGRADES.join(', ')}: from the release before it, of the same distribution.`,
    '',
    '- `x`: this value, whatever is set now. *if unset*: a value that is already set stays. *at least*: a stricter value stays. *with*:',
    "  these members, in addition to the administrator's own. *–*: not a setting of this release, or not needed there.",
    '',
    '## Settings that depend on the release',
    '',
    table(head, byRelease),
    '',
    '## Settings that are the same on all releases',
    '',
    table(['Setting', 'Value'], alike),
    '',
    '## Additional settings of strict that depend on the release',
    '',
    table(head, strict.byRelease),
    '',
    '## Additional settings of strict that are the same on all releases',
    '',
    table(['Setting', 'Value'], strict.alike),
    '',
  ].join('\n');
}

/** For editors: the inventory's own schema as JSON Schema. */
function inventorySchemaPage(): string {
  const schema = z.toJSONSchema(inventorySchema, { io: 'input' });
  return `${JSON.stringify({ ...schema, title: 'An inventory of harden-mail' }, null, 2)}\n`;
}

function jsonPage(): string {
  return [
    '# `--json`\n',
    MADE,
    'The output is one document on standard output at the end of the run; progress goes to standard error. The JSON Schema (2020-12) of',
    'the document is [json.schema.json](json.schema.json). `version` is 1 and changes when a field is removed or its meaning changes;',
    'new fields may be added at any time.',
    '',
    table(['Field', 'Meaning'], jsonFields(documentJsonSchema(HOST_COMMAND_NAMES, VIEWS))),
    '',
    '`--list-tasks --json` contacts no host and prints `{ "version": 1, "tasks": [{ "name", "title" }] }`.',
    '',
    'For an invalid command line there is no document. Files appear as unified diffs with secrets masked, never whole. Texts from a host',
    'are exact; the document escapes control and invisible characters as `\\uXXXX`. Escape them before you show a parsed text in a',
    'terminal.',
    '',
    '`harden-mail report --html FILE` makes an HTML page from it:',
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
    table(['Command', 'Purpose'], commands),
    '',
    'A flag overrides the environment, the environment the inventory, and the inventory the default, which',
    '`~/.config/harden-mail/config.yaml` may set ([fleets.md](fleets.md#defaults-of-your-own)). Progress and',
    'questions go to standard error, results to standard output. Exit codes: [exit-codes.md](exit-codes.md).',
    '',
    table(['Option', 'For', 'Meaning', 'Environment'], options),
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
  ['plugin', 'In `plugin { }`, which 2.4 removed'],
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
          now === '' ? 'becomes a comment; refused if its value matters' : code(now),
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
    "Dovecot 2.4 does not start with 2.3's files, and an upgrade (Debian 12 to 13) keeps files that somebody has edited. On such a",
    'host the plan begins with their conversion: the diff shows it like any change, and `doveconf` validates it before it goes live.',
    'After a conversion, `harden-mail rollback` does not go back before it, because Dovecot 2.4 does not start with the old files.',
    'Files in the syntax of 2.4 stay as they are; a host may have files of both.',
    '',
    "- An upgrade replaces the packages' files that nobody has edited, and their new text says other things: `20-lmtp.conf` has LMTP look up",
    '  `anna` for anna@example.org, `auth-sql.conf.ext`, `auth-ldap.conf.ext` and the other included ones name no database any more,',
    '  `10-mail.conf` sets a home, `90-fts.conf` an index, `20-managesieve.conf` opens port 2000. Where other files are still those of 2.3,',
    "  the meaning of 2.3's comes back: such a line becomes a comment, and the database is written there.",
    '- A converted line replaces the old one in place. Comments, order and all other bytes stay, and so do commented-out samples of 2.3.',
    '- `dovecot_config_version` and `dovecot_storage_version` come first. They are 2.4.0, whose defaults are closest to those of 2.3.',
    '- Blocks get the names that 2.4 requires: `passdb { driver = pam }` becomes `passdb pam { }`.',
    '- `%u`, `%Ln`, `%{rip}` and the like become `%{user}`, `%{user | username | lower}`, `%{remote_ip}`.',
    '- `dovecot-sql.conf.ext`, `dovecot-ldap.conf.ext` and `dovecot-oauth2.conf.ext` are converted in place and included where they were named; their',
    '  secrets stay protected by their own mode.',
    '- A `passdb { driver = oauth2 }` that checks tokens becomes `oauth2 { }`, one that sends passwords (`use_grant_password`) `passdb oauth2 { }`, with',
    '  the defaults of 2.3 for all that it would inherit. 2.4 shows a token to no other passdb, except to those with `deny`. Where the server answers',
    '  a wrong password with an error (400 and above), as the standard has it, 2.4 tells the client of a temporary failure.',
    '- Lines without effect in 2.4 (empty `dict` and `plugin` blocks, removed services, settings of plugins that are not installed) become',
    '  comments.',
    '- Defaults of 2.3 that 2.4 dropped are written out for databases and passwd-files (password scheme, LDAP filters and fields), attachments and',
    '  imapsieve.',
    "  The default of mailbox lists is the new release's: `mailbox_list_drop_noselect = yes`.",
    '- Where `service lmtp` runs as another user than root, that user gets the socket of anvil, which lmtp asks in 2.4.',
    '- A value that a later file replaces becomes a comment: in 2.4 the later one would inherit its parts.',
    '- 2.4 refuses passwords in schemes that it calls weak (MD5 and DES in all their forms; SHA1 is none of them). `auth_allow_weak_schemes = yes` is',
    '  written above the first passdb that needs it: a passwd-file with such a password (the host counts them; nothing but the number and the name of',
    '  a scheme leaves it), and SQL, LDAP and Lua, whose passwords cannot be seen: each may name a scheme of its own, whatever default_pass_scheme',
    '  says. A host whose passwords are all strong does not get it. Remove the line when no weak password is left.',
    '- The daemons of 2.4.5 take some of their own defaults, whatever `dovecot_config_version` says. So these of 2.3 are written out for it:',
    '  `mail_attachment_detection_options` is empty (or each mail that is read gets a keyword), and `mailbox_directory_name_legacy = yes` stands beside',
    '  an index outside of sdbox and mdbox (or flags are lost).',
    '- The last mail may exceed the quota by 10 % (`quota_grace`). 2.4 has a size: harden-mail writes that part of the limit in the files, and has SQL,',
    "  LDAP and passwd-files return that part of each user's own limit. Of megabytes in LDAP and passwd-files it is 100 kilobytes each.",
    '- A user who exceeds the quota, as a delivery within the grace leaves it, can move mail to any folder in 2.3. 2.4 refuses that like a copy, except to a',
    '  folder with enough `quota_storage_extra`. No setting keeps the old behaviour; the plan says so.',
    '- A quota in a dictionary becomes `count`, and the plugin quota_clone goes on writing the dictionary for the panel that shows it. Run',
    "  `doveadm quota recalc -A` once, at a quiet hour: it counts what is in the mailboxes (each user's first session does it otherwise).",
    '- Where a query, an LDAP attribute or a passwd-file has a whole location (`maildir:/srv/x:INDEX=/srv/i/x`) or a whole quota rule, only the database',
    '  knows its parts. The column becomes `old_mail` or `old_quota_rule`, and `fields { }` takes the text apart at each login. Locations may have',
    '  `INDEX`, `CONTROL` and `VOLATILEDIR`, or no format (both releases look what is there). With any other text the session ends with an error in',
    '  the log, and 2.4 never looks for mails in another place.',
    '- A field whose LDAP attribute an entry lacks was left out by 2.3; it has a default now: the limit, home or owner of all other users.',
    '',
    '- A setting in `plugin { }` that nothing reads, because its plugin is not loaded or no plugin has it, becomes a comment where 2.4 has no',
    '  such setting. The plan names each.',
    '- Where the files have no namespace, limits and the like of single mailboxes go into `namespace inbox { inbox = yes }`, which both releases have then.',
    '- `notify`, `imapflags` and `vnd.dovecot.duplicate` leave the lists of Sieve extensions: Pigeonhole 2.4 has no such extensions. A script that requires',
    '  one fails, and its mail stays in INBOX; the plan warns of it.',
    '- mailbox_alias is gone. A folder that has two names is listed under both, with the same mails; the plan warns of it. A name that a client makes',
    '  later is a folder of its own.',
    '- 2.4 listens for submission on 465, too; where the protocol is on, that listener is switched off unless the files set it.',
    '- A program for quota warnings that calls `dovecot-lda -o plugin/quota=…` is not converted, as harden-mail reads no programs; the plan tells of it.',
    '',
    'If a single line cannot be converted, nothing is converted: each such line is reported with file and line and the next step. They',
    'are: quota that several users share or that `dirsize` counts, directors, TCP wrappers, `fts_lucene` and `fts_squat`, loaded plugins that Debian',
    'does not have for 2.4 (antispam), the mechanisms `ntlm`, `otp`, `skey` and `rpa`, folders of global ACLs, the databases `checkpassword`, `shadow`, `vpopmail` and `dict`,',
    'variables with `%H`, `%N` or `%{if}`, columns that hold a whole location or quota rule, and every setting that is not in these tables and that',
    '2.4 does not know. Of oauth2: tokens as passwords (a passdb without `mechanisms`), two servers for tokens,',
    '`active_attribute` beside `tokeninfo_url` or `use_grant_password` (2.4 looks for it in the first answer, and refuses all users), `pass_attrs` with the',
    'password, and any `pass_attrs` with 2.4.1, which does not give the fields to the session, and whose auth process ends where an answer lacks one.',
    '',
    'Replication has no successor in 2.4: `replicator` and the plugin are gone, and two servers that go on with different releases do not',
    "replicate either. Before the upgrade, decide for one server: run `doveadm replicator replicate -f '*'` until nothing is left to copy, point all clients",
    'at that server, and remove `replication` from mail_plugins, `mail_replica` and the services for it. A second copy can be made by',
    '`doveadm backup` from cron, or below Dovecot, by replicated block devices or file systems.',
    '',
    '`npm run test:convert-hosts` proves the conversion: configurations as guides and panels make them run on Debian 12 with users and mail,',
    'move to Debian 13, and every session there must give the same answers ([test/convert-hosts](../test/convert-hosts/README.md)).',
    '',
    MAILBOX_PROOF,
    '',
    ...chapters,
  ].join('\n');
}

const MAILBOX_PROOF = `## Proof with mailboxes

Before a conversion goes live, the host lists users' mailboxes with the staged files and compares. If a user would lose something, apply
refuses the changes, with the names of users and mailboxes. Nothing is written, neither to the configuration nor to a mailbox: the list is
made by the separate Dovecot of [transaction.md](transaction.md#sessions-of-users). \`--no-mailboxes\` applies without this proof.

The comparison needs a list from before the upgrade. While Dovecot 2.3 runs:

    harden-mail check --upgrade-to trixie --record HOST

keeps it on the host, as \`/var/lib/harden-mail/mailboxes\`, readable by root only: for each mailbox the name, the number and size of its
mails, UIDVALIDITY, the next UID and the GUID; for each user the subscriptions, the limits of quotas, the home and the root of the mailboxes. It has nothing
of any mail. Nothing else is written, and without \`--record\` nothing at all. The apply that converts the files removes it in the end.

| with a list, a loss is | no loss is |
| --- | --- |
| a mailbox that is missing while it is still on disk (its GUID is in a list of UIDs or an index, or its mbox exists); a missing INBOX | a mailbox that the user has deleted since then |
| a mailbox whose name differs by separators, or by a prefix where half of the user's mailboxes do | one that the user has renamed |
| another UIDVALIDITY, or a lower next UID | mail that has come, mail that was deleted; a mailbox that the user has made again |
| fewer bytes in as many mails | other sizes with other mails, and a size that takes more than 30 s to count |
| a subscription that is missing | some that are missing where the user's file of subscriptions is newer than the list |
| another limit of a quota, or none | a limit that is new |
| a user whom no database knows any more, whose home or mailboxes are there; mailboxes that cannot be listed | a new user; a user who is gone with all mail |

Users whom the list does not have, which without a list are all, are compared with what is on disk: below their homes, the roots of their mailboxes, and
the places that the old files name. A loss is

- an empty or missing INBOX beside a folder with mail that belongs to no mailbox (Maildir, mbox, sdbox, mdbox);
- a folder with mail in the root of the mailboxes that belongs to no mailbox (only a note where ACLs or namespaces with \`list = no\` hide folders);
- an empty mailbox whose Maildir has mail;
- without a list: a prefix or separator of a namespace that the old files have and the new ones do not, and a quota for all
  users that limits nobody any more.

A folder that neither Dovecot has ever opened nor the old files name does not count. Changed names of single folders and lost subscriptions show only
with a list: record it before the upgrade.

**The users.** \`--all-users\`, for \`check --record\` and for \`apply\`, takes all. Without it there are 20 in a list, and 20 in an apply besides those of
a list: the last five logins, then one of each domain in turn (local users count as a domain), since Dovecot does not tell which database knows a
user. Databases that cannot be listed (static, SQL without \`iterate_query\`, LDAP whose \`iterate_filter\` finds nobody) are reported; then the users are those
of the last logins, the owners of mail folders and those in passwd-files. System users are left out.

If the host allows no namespaces, or a session needs more than 256 MB of memory for indexes, the report says that mailboxes were not compared,
or whose. On two processors that had 50 other processes to run,
the list of 200 users with five mailboxes each took 49 s, and the whole apply 87 s.`;

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
