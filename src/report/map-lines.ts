/** An exposure map for a terminal of 80 columns. */
import type { ChalkInstance } from 'chalk';
import { DESTINATIONS, type Danger, type ExposureMap, type Verdict, type WayIn } from '../model/index.ts';
import { escape } from './escape.ts';
import { decisionTable, DESTINATION_WORDS, HOW_TO_READ, endpoints, entry, splitDangers, isInformation, networksWords, outTls, VERDICT_WORDS, wayFacts, type Cell, type ClientRow } from './map-words.ts'; // oxfmt-ignore
import { wrap } from './wrap.ts';

const WIDTH = 80;
/** Columns of the decision table: the client, then one for each destination. */
const [WHO, CELL] = [30, 22];

/** Ways in, sockets and ways out. Dangers come last, directly above the prompt. */
export function mapLines(map: ExposureMap, chalk: ChalkInstance): string[] {
  const { ways, sockets, out } = map;
  const [dangers, information] = splitDangers(map.dangers);
  const takesMail = ways.some(({ decisions }) => decisions.length > 0);
  return [
    ...(takesMail
      ? ['', ...wrap(`mynetworks: ${escape(networksWords(map))}`, WIDTH, '  ', '    '), chalk.dim(`  ${HOW_TO_READ}`)]
      : []),
    ...ways.flatMap((way) => ['', ...wayLines(way, chalk)]),
    ...section(
      'Sockets on which programs check passwords',
      sockets.flatMap(({ path, kind, mode, user, group, file, line }) =>
        placed(
          `  ${escape(path)}${kind === 'unix' ? `  ${mode} ${escape(`${user}:${group}`)}` : ''}`,
          file,
          line,
          chalk,
        ),
      ),
      chalk,
    ),
    ...section(
      'Ways out',
      out.flatMap(({ id, tls, file, line }) => placed(`  ${escape(id)}  ${escape(outTls(tls))}`, file, line, chalk)),
      chalk,
    ),
    ...section('Information', dangerLines(information, chalk), chalk),
    ...section('Dangers', dangerLines(dangers, chalk), chalk),
    '',
  ];
}

function section(title: string, lines: readonly string[], chalk: ChalkInstance): string[] {
  return lines.length === 0 ? [] : ['', chalk.bold(title), ...lines];
}

function wayLines(way: WayIn, chalk: ChalkInstance): string[] {
  const { file, line, decisions } = way;
  const [first = '', ...more] = wrap(escape(endpoints(way)), WIDTH);
  return [
    chalk.bold(first),
    ...more.map((one) => chalk.bold(one)),
    ...placed(`  ${escape(entry(way))}`, file, line, chalk),
    ...wayFacts(way).flatMap(([name, text]) => wrap(escape(text), WIDTH, `  ${name.padEnd(8)} `, ' '.repeat(11))),
    ...(decisions.length === 0 ? [] : tableLines(way, chalk)),
  ];
}

function tableLines({ decisions }: WayIn, chalk: ChalkInstance): string[] {
  const { rows, notes } = decisionTable(decisions);
  const head = ['client', ...DESTINATIONS.map((one) => DESTINATION_WORDS[one])];
  const [who = '', ...cells] = head;
  return [
    chalk.dim(`  ${who.padEnd(WHO)}${cells.map((one) => ` ${one.padEnd(CELL)}`).join('')}`.trimEnd()),
    ...rows.flatMap((row) => rowLines(row, chalk)),
    ...notes.flatMap((note, at) =>
      wrap(escape(note), WIDTH, `  ${`[${at + 1}]`.padEnd(4)} `, ' '.repeat(7)).map((one) => chalk.dim(one)),
    ),
  ];
}

function rowLines({ clients, cells }: ClientRow, chalk: ChalkInstance): string[] {
  const [first = '', ...more] = wrap(clients, WHO, '', '  ');
  const told = cells.map((cell) => ` ${cellText(cell, chalk)}`).join('');
  return [`  ${first.padEnd(WHO)}${told}`.trimEnd(), ...more.map((one) => `  ${one}`)];
}

function cellText({ verdict, note }: Cell, chalk: ChalkInstance): string {
  const paint: Readonly<Record<Verdict, (text: string) => string>> = {
    accepted: chalk.bold, // neither good nor bad: an open relay accepts too
    checked: chalk.cyan,
    unknown: chalk.yellow,
    refused: (text) => text,
    'no-login': chalk.dim,
  };
  const number = note === 0 ? '' : ` [${note}]`;
  const text = VERDICT_WORDS[verdict];
  return `${paint[verdict](text)}${chalk.dim(number)}${' '.repeat(Math.max(0, CELL - text.length - number.length))}`;
}

/** Each danger with its place; dangers with the same remedy share it. */
function dangerLines(dangers: readonly Danger[], chalk: ChalkInstance): string[] {
  return dangers.flatMap((danger, at) => {
    const { text, file, line, hint } = danger;
    const information = isInformation(danger);
    const sign = information ? chalk.cyan('·') : chalk.red('✖');
    const [first = '', ...more] = wrap(escape(text), WIDTH - 4);
    const paint = information ? (one: string): string => one : chalk.red;
    const isLast = dangers[at + 1]?.hint !== hint || dangers[at + 1]?.id !== danger.id;
    return [
      `  ${sign} ${paint(first)}`,
      ...more.map((one) => `    ${paint(one)}`),
      `    ${chalk.dim(`${escape(file)}:${line}`)}`,
      ...(isLast ? wrap(escape(hint), WIDTH, '    → ', '      ') : []),
    ];
  });
}

/** A text with its place at the right edge, or below if the line is too short. */
function placed(text: string, file: string, line: number, chalk: ChalkInstance): string[] {
  const place = `${escape(file)}:${line}`;
  const gap = WIDTH - text.length - place.length;
  if (gap >= 2) return [`${text}${' '.repeat(gap)}${chalk.dim(place)}`];
  return [...wrap(text.trimStart(), WIDTH, '  ', '    '), `    ${chalk.dim(place)}`];
}
