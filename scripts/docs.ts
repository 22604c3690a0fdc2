/**
 * Makes the tables of docs/ from the code: `npm run docs`. A unit test fails when a page is not what this makes.
 */
import { pathToFileURL } from 'node:url';
import { writeFile } from 'node:fs/promises';
import { describeCondition, describeMerge, describePlace } from '../src/explain.ts';
import type { Fragment } from '../src/fragments/fragment.ts';
import { FRAGMENTS } from '../src/fragments/index.ts';
import { COMMANDS, envName, OPTIONS, type OptionRecord } from '../src/options.ts';
import { CHECKS } from '../src/verify/checks.ts';
import { RECIPE, type Item } from './recipe.ts';

const MADE = '<!-- Made by `npm run docs` from the code. Do not edit. -->\n';

/** Every generated page, by path. */
export function pages(): Record<string, string> {
  return { 'docs/recipe.md': recipePage(), 'docs/settings.md': settingsPage(), 'docs/cli.md': cliPage() };
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
  return FRAGMENTS.filter(({ recipe }) => recipe.length === 0);
}

function settingsPage(): string {
  const rows = FRAGMENTS.map((one) => [
    code(one.setting),
    describePlace(one.place),
    code(describeMerge(one.merge)),
    describeCondition(one.when ?? {}),
    one.why,
    one.source,
  ]);
  return ['# Every setting\n', MADE, table(['Setting', 'Where', 'Value', 'Versions', 'Why', 'Source'], rows), ''].join(
    '\n',
  );
}

function cliPage(): string {
  const commands = Object.entries(COMMANDS).map(([name, describe]) => [code(`harden-mail ${name}`), describe]);
  const options = (Object.entries(OPTIONS) as [string, OptionRecord][]).map(([name, record]) => [
    code(`--${name}${record.type === 'boolean' ? '' : ` ${record.value ?? (record.choices ?? []).join('|')}`}`) +
      (record.alias === undefined
        ? ''
        : `, ${code(record.alias.length === 1 ? `-${record.alias}` : `--${record.alias}`)}`),
    (record.only ?? Object.keys(COMMANDS).filter((command) => command !== 'explain')).join(', '),
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
