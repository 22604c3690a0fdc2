/** An exposure map on a host's part of the page. */
import { DESTINATIONS, dangersThatCount, type Verdict } from '../model/index.ts';
import { key, mono, section, sign, table } from './cells.ts';
import { count } from './count.ts';
import { decisionTable, DESTINATION_WORDS, endpoints, entry, HOW_TO_READ, splitDangers, isInformation, networksWords, outTls, VERDICT_WORDS, wayFacts, type Cell } from './map-words.ts'; // oxfmt-ignore
import { html, type Markup } from './markup.ts';
import type { MapOfDocument as ExposureMap } from './map-schema.ts';

type WayIn = ExposureMap['ways'][number];

/** `6 ways in · 2 dangers` */
export function mapGist(map: ExposureMap): string {
  const dangers = count(dangersThatCount(map).length, 'danger') || 'no danger found';
  return `${count(map.ways.length, 'way') || 'no way'} in · ${dangers}`;
}

/** The dangers first, then each way in, the sockets and the ways out. */
export function mapInside(map: ExposureMap): Markup[] {
  const { ways, sockets, out } = map;
  const [dangers, information] = splitDangers(map.dangers);
  return [
    ...section('Dangers', dangerTable(dangers)),
    ...section('Information', dangerTable(information)),
    ...section('mynetworks', [
      html`<p class="mono">${networksWords(map)}</p>`,
      html`<p class="soft">${HOW_TO_READ}</p>`,
    ]),
    ...ways.flatMap(wayInside),
    ...section(
      'Sockets on which programs check passwords',
      table(
        sockets.map(({ path, kind, mode, user, group, file, line }) => [
          mono(path),
          html`<td>${kind === 'unix' ? `${mode} ${user}:${group}` : kind}</td>`,
          mono(`${file}:${line}`),
        ]),
      ),
    ),
    ...section(
      'Ways out',
      table(out.map(({ id, tls, file, line }) => [mono(id), html`<td>${outTls(tls)}</td>`, mono(`${file}:${line}`)])),
    ),
  ];
}

function dangerTable(dangers: ExposureMap['dangers']): Markup[] {
  return table(
    dangers.map((danger) => [
      sign(isInformation(danger) ? 'info' : 'fail'),
      html`<td>
        ${danger.text}
        <p class="soft"><code>${danger.file}:${danger.line}</code></p>
        <p class="soft">${`→ ${danger.hint}`}</p>
      </td>`,
    ]),
  );
}

function wayInside(way: WayIn): Markup[] {
  const { file, line, decisions } = way;
  const facts: [string, string][] = [['entry', entry(way)], ...wayFacts(way)];
  const { rows, notes } = decisionTable(decisions);
  const head = ['client', ...DESTINATIONS.map((one) => DESTINATION_WORDS[one])];
  return [
    html`<h2>${endpoints(way)} <code class="soft">${file}:${line}</code></h2>`,
    ...table(facts.map(([name, text]) => [key(name), html`<td>${text}</td>`])),
    ...(rows.length === 0
      ? []
      : [
          html`<div class="decisions">
            ${table([
              head.map((one) => html`<td class="soft">${one}</td>`),
              ...rows.map(({ clients, cells }) => [html`<td>${clients}</td>`, ...cells.map(cell)]),
            ])}
            ${notes.map((note, at) => html`<p class="note">[${at + 1}] <span class="mono">${note}</span></p>`)}
          </div>`,
        ]),
  ];
}

const LOOK: Readonly<Record<Verdict, string>> = {
  accepted: 'accepted',
  checked: 'news',
  unknown: 'news',
  refused: '',
  'no-login': 'soft',
};

function cell({ verdict, note }: Cell): Markup {
  const number = note === 0 ? '' : html` <span class="soft">[${note}]</span>`;
  return html`<td><span class="${LOOK[verdict]}">${VERDICT_WORDS[verdict]}</span>${number}</td>`;
}
