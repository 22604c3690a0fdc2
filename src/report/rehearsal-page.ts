/** A rehearsal on the page: its acts, the outages by port, and the diffs of each act. */
import type { Rehearsal } from '../model/index.ts';
import { key, section, sign, table } from './cells.ts';
import type { Frozen } from './ending-view.ts';
import { fileDiff } from './file-diff.ts';
import { html, type Markup } from './markup.ts';
import { outageText } from './rehearsal-lines.ts';

type Shown = Pick<Frozen<Rehearsal>, 'acts' | 'differences' | 'unrehearsed'>;

/** The verdict is in the host's row above. */
export function rehearsalPage({ acts, differences, unrehearsed }: Shown): Markup[] {
  const list = (texts: readonly string[]): Markup[] => table(texts.map((text) => [html`<td>${text}</td>`]));
  return [
    ...section(
      'Acts',
      table(
        acts.map(({ name, seconds, faults, notes, outages }) => [
          sign(faults.length === 0 ? 'ok' : 'fail'),
          key(name),
          html`<td class="number">${seconds.toFixed(1)} s</td>`,
          html`<td>
            ${faults.map((text) => html`<p>${text}</p>`)}
            ${outages.length > 0 ? html`<p>${outageText(outages)}</p>` : ''}
            ${notes.map((text) => html`<p class="soft">${text}</p>`)}
          </td>`,
        ]),
      ),
    ),
    ...section('Seconds without an answer, by port', outageTable(acts)),
    // A rollback's are those of the apply, the other way round.
    ...acts
      .filter(({ name }) => name !== 'rollback')
      .flatMap(({ name, files }) =>
        section(
          `Files that change: ${name}`,
          files.map(({ path, diff }) => fileDiff(path, diff, false)),
        ),
      ),
    ...section('The copy differs from the host', list(differences)),
    ...section('Not rehearsed', list(unrehearsed)),
  ];
}

/** A row for each port that was out, a column for each act. The keyboard can scroll it where it is wider than the page. */
function outageTable(acts: Frozen<Rehearsal>['acts']): Markup[] {
  const ports = [...new Set(acts.flatMap(({ outages }) => outages.map(({ port }) => port)))].sort((a, b) => a - b);
  if (ports.length === 0) return [];
  const rows = ports.map((port) => {
    const cells = acts.map(({ outages }) => {
      const seconds = outages.find((outage) => outage.port === port)?.seconds;
      return seconds === undefined
        ? html`<td class="soft">&ndash;</td>`
        : html`<td class="bad">${seconds.toFixed(1)}</td>`;
    });
    return html`<tr>
      <th scope="row">${port}</th>
      ${cells}
    </tr>`;
  });
  return [
    html`<div class="wide" role="region" aria-label="Seconds without an answer, by port and act" tabindex="0">
      <table class="matrix">
        <thead>
          <tr>
            <th scope="col">port</th>
            ${acts.map(({ name }) => html`<th scope="col">${name}</th>`)}
          </tr>
        </thead>
        <tbody>
          ${rows}
        </tbody>
      </table>
    </div>`,
  ];
}
