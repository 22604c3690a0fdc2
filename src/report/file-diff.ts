/** One file's diff on the page. */
import { html, Markup } from './markup.ts';

/** @param open a new file stays folded: its path says enough */
export function fileDiff(path: string, text: string, open: boolean): Markup {
  const lines = text
    .trimEnd()
    .split('\n')
    .filter((line) => !/^(---|\+\+\+) /.test(line));
  const counted = (char: string): number => lines.filter((line) => line.startsWith(char)).length;
  return html`<details class="diff" ${new Markup(open ? 'open' : '')}>
    <summary>
      ${path}<span class="count"
        ><span class="good">+${counted('+')}</span> <span class="bad">&minus;${counted('-')}</span></span
      >
    </summary>
    <pre tabindex="0">${lines.map(diffLine)}</pre>
  </details>`;
}

function diffLine(line: string): Markup {
  const look = { '+': 'plus', '-': 'minus', '@': 'at' }[line[0] ?? ''] ?? '';
  return html`<span class="${look}">${line === '' ? ' ' : line}</span>`;
}
