/** The unfolded part below a host's row. */
import { SEVERITIES } from '../model/index.ts';
import { key, mark, section, sign, table } from './cells.ts';
import { count } from './count.ts';
import { fileDiff } from './file-diff.ts';
import { WAY } from './findings.ts';
import { html, type Markup } from './markup.ts';
import { likeFindings, matrixOf } from './matrix.ts';
import type { DocumentHost } from './document-schema.ts';

type Plan = NonNullable<DocumentHost['plan']>;

/** @param own content from the view of the host's ending */
export function hostInside(host: DocumentHost, own: readonly Markup[]): Markup[] {
  const parts = [
    ...(host.grade ? [gradeBlock(host.grade)] : []),
    ...own,
    ...(host.plan ? ofPlan(host.plan, host.outcome === 'changed' ? 'Changed files' : 'Files that would change') : []),
    ...section('Seen from outside', findings(host)),
  ];
  return parts.length > 0 ? parts : [html`<p class="soft">No further information.</p>`];
}

function ofPlan({ tasks, files, notes, effects, activations }: Plan, title: string): Markup[] {
  return [
    ...section(
      'Tasks',
      table(tasks.map(({ name, state, summary }) => [sign(state), key(name), html`<td>${summary}</td>`])),
    ),
    ...section('Notes', table(notes.map(({ level, text }) => [sign(level), html`<td>${text}</td>`]))),
    ...section(
      'Clients that may do more, or less',
      table(effects.map(({ kind, text }) => [key(kind === 'opens' ? 'opens' : 'stricter'), html`<td>${text}</td>`])),
    ),
    ...section(
      title,
      files.map(({ path, was, diff: text }) => fileDiff(path, text, was !== 'new' && was !== 'removed')),
    ),
    ...section(
      'Daemons',
      table(activations.map(({ unit, how, why }) => [key(`${how} ${unit}`), html`<td>${why}</td>`])),
    ),
  ];
}

/** The grade of an audit, and what leads to the next one. */
function gradeBlock({ grade, cap, next, steps }: NonNullable<DocumentHost['grade']>): Markup {
  const look = grade.startsWith('A') ? 'good' : grade === 'B' ? 'news' : 'bad';
  return html`<div class="grade">
    <b class="${look}">${grade}</b>
    <div>
      <p>${cap === 'ok' ? 'No finding caps the grade.' : `Findings of severity ${cap} cap the grade.`}</p>
      ${steps.map(({ profile, checks }) => {
        const how = profile === null ? 'by hand' : `apply --profile ${profile}`;
        return html`<p class="soft">To ${next ?? grade}, ${how}: ${checks.join(', ')}</p>`;
      })}
    </div>
  </div>`;
}

const SEVERITY = ['fail', 'warn', 'hint', 'pass'];

type Found = DocumentHost['findings'][number];

/** Everything that is not well, like findings together; the matrix of all checks; and all of them in words, folded. */
function findings({ host, findings: all }: DocumentHost): Markup[] {
  if (all.length === 0) return [];
  const [bad, well] = [all.filter(({ status }) => status !== 'pass'), all.filter(({ status }) => status === 'pass')];
  return [
    ...table(grouped(bad)),
    matrixTable(all, host),
    ...(well.length === 0
      ? []
      : [
          html`<details class="passed">
            <summary>${count(well.length, 'check')} passed, in words</summary>
            ${table(grouped(well))}
          </details>`,
        ]),
  ];
}

function grouped(all: readonly Found[]): Markup[][] {
  return likeFindings(all)
    .toSorted((a, b) => rank(a) - rank(b))
    .map((group) => {
      const [{ check, status, text, weight }] = group;
      const ways = [...new Set(group.map(({ via }) => WAY[via]))].filter(Boolean);
      const journal = [...new Set(group.flatMap(({ journal: lines = [] }) => lines))];
      const ports = [...new Set(group.map(({ port }) => port))];
      return [
        sign(status),
        html`<td class="ports">${ports.join(' ')}</td>`,
        key(check),
        html`<td>
          ${text}${ways.length === 0 ? '' : html` <span class="soft">(${ways.join(', ')})</span>`}
          ${weight && status !== 'pass' ? html`<p class="soft">${weightText(weight)}</p>` : ''}
          ${journal.map((words) => html`<p class="soft">log: ${words}</p>`)}
        </td>`,
      ];
    });
}

/** Audits are sorted by severity, other findings by their result. */
function rank([{ status, weight }]: readonly [Found, ...Found[]]): number {
  return weight ? -SEVERITIES.indexOf(weight.severity) : SEVERITY.indexOf(status);
}

function weightText({ severity, profile, settings, source }: NonNullable<Found['weight']>): string {
  const how = profile === null ? 'by hand' : `--profile ${profile}`;
  return `${severity} · ${[how, settings.join(', ')].filter(Boolean).join(': ')} (${source})`;
}

/** The keyboard can scroll it where it is wider than the page. */
function matrixTable(all: readonly Found[], host: string): Markup {
  const { ports, rows } = matrixOf(all);
  return html`<div class="wide" role="region" aria-label="${`Checks of ${host}, by port`}" tabindex="0">
    <table class="matrix">
      <thead>
        <tr>
          <th scope="col">check</th>
          ${ports.map((port) => html`<th scope="col">${port}</th>`)}
        </tr>
      </thead>
      <tbody>
        ${rows.map(
          ({ check, cells }) =>
            html`<tr>
              <th scope="row">${check}</th>
              ${cells.map((status) => (status === null ? html`<td></td>` : mark(status)))}
            </tr>`,
        )}
      </tbody>
    </table>
  </div>`;
}
