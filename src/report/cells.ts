/** Sections, tables and their cells on a host's part of the page. */
import { html, type Markup } from './markup.ts';

type Rows = readonly (readonly Markup[])[];

const SIGNS = {
  pass: ['✔', 'good'],
  ok: ['✔', 'good'],
  fail: ['✖', 'bad'],
  warn: ['!', 'news'],
  warning: ['!', 'news'],
  change: ['~', 'news'],
  unknown: ['?', 'soft'],
  skipped: ['-', 'soft'],
  hint: ['·', 'soft'],
  info: ['·', 'soft'],
} as const;

/** A sign with its word, for readers who do not see it. */
export function sign(status: keyof typeof SIGNS): Markup {
  const [text, look] = SIGNS[status];
  return html`<td class="sign ${look}"><span role="img" aria-label="${status}" title="${status}">${text}</span></td>`;
}

/** The same in a matrix. */
export function mark(status: keyof typeof SIGNS): Markup {
  const [text, look] = SIGNS[status];
  return html`<td class="${look}"><span role="img" aria-label="${status}" title="${status}">${text}</span></td>`;
}

export const key = (text: string): Markup => html`<td class="key">${text}</td>`;
export const mono = (text: string): Markup => html`<td class="mono">${text}</td>`;

/** A section with its heading; empty if there is no content. */
export function section(title: string, content: readonly Markup[]): Markup[] {
  return content.length === 0 ? [] : [html`<h2>${title}</h2>`, ...content];
}

export function table(rows: Rows): Markup[] {
  return rows.length === 0
    ? []
    : [
        html`<table>
          ${rows.map(
            (cells) =>
              html`<tr>
                ${cells}
              </tr>`,
          )}
        </table>`,
      ];
}
